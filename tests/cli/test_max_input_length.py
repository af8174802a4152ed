"""Long texts on the command line: `--max-input-length` of each command, and what is told of texts that are too long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.program import Program, Result

TOLD = "seqtasks: texts that were too long to be read at once and were read in parts (see --max-input-length): 1\n"
SENTENCES = "A dog runs in the park. Two women sing a song."
LIMIT = ["--max-input-length", "8"]


def answer(result: Result) -> dict[str, Any]:
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert isinstance(found, dict)
    return found


def test_translate(seqtasks: Program) -> None:
    greedy = ["translate", "--json", "--beam-size", "1", "--text"]
    parts = ["A dog runs in the park.", "Two women sing a song."] * 2
    texts = [answer(seqtasks(*greedy, each))["text"] for each in parts[:2]] * 2
    found = answer(seqtasks(*greedy, " ".join(parts), "--max-input-length", "20"))
    assert (found["parts"], found["text"]) == (4, " ".join(texts))
    assert answer(seqtasks(*greedy, " ".join(parts), "--no-split"))["parts"] == 1


def test_classify(seqtasks: Program) -> None:
    whole = seqtasks("classify", "--json", "--text", SENTENCES)
    assert (answer(whole)["parts"], whole.err) == (1, "")
    found = seqtasks("classify", "--json", "--text", SENTENCES, *LIMIT)
    assert (answer(found)["parts"], found.err) == (3, TOLD)  # they overlap


def test_tag(seqtasks: Program, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A dog and a cat run in the park today .\nA dog runs .\n", encoding="utf-8")
    tag = ["tag", tmp_path / "a.txt", "--pretokenized", "--output-format", "jsonl"]
    found = seqtasks(*tag, *LIMIT)
    assert [json.loads(line)["parts"] for line in found.out.splitlines()] == [2, 1]
    assert (found.code, found.err) == (0, TOLD)
    assert seqtasks(*tag).err == ""


@pytest.mark.parametrize(
    ("model", "name", "content"),
    [
        ("en-de", "a.tsv", f"{SENTENCES}\tEin Hund rennt im Park. Zwei Frauen singen ein Lied.\n"),
        ("sentiment", "a.csv", f'text,label\n"{SENTENCES}",positive\n'),
        ("pos-en", "a.conllu", "".join(f"{n}\ta\t_\tDET{chr(9)}{chr(9).join('_' * 6)}\n" for n in range(1, 12)) + "\n"),
    ],
    ids=["translation", "classification", "tagging"],
)
def test_evaluate(seqtasks: Program, tmp_path: Path, model: str, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    found = answer(seqtasks("evaluate", model, tmp_path / name, "--json", *LIMIT))
    assert found["decoding"].endswith("|max_input_length=8")
    assert found["examples"] == 1
    whole = answer(seqtasks("evaluate", model, tmp_path / name, "--json"))
    assert "max_input_length" not in whole["decoding"]


def test_where_it_says_nothing_it_is_refused(seqtasks: Program, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("To be, or not to be.\n", encoding="utf-8")
    refused = seqtasks("evaluate", "shakespeare", tmp_path / "a.txt", *LIMIT)
    assert (refused.code, "--max-input-length" in refused.err) == (2, True)
    assert "does not apply" in " ".join(refused.err.split())


def test_score_leaves_out_what_is_too_long(seqtasks: Program, tmp_path: Path) -> None:
    lines = ["A dog.\tEin Hund.", f"{SENTENCES}\tEin Hund.", f"A dog.\t{SENTENCES}", "A cat.\tEine Katze."]
    (tmp_path / "a.tsv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    found = seqtasks("score", "en-de", tmp_path / "a.tsv", "--json", *LIMIT)
    assert [json.loads(line)["source"] for line in found.out.splitlines()] == ["A dog.", "A cat."]
    assert found.code == 1
    assert "2 pairs with too many tokens to score" in found.err
    assert seqtasks("score", "en-de", tmp_path / "a.tsv").code == 0


def test_a_long_text_is_classified_and_not_explained(seqtasks: Program) -> None:
    found = seqtasks("classify", "--json", "--explain", "--text", SENTENCES, "--text", "Good.", *LIMIT)
    long, short = map(json.loads, found.out.splitlines())
    assert ("explanation" in long, "explanation" in short) == (False, True)
    assert found.code == 1
    assert "a document is not explained: A text of 46 characters is too long to explain" in found.err
