"""Results of batches: each appears whole under its key, on a disk and in an object store."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.storage import directory_lock
from seqtasks.storage.batch_results import BatchResult, open_result_store

RESULT = BatchResult(["Hund", "", "\udcff"], Counter({"cut": 2, "unknown": 0}), ["a message"], failed=1)


@pytest.mark.parametrize("where", ["disk", "memory"])
def test_what_is_written_is_read(where: str, tmp_path: Path) -> None:
    output = tmp_path / "out.txt" if where == "disk" else Path(f"memory://bucket{tmp_path}/out.txt")
    store = open_result_store(output)
    assert store.keys() == set()
    store.write("a1", RESULT)
    store.write("b2", BatchResult(["Katze"]))
    again = open_result_store(output)
    assert again.keys() == {"a1", "b2"}
    assert again.read("a1") == RESULT
    again.remove()
    assert (store.keys(), list(tmp_path.iterdir())) == (set(), [])
    again.remove()


def test_what_is_half_written_is_no_result(tmp_path: Path) -> None:
    store = open_result_store(tmp_path / "out.txt")
    store.write("a1", RESULT)
    (tmp_path / "out.txt.parts" / ".seqtasks-part-x").write_text("{", encoding="utf-8")
    assert store.keys() == {"a1"}


def test_results_are_joined_in_their_order() -> None:
    assert BatchResult.joined([RESULT, BatchResult(["x"], Counter({"cut": 1}), ["other"], failed=2)]) == BatchResult(
        ["Hund", "", "\udcff", "x"], Counter({"cut": 3, "unknown": 0}), ["a message", "other"], failed=3
    )


def test_one_job_at_a_time_writes_an_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_lock, "PATIENCE", 0.1)
    store, second = open_result_store(tmp_path / "out.txt"), open_result_store(tmp_path / "out.txt")
    told = rf"Another job is writing .*out\.txt: process {os.getpid()} on"
    with store.lock():
        store.write("a1", RESULT)
        with pytest.raises(SeqtasksError, match=told), second.lock():
            pass
        assert store.keys() == {"a1"}
        store.remove()
    assert list(tmp_path.iterdir()) == []
    with second.lock():
        pass
    assert list(tmp_path.iterdir()) == []
