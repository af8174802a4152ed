"""Text that commands read: files, standard input, the command line."""

from __future__ import annotations

import io
import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from helpers.program import Program

from seqtasks.cli.input import open_inputs
from seqtasks.errors import SeqtasksError


def contents(files: list[Path], text: str | None = None) -> list[bytes]:
    with ExitStack() as stack:
        return [stream.read() for stream in open_inputs(files, [] if text is None else [text], stack)]


def test_files_in_their_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_text(f"{name}\n", encoding="utf-8")
    assert contents([tmp_path / "b", tmp_path / "a"]) == [b"b\n", b"a\n"]


def test_files_are_closed_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a\n", encoding="utf-8")
    with ExitStack() as stack:
        [stream] = open_inputs([tmp_path / "a"], [], stack)
    with pytest.raises(ValueError, match="closed"):
        stream.read()


@pytest.mark.parametrize("files", [[], [Path("-")]])
def test_standard_input(monkeypatch: pytest.MonkeyPatch, files: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("größer\n".encode())))
    assert contents(files) == ["größer\n".encode()]
    assert capsys.readouterr().err == ""


def test_who_types_is_told_how_to_end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(b""))
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", terminal)
    contents([])
    assert "Ctrl-D" in capsys.readouterr().err


def test_a_text_is_one_line() -> None:
    """What is no UTF-8 on the command line comes in as the bytes that it was."""
    assert contents([], "A dog.\nIt runs.") == [b"A dog. It runs.\n"]
    assert contents([], b"gr\xf6\xdfer".decode(errors="surrogateescape")) == [b"gr\xf6\xdfer\n"]


def test_a_missing_file_is_told_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a\n", encoding="utf-8")
    with pytest.raises(SeqtasksError, match="missing cannot be read: No such file"):
        contents([tmp_path / "a", tmp_path / "missing"])


def test_a_command_reads_files_and_standard_input_alike(seqtasks: Program, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("A good film.\n", encoding="utf-8")
    told = [
        seqtasks("tag", tmp_path / "file", "--output-format", "jsonl"),
        seqtasks("tag", "--output-format", "jsonl", stdin=b"A good film.\n"),
        seqtasks("tag", "--output-format", "jsonl", stdin=b"\xef\xbb\xbfA good film.\r\n"),
    ]
    assert [json.loads(result.out)["words"] for result in told] == [["A", "good", "film", "."]] * 3
