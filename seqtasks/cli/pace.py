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
        self.tokens = 0

    def add(self, report: Progress) -> None:
        self.losses += report.loss * report.tokens
        self.tokens += report.tokens
        self.ended = report.seconds

    @property
    def loss(self) -> float:
        """Mean a token."""
        return self.losses / max(1, self.tokens)

    @property
    def tokens_per_second(self) -> float:
        """Target tokens in a second of training; validation is not counted."""
        return self.tokens / max(1e-9, self.ended - self.started)


def duration(seconds: float) -> str:
    """Such as "2h05m", "3m10s" or "7s"."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 60}m{whole % 60:02}s" if whole >= 60 else f"{whole}s"
