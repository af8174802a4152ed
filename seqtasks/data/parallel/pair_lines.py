"""Pairs of which each is a line of its own, so that lines may be read here and taken apart elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from seqtasks.data.examples import Pair, ReadReport

Line = tuple[int, Any]
"""A number, from 1, and a line; or lines that belong together."""
Parse = Callable[[Iterable[Line], ReadReport], Iterator[Pair]]
"""Takes the pairs out of lines; it can be pickled."""


class PairLines(Iterator[Pair]):
    """The pairs in a stream of lines. Whoever takes lines out of `lines` leaves the others here.

    Args:
        lines: All lines.
        parse: What takes them apart; each for itself, so that parts of the lines give parts of the pairs.
        skipped: Counts what is left out.
    """

    def __init__(self, lines: Iterator[Line], parse: Parse, skipped: ReadReport) -> None:
        self.lines = lines
        self.parse = parse
        self.pairs = parse(lines, skipped)

    def __next__(self) -> Pair:
        return next(self.pairs)
