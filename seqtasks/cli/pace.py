"""Loss and speed over the last updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqtasks.training.reports import Progress


class Pace:
    """Sums up updates until it is asked to begin anew."""

    def __init__(self, seconds: float = 0.0) -> None:
        """`seconds` of training lie behind."""
        self.begin(seconds)

    def begin(self, seconds: float) -> None:
        self.started = self.ended = seconds
        self.losses = 0.0
        self.count = 0.0

    def add(self, report: Progress) -> None:
        self.losses += report.loss * report.count
        self.count += report.count
        self.ended = report.seconds

    @property
    def loss(self) -> float:
        """Mean of what is counted."""
        return self.losses / self.count if self.count else 0.0

    @property
    def per_second(self) -> float:
        """How much is counted in a second of training, without validation."""
        return self.count / max(1e-9, self.ended - self.started)


def duration(seconds: float) -> str:
    """Such as "2h05m", "3m10s" or "7s"."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 60}m{whole % 60:02}s" if whole >= 60 else f"{whole}s"
