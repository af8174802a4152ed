"""Items that cannot be processed are found by halving: those beside them have their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

Result = TypeVar("Result")


def process_by_halves(
    span: range, process: Callable[[range], Result], failed: Callable[[range, Exception], Result]
) -> Iterator[Result]:
    """Processes a span of items; where that fails, its halves are tried, down to the items that fail.

    Args:
        span: The places of the items.
        process: Gives the result of a span, or raises an exception.
        failed: Gives the result of a span that cannot be divided and has failed.

    Yields:
        The results of consecutive spans.
    """
    try:
        result = process(span)
    except Exception as error:
        if len(span) > 1:
            half = len(span) // 2
            yield from process_by_halves(span[:half], process, failed)
            yield from process_by_halves(span[half:], process, failed)
            return
        result = failed(span, error)
    yield result
