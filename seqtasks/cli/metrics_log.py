"""`metrics.jsonl`: what happened in training, a JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqtasks.files import output_file

if TYPE_CHECKING:
    from seqtasks.cli.pace import Pace
    from seqtasks.training.reports import Dropped, Progress, Validated

FILE = "metrics.jsonl"


class MetricsLog:
    """Appends to the log of a training directory; what it holds beyond the step that training resumes at goes."""

    def __init__(self, out: Path, counted: str, resumed_step: int) -> None:
        """`counted` is what the losses of the task count."""
        self.path = out / FILE
        self.counted = counted
        kept = [line for line in self.lines() if line["step"] <= resumed_step] if resumed_step else []
        with output_file(self.path) as stream:
            for line in kept:
                stream.write(encoded(line))

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

    def progress(self, report: Progress, pace: Pace) -> None:
        """The last updates together."""
        self.append(
            {
                "kind": "progress",
                "step": report.step,
                "epoch": report.epoch,
                "loss": pace.loss,
                f"{self.counted}_per_second": pace.per_second,
                "learning_rate": report.learning_rate,
                "gradient_norm": report.gradient_norm,
                "seconds": report.seconds,
            }
        )

    def dropped(self, report: Dropped) -> None:
        self.append({"kind": "dropped", "step": report.step, "reason": report.reason})

    def validated(self, report: Validated) -> None:
        evaluation = report.evaluation
        self.append(
            {
                "kind": "validation",
                "step": report.step,
                "scores": {score.metric: score.value for score in evaluation.scores},
                "best": report.best,
                "decoding": evaluation.decoding,
                "decoding_seconds": evaluation.seconds,
                "seconds": report.seconds,
            }
        )

    def append(self, line: dict[str, Any]) -> None:
        with self.path.open("ab") as stream:
            stream.write(encoded(line))


def encoded(line: dict[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"
