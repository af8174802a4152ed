"""The keys of what commands write for programs to read; those of answers to inputs are pinned by `test_format1`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.program import Program

SCORE = ["metric", "value", "signature"]
LABEL = ["label", "precision", "recall", "f1", "expected", "found"]
WRITTEN = ["text", "score", "normalized_score", "tokens", "log_probabilities", "finished"]
MEASURED = ["model", "data", "split", "examples", "seconds", "decoding", "scores", "skipped"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "pairs.tsv").write_text("A dog runs.\tEin Hund rennt.\n", encoding="utf-8")
    (folder / "text.txt").write_text("To be, or not to be: that is the question.\n", encoding="utf-8")
    (folder / "reviews.tsv").write_text("label\ttext\npositive\tgood\nnegative\tbad\n", encoding="utf-8")
    words = [("A", "DET"), ("dog", "NOUN"), ("runs", "VERB")]
    rows = [f"{number}\t{word}\t_\t{label}\t_\t_\t_\t_\t_\t_\n" for number, (word, label) in enumerate(words, 1)]
    (folder / "words.conllu").write_text("".join([*rows, "\n"]), encoding="utf-8")
    return folder


def answer(seqtasks: Program, *words: str | Path) -> dict[str, Any]:
    result = seqtasks(*words)
    assert result.code == 0, result.err
    found = json.loads(result.out.splitlines()[0])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("model", "data", "more"),
    [
        ("en-de", "pairs.tsv", []),
        ("shakespeare", "text.txt", []),
        ("pos-en", "words.conllu", ["labels"]),
        ("sentiment", "reviews.tsv", ["labels", "confusion"]),
    ],
)
def test_evaluate(seqtasks: Program, files: Path, model: str, data: str, more: list[str]) -> None:
    found = answer(seqtasks, "evaluate", model, files / data, "--json")
    assert list(found) == MEASURED + more
    assert list(found["scores"][0]) == SCORE
    if "labels" in more:
        assert list(found["labels"][0]) == LABEL
    if "confusion" in more:
        assert list(found["confusion"]) == ["labels", "counts"]


def test_score(seqtasks: Program, files: Path) -> None:
    found = answer(seqtasks, "score", "en-de", files / "pairs.tsv", "--json")
    assert list(found) == ["source", "target", "score", "normalized_score", "tokens", "log_probabilities"]


def test_an_explanation(seqtasks: Program, files: Path) -> None:
    found = answer(seqtasks, "classify", "--text", "A good film.", "--json", "--explain")
    assert list(found) == ["label", "probability", "labels", "probabilities", "unknown", "parts", "explanation"]
    assert list(found["explanation"]) == ["label", "method", "log_odds", "hidden_log_odds", "words"]
    assert [word for word, _ in found["explanation"]["words"]] == ["A", " good", " film."]


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["translate", "--text", "A dog."], ["source", *WRITTEN, "repetitive", "unknown", "parts", "alternatives"]),
        (["generate", "--prompt", "A", "--max-new-tokens", "3"], ["prompt", *WRITTEN, "unknown"]),
        (["tag", "--text", "A dog."], ["words", "labels", "confidences", "unknown", "parts"]),
        (["classify", "--text", "Good."], ["label", "probability", "labels", "probabilities", "unknown", "parts"]),
        (
            ["tag", "--text", "A dog.", "--output-format", "jsonl"],
            ["words", "labels", "confidences", "unknown", "parts"],
        ),
    ],
)
def test_answers(seqtasks: Program, words: list[str], keys: list[str]) -> None:
    asked = words if "--output-format" in words else [*words, "--json"]
    found = answer(seqtasks, *asked)
    assert list(found) == keys
    assert found["unknown"] == []


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        (["translate", "--json", "--text", "I live in 北京, she in Łódź 😀."], ["北京", "Łódź", "😀"]),
        (["generate", "--json", "--max-new-tokens", "3", "--prompt", "ROMEO: Łódź 1"], ["Łódź", "1"]),
        (["classify", "--json", "--text", "A good film in 北京 😀."], ["北京", "😀"]),
        (["tag", "--output-format", "jsonl", "--text", "I live in 北京 with 😀."], ["北京", "😀"]),
        (["tag", "--output-format", "jsonl", "--text", "Zyxwvut runs."], []),  # its characters are known
    ],
)
def test_what_a_model_does_not_know_is_told(seqtasks: Program, words: list[str], unknown: list[str]) -> None:
    assert answer(seqtasks, *words)["unknown"] == unknown
