"""A scaling curve: what was measured at each point, in turns, and how it grows from one point to the next."""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Key = tuple[str, float]
"""A line's name and where on the horizontal axis."""
Work = Callable[[], float]
"""Does something and tells how much of it: sentences, target tokens."""


@dataclass(frozen=True)
class Point:
    """The median of the rounds; `exponent` p says that y grew as x to the power of p since the point before."""

    x: float
    median: float
    lowest: float
    highest: float
    exponent: float | None
    also: float | None = None
    """The curve's other measure, where it has one."""


@dataclass(frozen=True)
class Curve:
    """Lines of one picture."""

    name: str
    title: str
    x: str
    y: str
    ideal: int
    """The exponent of growth in proportion."""
    lines: dict[str, list[Point]]
    remark: str
    """What one has to know to read it."""
    setup: dict[str, Any]
    also: str | None = None

    def as_plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Curve:
        lines = {name: [Point(**point) for point in points] for name, points in values["lines"].items()}
        return cls(**{**values, "lines": lines})


def measure(
    name: str, works: Mapping[Key, Work], rounds: int, warm: Mapping[Key, Work] | None = None
) -> dict[Key, list[float]]:
    """How much a second, of every point in turn, round by round; one of `warm`, else of the same, does not count."""
    speeds: dict[Key, list[float]] = {key: [] for key in works}
    for number in range(rounds + 1):
        for key, work in (works if number or warm is None else warm).items():
            started = time.perf_counter()
            amount = work()
            seconds = time.perf_counter() - started
            if number:
                speeds[key].append(amount / seconds)
            label = f"round {number} of {rounds}" if number else "does not count"
            print(f"{name}, {label}: {key[0]} at {key[1]:g}: {seconds:.2f} s", file=sys.stderr, flush=True)
    return speeds


def lines_of(
    values: Mapping[Key, Sequence[float]], also: Callable[[Key, float], float] | None = None
) -> dict[str, list[Point]]:
    """The points of each line, in the order of the horizontal axis; `also` is given the key and the median."""
    lines: dict[str, list[Point]] = {}
    for key, measured in sorted(values.items(), key=lambda item: item[0][1]):
        points = lines.setdefault(key[0], [])
        median = statistics.median(measured)
        exponent = None
        if points:
            before = points[-1]
            exponent = round(math.log(median / before.median) / math.log(key[1] / before.x), 2)
        other = also(key, median) if also else None
        points.append(
            Point(key[1], _rounded(median), _rounded(min(measured)), _rounded(max(measured)), exponent, other)
        )
    return lines


def _rounded(value: float) -> float:
    """Four digits."""
    return float(f"{value:.4g}")
