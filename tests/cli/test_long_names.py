"""A sentence that is given in place of a file has a name that no file can have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers.program import Program

LONG = "a" * 300


@pytest.mark.parametrize(
    "command",
    [
        ["train", LONG],
        ["train", "translation", f"{LONG}.tsv"],
        ["train", "captioning", LONG],
        ["train", "tagging", f"{LONG}.conllu"],
        ["train", "classification", f"{LONG}.csv"],
        ["train", "language-modeling", f"{LONG}.txt"],
        ["train", "tagging", "x.conllu", "--code", f"{LONG}.py"],
        ["train", "tagging", "x.conllu", "--output", LONG],
        ["translate", "-m", LONG],
        ["translate", f"{LONG}.txt"],
        ["translate", "-m", "{model}", "--text", "a", "--output", LONG],
        ["caption", f"{LONG}.png"],
        ["caption", f"{LONG}.mp4"],
        ["classify", f"{LONG}.txt"],
        ["evaluate", "{model}", f"{LONG}.tsv"],
        ["score", "{model}", f"{LONG}.tsv"],
        ["info", LONG],
        ["export", LONG, "--format", "onnx"],
    ],
)
def test_it_is_told_in_a_sentence(
    seqtasks: Program, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = seqtasks(*(word.format(model=model) for word in command))
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("seqtasks: ")
    assert not os.listdir(tmp_path)
