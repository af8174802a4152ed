"""The events that a trainer yields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from seqtasks.config.run import RunConfig
from seqtasks.metrics.evaluation import Evaluation


@dataclass(frozen=True)
class DataReady:
    """The data was read, and the vocabularies are there."""

    remarks: tuple[str, ...]
    """Human-readable, one per line: how many examples, what was skipped and why, the size of the vocabulary."""
    statistics: dict[str, Any]
    """How many examples there are, as the manifest of the model has it."""
    warnings: tuple[str, ...] = ()
    """Reasons to doubt that training on these data is useful, a sentence each."""
    columns: tuple[str, ...] = ()
    """Human-readable, one per file: which columns of a table, or keys of JSON, were taken."""


@dataclass(frozen=True)
class TrainingStarted:
    """The model is built, and the next event is that of the first step."""

    output_dir: Path
    config: RunConfig
    step: int
    """0, or that of the checkpoint that training resumes at."""
    seconds: float
    """Training time of earlier runs."""
    parameters: int
    device: torch.device
    dtype: torch.dtype
    """Precision of matrix products."""
    processes: int
    unit: str
    """What the training loss counts, such as "tokens"."""
    loss: str
    """A human-readable description of the training loss."""
    remarks: tuple[str, ...]
    """Human-readable, one per line: what was found while the model was prepared."""


@dataclass(frozen=True)
class StepEvent:
    """One update."""

    step: int
    epoch: int
    loss: float
    """Mean of what is counted, natural logarithm, label smoothing included."""
    num_tokens: float
    """How much `Task.counted` says this update was of, such as target tokens, padding not counted."""
    learning_rate: float
    gradient_norm: float
    seconds: float
    """Training time so far, validation not counted, earlier runs of the same training included."""


@dataclass(frozen=True)
class StepSkipped:
    """An update that was left out because its loss or gradient was not finite."""

    step: int
    reason: str
    in_a_row: int


@dataclass(frozen=True)
class ValidationEvent:
    """The validation data were scored."""

    step: int
    evaluation: Evaluation
    best: bool
    seconds: float
    """Training time so far, as in `StepEvent`."""
    warning: str = ""
    """Reasons to doubt that the scores distinguish models."""


@dataclass(frozen=True)
class CheckpointEvent:
    """A checkpoint was saved; it can be resumed from."""

    step: int
    path: Path


@dataclass(frozen=True)
class FinishedEvent:
    """The last event of a training."""

    step: int
    reason: str
    """Such as "max_steps reached"."""
    interrupted: bool = False
    """Whether it was asked to stop: a checkpoint was saved, and the training can be resumed."""


TrainingEvent = (
    DataReady | TrainingStarted | StepEvent | StepSkipped | ValidationEvent | CheckpointEvent | FinishedEvent
)
