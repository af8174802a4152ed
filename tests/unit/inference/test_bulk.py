"""Bulk inference gives what single calls give, in order, in constant memory, with and without worker processes."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from helpers.processes import children, left_after

from seqtasks.errors import SeqtasksError
from seqtasks.inference.base import Pipeline
from seqtasks.inference.bulk import (
    Batch,
    batched,
    caption_stream,
    classify_stream,
    map_batches,
    tag_stream,
    translate_batch,
    translate_stream,
)


class Echo(Pipeline):
    """Answers with what it was asked, and remembers nothing; stands for the pipeline of any task."""

    def __init__(self) -> None:
        super().__init__([])

    def translate(
        self, texts: list[str], *, prefixes: list[str] | None = None, first_number: int = 0, **options: Any
    ) -> list[Any]:
        starts = prefixes or [""] * len(texts)
        return [
            (first_number + place, start + text, options)
            for place, (text, start) in enumerate(zip(texts, starts, strict=True))
        ]

    def iter_captions(self, images: list[str], *, first_number: int = 0, **options: Any) -> Iterator[Any]:
        for place, image in enumerate(images):
            yield first_number + place, image, options

    def tag(self, sentences: list[str]) -> list[str]:
        return [sentence.upper() for sentence in sentences]

    __call__ = tag


def process_id(pipeline: object, batch: Batch[int]) -> tuple[int, int]:
    """Which process worked on the batch, and which one made the pipeline."""
    return os.getpid(), pipeline() if callable(pipeline) else pipeline  # type: ignore[return-value]


def total(pipeline: int, batch: Batch[int]) -> int:
    return pipeline + sum(batch.items)


def die(pipeline: object, batch: Batch[int]) -> None:
    os._exit(9)


def test_items_come_in_batches_that_know_their_place() -> None:
    found = list(batched(iter("abcdefg"), 3))
    assert [(batch.first, batch.items) for batch in found] == [(0, ["a", "b", "c"]), (3, ["d", "e", "f"]), (6, ["g"])]
    assert list(batched([], 3)) == []


@pytest.mark.parametrize("num_workers", [1, 3])
def test_results_stand_beside_their_batches_in_order(num_workers: int) -> None:
    found = list(map_batches(total, 1_000, batched(range(100), 7), num_workers=num_workers))
    assert [item for batch, _ in found for item in batch.items] == list(range(100))
    assert [result for _, result in found] == [1_000 + sum(batch.items) for batch, _ in found]


def test_workers_are_other_processes_and_each_loads_what_a_function_loads() -> None:
    found = [result for _, result in map_batches(process_id, os.getpid, batched(range(8), 1), num_workers=2)]
    assert all(worked == loaded != os.getpid() for worked, loaded in found)
    shared = [result for _, result in map_batches(process_id, os.getpid(), batched(range(4), 1), num_workers=2)]
    assert all(loaded == os.getpid() != worked for worked, loaded in shared)


@pytest.mark.parametrize(("num_workers", "ahead"), [(1, 1), (2, 4)])
def test_no_more_is_read_than_is_worked_on(num_workers: int, ahead: int) -> None:
    read = []

    def endless() -> Iterator[int]:
        for number in range(1_000_000):
            read.append(number)
            yield number

    results = map_batches(total, 0, batched(endless(), 10), num_workers=num_workers)
    next(results)
    assert len(read) == 10 * ahead
    results.close()


def test_what_came_before_a_pause_is_answered_first() -> None:
    read = []

    def batches() -> Iterator[Batch[int]]:
        for number in range(3):
            read.append(number)
            yield Batch(number, [number], pause=number == 0)

    results = map_batches(total, 0, batches(), num_workers=2)
    assert next(results)[1] == 0
    assert read == [0]
    assert [result for _, result in results] == [1, 2]


def test_a_worker_that_dies_is_reported_and_other_processes_are_left_alone() -> None:
    other = multiprocessing.get_context("fork").Process(target=multiprocessing.Event().wait, daemon=True)
    other.start()
    with pytest.raises(SeqtasksError, match="A worker process died"):
        list(map_batches(die, 0, batched(range(3), 1), num_workers=2))
    assert other.is_alive()
    other.kill()
    other.join()


KILLED = """
import os, signal, time
from seqtasks.inference.bulk import Batch, map_batches

def work(pipeline, batch):
    time.sleep(batch.items[0])
    return os.getpid()

for _, process in map_batches(work, 0, (Batch(0, [seconds]) for seconds in (0, 0, 60, 60, 60, 60, 60)), num_workers=2):
    print(process, flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see processes")
def test_workers_end_by_themselves_where_their_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        workers = children(parent.pid)
        parent.kill()
    assert len(workers) == 2
    assert not left_after(10, workers)


@pytest.mark.parametrize("num_workers", [1, 2])
@pytest.mark.parametrize("pipeline", [Echo(), Echo])
def test_streams_of_all_tasks(num_workers: int, pipeline: Any) -> None:
    items = [f"item {number}" for number in range(1_234)]
    answers = [(number, item, {"beam_size": 2}) for number, item in enumerate(items)]
    assert list(translate_stream(pipeline, iter(items), num_workers=num_workers, beam_size=2)) == answers
    assert list(caption_stream(pipeline, iter(items), num_workers=num_workers, beam_size=2)) == answers
    assert list(tag_stream(pipeline, iter(items), num_workers=num_workers)) == [item.upper() for item in items]
    assert list(classify_stream(pipeline, iter(items), num_workers=num_workers)) == [item.upper() for item in items]


def test_a_tab_separates_the_beginning_of_the_translation() -> None:
    process = partial(translate_batch, options={}, target_prefix=True)
    [(_, results)] = map_batches(process, Echo(), [Batch(5, ["text\tbegin ", "other"])])  # type: ignore[arg-type]
    assert results == [(5, "begin text", {}), (6, "other", {})]
