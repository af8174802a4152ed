"""What the sides of `benchmarks.training_speed` have in common: their command line, their clock, their line of JSON.

Imports nothing but Python's own: every side runs in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

SOURCE, TARGET = "en", "de"
BATCH_TOKENS = 4096
WARM_UP = 10
"""Updates that do not count: the first ones load code and get memory."""
DROPOUT, LABEL_SMOOTHING = 0.3, 0.1
LEARNING_RATE, LEARNING_RATE_WARM_UP, BETAS = 1e-3, 400, (0.9, 0.98)


def arguments(description: str | None, models: Sequence[str], settings: Sequence[str] = ()) -> argparse.Namespace:
    """The command line of a side; `settings` are ways to run it of which the best shall count."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help=f"folder with train.{SOURCE} and train.{TARGET}")
    parser.add_argument("--vocabulary", type=Path, required=True, help="a sentencepiece model, called source.spm")
    parser.add_argument("--model", choices=models, default=models[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="of training that counts (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="%(default)s")
    if settings:
        parser.add_argument("--setting", choices=settings, default=settings[0])
    return parser.parse_args()


class Clock:
    """Counts target tokens from the end of the warm-up until the minutes have passed."""

    def __init__(self, minutes: float) -> None:
        self.limit = 60 * minutes
        self.updates = -WARM_UP
        self.started = self.seconds = self.tokens = 0.0
        self.losses: list[tuple[float, float]] = []

    def update(self, tokens: float, loss: float) -> bool:
        """Called after each update with its target tokens and their losses' sum; True when time is over."""
        self.updates += 1
        if self.updates == 0:
            self.started = time.perf_counter()
        if self.updates <= 0:
            return False
        self.seconds = time.perf_counter() - self.started
        self.tokens += tokens
        self.losses.append((loss, tokens))
        return self.seconds >= self.limit

    def report(self, **facts: object) -> None:
        """Prints what was measured, and the mean loss of the last tenth of the updates."""
        last = self.losses[-max(1, len(self.losses) // 10) :]
        show(self.tokens, self.seconds, self.updates, sum(loss for loss, _ in last) / sum(n for _, n in last), **facts)


def show(tokens: float, seconds: float, updates: int, loss: float, **facts: object) -> None:
    """Prints the line of JSON that `benchmarks.training_speed` reads."""
    print(json.dumps({
        "target_tokens_per_second": round(tokens / seconds, 1),
        "target_tokens_an_update": round(tokens / updates, 1),
        "updates": updates,
        "minutes": round(seconds / 60, 3),
        "loss_at_the_end": round(loss, 3),
        **facts,
    }))  # fmt: skip


def versions(*packages: str) -> dict[str, str]:
    """The versions of packages of this environment."""
    return {package: version(package) for package in packages}
