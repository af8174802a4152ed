"""Files, texts or standard input: what is unclear is an error that says how to make it clear."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
import typer

from seqtasks.cli.input import STANDARD_INPUT, files_or_texts, open_inputs
from seqtasks.errors import SeqtasksError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("input.txt", "no suffix", "What?"):
        (tmp_path / name).write_text("a\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "argument",
    ["How are you?", "A dog runs", "Hello!", "你好吗？", "It costs 2.50", " ".join(["word"] * 500), "Wait...", "a\tb"],
)
def test_what_is_no_file_and_reads_like_a_sentence_is_text(argument: str) -> None:
    assert files_or_texts([argument], []) == ([], [argument])


@pytest.mark.parametrize("argument", ["input.txt", "no suffix", "What?", "-", "./input.txt"])
def test_what_exists_is_a_file_whatever_its_name(argument: str) -> None:
    assert files_or_texts([argument], []) == ([Path(argument)], [])


@pytest.mark.parametrize(
    "argument", ["missing.txt", "my missing file.txt", "nowhere/file", "Hello", "and/or what?", "corpus.en", ""]
)
def test_what_is_unclear_is_an_error_that_names_the_option(argument: str) -> None:
    with pytest.raises(SeqtasksError, match="cannot be read: No such file or directory") as told:
        files_or_texts([argument], [])
    assert "--text" in told.value.hint


def test_texts_and_files_exclude_each_other() -> None:
    assert files_or_texts([], ["missing.txt"]) == ([], ["missing.txt"])
    assert files_or_texts(["One two."], ["Three four.", "Five."]) == ([], ["One two.", "Three four.", "Five."])
    for arguments, text in ((["input.txt", "How are you?"], []), (["input.txt"], ["a"]), (["-"], ["a"])):
        with pytest.raises(typer.BadParameter, match="either files or text"):
            files_or_texts(arguments, text)


def test_which_argument_was_taken_for_a_file_is_told() -> None:
    with pytest.raises(typer.BadParameter, match=r"'Two men <b>talk</b>\.' was taken for a file, 'A dog\.' for text"):
        files_or_texts(["A dog.", "Two men <b>talk</b>."], [])


def test_each_text_is_a_line() -> None:
    with ExitStack() as stack:
        [stream] = open_inputs([], ["How are\nyou?", "Fine."], stack)
        assert stream.read() == b"How are you?\nFine.\n"
        streams = open_inputs([Path("input.txt"), STANDARD_INPUT], [], stack)
        assert (len(streams), streams[0].read()) == (2, b"a\n")
