"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from seqtasks.storage.atomic import PART, atomic_file


def test_a_file_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"old")
    with atomic_file(path) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["text"]


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "text"

    def fail() -> None:
        with atomic_file(path) as stream:
            stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert os.listdir(tmp_path) == []


def test_the_target_of_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"old")
    (tmp_path / "link").symlink_to("text")
    with atomic_file(tmp_path / "link") as stream:
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "text").read_bytes() == b"new"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    with atomic_file(pipe) as stream:
        stream.write(b"text")
    reader.join(10)
    assert received == [b"text"]
    assert pipe.is_fifo()


def test_a_pipe_without_a_name_is_written_to() -> None:
    end, beginning = os.pipe()
    try:
        with atomic_file(Path(f"/dev/fd/{beginning}")) as stream:
            stream.write(b"text")
        assert os.read(end, 10) == b"text"
    finally:
        os.close(end)
        os.close(beginning)


def test_what_a_killed_process_left_goes_an_hour_later_and_what_is_written_stays(tmp_path: Path) -> None:
    left, fresh = tmp_path / f"{PART}left", tmp_path / f"{PART}fresh"
    left.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(left, (0, 0))
    with atomic_file(tmp_path / "slow") as stream:
        [mine] = set(tmp_path.glob(f"{PART}*")) - {fresh}
        os.utime(mine, (0, 0))
        with atomic_file(tmp_path / "other") as other:
            other.write(b"other")
        stream.write(b"slow")
    assert sorted(os.listdir(tmp_path)) == [fresh.name, "other", "slow"]
    assert (tmp_path / "slow").read_bytes() == b"slow"
