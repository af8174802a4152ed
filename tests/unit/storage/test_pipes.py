"""Pipes in the place of files."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from seqtasks.data.text_io import read_lines
from seqtasks.errors import SeqtasksError
from seqtasks.image.loading import ImageError, open_image
from seqtasks.storage import pipes
from seqtasks.storage.pipes import open_readable


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pipes, "PATIENCE", 0.3)
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_what_is_written_into_it_is_read(pipe: Path) -> None:
    thread = threading.Timer(0.1, lambda: pipe.write_text("one\ntwo\n"))
    thread.start()
    assert list(read_lines(pipe)) == ["one", "two"]
    thread.join()


def test_a_pipe_of_a_shell_is_read() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"text")
    os.close(writing)
    with open_readable(f"/dev/fd/{reading}") as stream:
        assert stream.read() == b"text"
    os.close(reading)


def test_a_pipe_that_nobody_writes_into_is_refused(pipe: Path) -> None:
    for read in (open_readable, lambda path: list(read_lines(path))):
        with pytest.raises(SeqtasksError, match="pipe is a pipe that nothing is written to"):
            read(pipe)
    with pytest.raises(ImageError, match="that nothing is written to"):
        open_image(pipe)
