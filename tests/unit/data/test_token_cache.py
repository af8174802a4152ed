"""Token ids that stay on disk."""

from __future__ import annotations

import errno
import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqtasks.data import token_cache
from seqtasks.data.token_cache import TokenCache


def lists(found: Sequence[Any]) -> list[list[int] | None]:
    return [None if ids is None else ids.tolist() for ids in found]


@pytest.mark.parametrize("size", [65_536, 70_000])
def test_what_was_put_is_found_again_by_another_process(tmp_path: Path, size: int) -> None:
    cache = TokenCache(tmp_path / "new", 5, size)
    assert lists(cache.get(np.arange(5))) == [None] * 5
    cache.put(np.array([3, 1]), [[7, size - 1], [4]])
    cache.put(np.array([0]), [list(range(1_000))])
    again = TokenCache(tmp_path / "new", 5, size)
    assert lists(again.get(np.array([1, 2, 3, 0]))) == [[4], None, [7, size - 1], list(range(1_000))]
    assert (tmp_path / "new" / "tokens.bin").stat().st_size == 1_003 * (2 if size <= 2**16 else 4) + 3 * 4


def test_an_empty_sequence_is_not_kept(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path, 2, 100)
    cache.put(np.array([0, 1]), [[], [5]])
    assert lists(cache.get(np.arange(2))) == [None, [5]]


def test_a_damaged_record_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path, 3, 100)
    cache.put(np.arange(3), [[10, 11], [12, 13], [14, 15]])
    content = bytearray((tmp_path / "tokens.bin").read_bytes())
    content[-1] ^= 1
    content[4] ^= 1
    (tmp_path / "tokens.bin").write_bytes(content[:-2] + content[-2:])
    assert lists(TokenCache(tmp_path, 3, 100).get(np.arange(3))) == [None, [12, 13], None]


def test_a_file_that_was_cut_off_is_as_if_its_end_were_not_there(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path, 2, 100)
    cache.put(np.arange(2), [[10, 11], [12, 13]])
    os.truncate(tmp_path / "tokens.bin", 11)
    again = TokenCache(tmp_path, 2, 100)
    assert lists(again.get(np.arange(2))) == [[10, 11], None]
    again.put(np.array([1]), [[12, 13]])
    assert lists(again.get(np.arange(2))) == [[10, 11], [12, 13]]


def fill(folder: Path, start: int) -> None:
    cache = TokenCache(folder, 2_000, 10_000)
    for number in range(start, 2_000, 4):
        numbers = np.array([number, (number + 1) % 2_000])
        cache.put(numbers, [[int(each) + 4] * (1 + int(each) % 7) for each in numbers])


def test_processes_that_write_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=fill, args=(tmp_path, start)) for start in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    found = lists(TokenCache(tmp_path, 2_000, 10_000).get(np.arange(2_000)))
    assert found == [[number + 4] * (1 + number % 7) for number in range(2_000)]


def test_a_full_disk_is_told_once_and_costs_nothing_but_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = TokenCache(tmp_path, 3, 100)
    cache.put(np.array([0]), [[5]])

    def refuse(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(token_cache.os, "write", refuse)
    with pytest.warns(UserWarning, match="the disk is full.*data.cache_dir"):
        cache.put(np.array([1]), [[6]])
    cache.put(np.array([2]), [[7]])
    assert lists(cache.get(np.arange(3))) == [[5], None, None]
