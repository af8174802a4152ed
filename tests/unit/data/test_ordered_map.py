from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from seqtasks.data.ordered_map import PREFETCH, ordered_map
from seqtasks.errors import SeqtasksError


def square(number: int) -> tuple[int, int]:
    time.sleep(0.002 * (number % 3))
    return number * number, os.getpid()


def killed(number: int) -> int:
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def broken(number: int) -> float:
    return 1 / (number - 7)


@pytest.mark.parametrize("processes", [0, 1, 3])
@pytest.mark.parametrize("few", [0, 4, 100])
def test_results_come_in_order(processes: int, few: int) -> None:
    found = list(ordered_map(square, range(40), processes=processes, few=few))
    assert [result for result, _ in found] == [number * number for number in range(40)]
    here = [process for _, process in found].count(os.getpid())
    assert here == (40 if processes == 0 else min(few, 40))


def test_items_are_taken_as_they_are_needed() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(1_000):
            taken.append(number)
            yield number

    results = ordered_map(square, items(), processes=2, few=1)
    next(results)
    assert len(taken) == 1
    next(results)
    assert len(taken) <= 2 + 2 * PREFETCH
    results.close()
    assert len(taken) < 50


def test_a_process_that_is_killed() -> None:
    with pytest.raises(SeqtasksError, match="died"):
        list(ordered_map(killed, range(40), processes=2, few=1))


def test_an_error_of_the_function_is_that_of_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(broken, range(40), processes=2, few=1))


def test_an_error_of_the_items_is_that_of_the_caller() -> None:
    def items() -> Iterator[int]:
        yield from range(10)
        raise SeqtasksError("broken", "")

    with pytest.raises(SeqtasksError, match="broken"):
        list(ordered_map(square, items(), processes=2, few=1))
