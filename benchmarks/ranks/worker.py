"""Trains one configuration inside each rank; the first one writes what it saw as JSON: losses, validation scores.

torchrun --nproc-per-node 2 worker.py run.toml OUTPUT RESULT.json
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import seqtasks
from seqtasks.training.events import StepEvent, ValidationEvent


def main(configuration: str, output: str, result: str) -> None:
    """Trains to the end."""
    run = seqtasks.TrainingRun(configuration, output)
    losses, scores, seconds = [], [], 0.0
    for event in run:
        if isinstance(event, StepEvent):
            losses.append(event.loss)
            seconds = event.seconds
        if isinstance(event, ValidationEvent):
            scores.append({score.metric: score.value for score in event.evaluation.scores})
    if os.environ.get("RANK", "0") == "0":
        Path(result).write_text(json.dumps({"losses": losses, "scores": scores, "seconds": seconds}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3])
