"""What an evaluation leaves out stands in its result, by reason, and in its exit code; nothing left is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.program import Program
from helpers.squares import write_squares

from seqtasks import evaluate

LINES = {
    "sentiment": ("a.csv", "text,label\ngood film,positive\nbad one,\n,negative\nterrible,negative\n", 2),
    "en-de": ("a.tsv", "A dog.\tEin Hund.\nbroken\nA cat.\tEine Katze.\n", 1),
    "pos-en": ("a.conllu", "1\tA\t_\tDET" + "\t_" * 6 + "\n\n1\tb\n\n", 1),
}


@pytest.mark.parametrize("model", LINES)
def test_what_is_left_out_stands_in_the_result(model: str, seqtasks: Program, tmp_path: Path) -> None:
    name, content, count = LINES[model]
    (tmp_path / name).write_text(content, encoding="utf-8")
    shown = seqtasks("evaluate", model, tmp_path / name)
    assert shown.code == 1
    assert f"excluded from the scores: {count}: 1 " in shown.out
    assert f"{name}:" in shown.out
    assert shown.err.startswith(f"seqtasks: skipped {count} of ")
    found = seqtasks("evaluate", model, tmp_path / name, "--json")
    assert found.code == 1
    skipped = json.loads(found.out)["skipped"]
    assert skipped["examples"] == sum(each["count"] for each in skipped["reasons"]) == count
    assert all(name in place for each in skipped["reasons"] for place in each["places"])
    told: list[str] = []
    evaluation = evaluate(model, tmp_path / name, threads=1, warn=told.append)
    assert (evaluation.skipped_examples, len(told)) == (count, 1)


def test_nothing_left_out_is_told_too(seqtasks: Program, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\ngood film,positive\nterrible,negative\n", encoding="utf-8")
    found = seqtasks("evaluate", "sentiment", tmp_path / "a.csv", "--json")
    assert (found.code, found.err) == (0, "")
    assert json.loads(found.out)["skipped"] == {"examples": 0, "reasons": []}
    assert "left out" not in seqtasks("evaluate", "sentiment", tmp_path / "a.csv").out


def test_images_that_are_missing_or_broken(seqtasks: Program, tmp_path: Path) -> None:
    folder = write_squares(
        tmp_path, [(f"{number}.png", color) for number, color in enumerate(("red", "blue", "green"))]
    )
    (folder / "1.png").write_bytes(b"")
    names = ["0.png", "1.png", "2.png", "missing.png"]
    (folder / "captions.csv").write_text(
        "image,caption\n" + "".join(f"{name},A red square.\n" for name in names), encoding="utf-8"
    )
    found = seqtasks("evaluate", "captions", folder, folder / "captions.csv", "--json", "--beam-size", "1")
    assert found.code == 1
    parsed = json.loads(found.out)
    assert parsed["examples"] == 2
    assert {each["reason"]: each["count"] for each in parsed["skipped"]["reasons"]} == {"missing": 1, "broken": 1}


@pytest.mark.parametrize(
    ("model", "name", "content"),
    [
        ("sentiment", "a.csv", "text,label\n"),
        ("sentiment", "a.csv", ""),
        ("sentiment", "a.jsonl", '{"text": "good", "label": null}\n'),
        ("en-de", "a.tsv", ""),
        ("pos-en", "a.conllu", ""),
        ("shakespeare", "a.txt", "\n\n"),
    ],
)
def test_nothing_to_evaluate_on_names_the_file(
    model: str, name: str, content: str, seqtasks: Program, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    result = seqtasks("evaluate", model, tmp_path / name)
    assert (result.code, result.out) == (1, "")
    assert f"to evaluate on in {tmp_path / name}" in result.err or f"{tmp_path / name}: " in result.err


@pytest.mark.parametrize("command", ["evaluate", "score"])
def test_three_pairs_are_enough_to_see_that_their_sides_are_swapped(
    command: str, seqtasks: Program, tmp_path: Path
) -> None:
    pairs = [
        ("The dog is asleep.", "Der Hund schläft."),
        ("I read a book.", "Ich lese ein Buch."),
        ("It is cold today.", "Heute ist es sehr kalt."),
    ]
    for name, rows in (("right.tsv", pairs), ("swapped.tsv", [(target, source) for source, target in pairs])):
        (tmp_path / name).write_text("".join(f"{source}\t{target}\n" for source, target in rows), encoding="utf-8")
        result = seqtasks(command, "en-de", tmp_path / name)
        swapped = name == "swapped.tsv"
        assert result.code == 0
        assert ("the source texts look like German, not English" in result.err) == swapped
        assert ("look like" in result.err) == swapped
