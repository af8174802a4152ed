"""What a trainer tells while it trains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seqtasks.metrics.evaluation import Evaluation


@dataclass(frozen=True)
class Progress:
    """One update."""

    step: int
    epoch: int
    loss: float
    """Mean of what is counted, natural logarithm, label smoothing included."""
    count: float
    """How much `Task.counted` says this update was of, such as target tokens, padding not counted."""
    learning_rate: float
    gradient_norm: float
    seconds: float
    """Training time so far, validation not counted, earlier runs of the same training included."""


@dataclass(frozen=True)
class Dropped:
    """An update that was left out because its loss or gradient was not finite."""

    step: int
    reason: str
    in_a_row: int


@dataclass(frozen=True)
class Validated:
    step: int
    evaluation: Evaluation
    best: bool
    seconds: float
    """Training time so far, as in `Progress`."""


@dataclass(frozen=True)
class Saved:
    step: int
    path: Path


@dataclass(frozen=True)
class Finished:
    step: int
    reason: str
    """Such as "all steps are done"."""


Report = Progress | Dropped | Validated | Saved | Finished
