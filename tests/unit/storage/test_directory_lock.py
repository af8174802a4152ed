"""Two programs do not write into one directory, and what killed ones left there is removed."""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.storage import directory_lock
from seqtasks.storage.atomic import PART, remove_directory
from seqtasks.storage.directory_lock import LOCK


def lock_directory(directory: Path) -> AbstractContextManager[None]:
    return directory_lock.lock_directory(directory, f"Another job is writing into {directory}", "Wait for it.")


def hold(directory: Path, held: Connection) -> None:
    with lock_directory(directory):
        held.send(os.getpid())
        signal.pause()


def test_a_second_program_is_told_who_writes_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_lock, "PATIENCE", 0.1)
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=hold, args=(tmp_path / "run", theirs), daemon=True)
    process.start()
    holder = ours.recv()
    told = rf"Another job is writing into .*run: process {holder} on"
    with pytest.raises(SeqtasksError, match=told), lock_directory(tmp_path / "run"):
        pass
    process.kill()
    process.join()
    with lock_directory(tmp_path / "run"):
        assert (tmp_path / "run" / LOCK).read_text(encoding="utf-8").startswith(f"process {os.getpid()} on")


def test_what_killed_programs_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / f"{PART}abc").mkdir()
    (tmp_path / f"{PART}abc" / "model.safetensors").touch()
    (tmp_path / f"{PART}def").touch()
    (tmp_path / "step-3").mkdir()
    with lock_directory(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == [LOCK, "step-3"]


def test_a_directory_is_removed_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while its files go, a checkpoint stands under its name no longer."""
    (tmp_path / "step-3").mkdir()
    (tmp_path / "step-3" / "bundle.json").touch()
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda path: None)
        remove_directory(tmp_path / "step-3")
    assert [path.name.startswith(PART) for path in tmp_path.iterdir()] == [True]
    with lock_directory(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SeqtasksError, match="cannot be written"), lock_directory(tmp_path / "file" / "run"):
        pass


def test_who_writes_nothing_leaves_nothing(tmp_path: Path) -> None:
    with lock_directory(tmp_path / "a" / "run"):
        pass
    assert list(tmp_path.iterdir()) == []
