"""Loss and speed over the last steps."""

from __future__ import annotations

from seqtasks.config.training import TrainingConfig
from seqtasks.training.events import StepEvent

LOG_EVERY = 100
"""Steps between two lines of a log, at most."""


def log_interval(settings: TrainingConfig) -> int:
    """Steps between two lines of a log: at least five of them between validations."""
    return max(1, min(LOG_EVERY, settings.eval_steps // 5))


class Throughput:
    """Sums up steps until it is reset."""

    def __init__(self, seconds: float = 0.0) -> None:
        """Starts with `seconds` of training already done."""
        self.reset(seconds)

    def reset(self, seconds: float) -> None:
        """Begins anew at `seconds` of training time."""
        self.started = self.ended = seconds
        self.losses = 0.0
        self.count = 0.0

    def add(self, event: StepEvent) -> None:
        """Counts a step."""
        self.losses += event.loss * event.num_tokens
        self.count += event.num_tokens
        self.ended = event.seconds

    @property
    def loss(self) -> float:
        """Mean over what the loss counts, such as tokens."""
        return self.losses / self.count if self.count else 0.0

    @property
    def per_second(self) -> float:
        """How much is counted in a second of training, without validation."""
        return self.count / max(1e-9, self.ended - self.started)
