"""What readers give, and what they leave out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seqtasks.plurals import counted_phrase

__all__ = ["Omission", "Pair", "ReadReport"]

PLACES = 3
"""Number of places that are reported for each reason."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A text and its translation, as in the data."""

    source: str
    target: str


@dataclass(slots=True)
class Omission:
    """How often examples were left out for one reason, and where first."""

    count: int = 0
    places: list[str] = field(default_factory=list)


class ReadReport:
    """Counts the examples that were read, and those that were left out, by reason.

    A reader reports its position with `reach`; whoever leaves out the example at hand calls `skip`. Readers are
    generators, so `skip` finds the right place also in the loop that consumes them.
    """

    def __init__(self) -> None:
        self.read = 0
        self.omissions: dict[str, Omission] = {}
        self.warnings: list[str] = []
        """Reasons to doubt that the data are read as intended, a sentence each without its full stop."""
        self.columns: list[str] = []
        """Which columns, or keys, of which file were taken: a phrase for each file that has some to choose from."""
        self._file = ""
        self._line = 0

    def reach(self, file: str, line: int) -> None:
        """The example at hand begins at this line (from 1) of this file."""
        self.read += 1
        self._file = file
        self._line = line

    @property
    def place(self) -> str:
        """Where the example at hand begins."""
        return f"{self._file}:{self._line}"

    def skip(self, reason: str, place: str = "") -> None:
        """Counts the example at `place`, or the one at hand, as left out.

        `reason` is a short noun phrase such as "empty side", or an adjective.
        """
        omission = self.omissions.setdefault(reason, Omission())
        omission.count += 1
        if omission.count <= PLACES:
            omission.places.append(place or self.place)

    def state(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        omissions = {reason: [each.count, each.places] for reason, each in self.omissions.items()}
        return {"read": self.read, "omissions": omissions, "warnings": self.warnings, "columns": self.columns}

    def add(self, state: Mapping[str, Any]) -> None:
        """Counts what another report counted, of which this is the `state`."""
        self.read += state["read"]
        for reason, (count, places) in state["omissions"].items():
            omission = self.omissions.setdefault(reason, Omission())
            omission.count += count
            omission.places = [*omission.places, *places][:PLACES]
        self.warnings += state["warnings"]
        self.columns += state["columns"]

    @property
    def skipped(self) -> int:
        """How many examples were left out."""
        return sum(omission.count for omission in self.omissions.values())

    @property
    def note(self) -> str:
        """What follows a number of examples, in brackets; empty where nothing was read."""
        return f" ({self.describe()})" if self.read else ""

    def explain(self) -> str:
        """For people, where no example is left: what was skipped, or that there was nothing."""
        return self.describe() if self.read else "the data are empty"

    def describe(self) -> str:
        """Human-readable: `skipped 12 of 29,000: 9 empty sides (train.tsv:17, ...), 3 broken lines (...)`."""
        reasons = []
        for reason, omission in sorted(self.omissions.items(), key=lambda item: -item[1].count):
            more = ", ..." if omission.count > len(omission.places) else ""
            reasons.append(f"{counted_phrase(omission.count, reason)} ({', '.join(omission.places)}{more})")
        total = f"skipped {self.skipped:,} of {self.read:,}"
        return f"{total}: {', '.join(reasons)}" if reasons else total
