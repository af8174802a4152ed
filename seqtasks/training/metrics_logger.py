"""`metrics.jsonl`: what happened in training, a JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from seqtasks.storage.atomic import atomic_file
from seqtasks.training.events import StepEvent, StepSkipped, TrainingEvent, ValidationEvent
from seqtasks.training.throughput import Throughput

FILE = "metrics.jsonl"


class MetricsLogger:
    """Appends to the log of a training directory; what it holds beyond the step that training resumes at is removed.

    Args:
        directory: The directory of the training.
        unit: What the losses of the task count, such as "tokens".
        interval: Steps between two lines about the training loss.
        step: The step that training starts after, 0 for a new one.
        seconds: Training time so far.
    """

    def __init__(self, directory: Path, unit: str, interval: int, step: int = 0, seconds: float = 0.0) -> None:
        self.path = directory / FILE
        self.unit = unit
        self.interval = interval
        self.recent = Throughput(seconds)
        kept = [line for line in self.lines() if line["step"] <= step] if step else []
        with atomic_file(self.path) as stream:
            stream.writelines(map(encoded, kept))

    def lines(self) -> list[dict[str, Any]]:
        """What is there already; a line that was cut off by a crash is left out."""
        if not self.path.is_file():
            return []
        found = []
        for line in self.path.read_bytes().split(b"\n"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict) and isinstance(value.get("step"), int):
                found.append(value)
        return found

    def log(self, event: TrainingEvent) -> None:
        """Writes a line where the event is worth one; the steps of an interval share a line."""
        match event:
            case StepEvent():
                self.recent.add(event)
                if event.step % self.interval == 0:
                    self.append(
                        "progress",
                        event,
                        epoch=event.epoch,
                        loss=self.recent.loss,
                        **{f"{self.unit}_per_second": self.recent.per_second},
                        learning_rate=event.learning_rate,
                        gradient_norm=event.gradient_norm,
                        seconds=event.seconds,
                    )
                    self.recent.reset(event.seconds)
            case ValidationEvent(evaluation=evaluation):
                self.append(
                    "validation",
                    event,
                    scores={score.metric: score.value for score in evaluation.scores},
                    best=event.best,
                    decoding=evaluation.decoding,
                    decoding_seconds=evaluation.seconds,
                    seconds=event.seconds,
                )
            case StepSkipped():
                self.append("dropped", event, reason=event.reason)

    def append(self, kind: str, event: StepEvent | StepSkipped | ValidationEvent, **values: Any) -> None:
        """Writes a line at once, so that a killed training leaves whole lines."""
        with self.path.open("ab") as stream:
            stream.write(encoded({"kind": kind, "step": event.step, **values}))


def encoded(line: dict[str, Any]) -> bytes:
    """A line of `metrics.jsonl`, in UTF-8 with its line break."""
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"
