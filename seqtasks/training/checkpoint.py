"""Checkpoints: bundles that training can go on from."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from seqtasks.metrics.score import Score
from seqtasks.registry import kind_of
from seqtasks.storage.bundle import Bundle, checkpoints, read_bundle, write_bundle
from seqtasks.tasks.base import Task

BEST = "best"


def latest_checkpoint(out: Path) -> Bundle | None:
    """The newest checkpoint, verified; None when there is none yet."""
    found = checkpoints(out)
    return read_bundle(found[-1]) if found else None


class CheckpointWriter:
    """Writes checkpoints and the best model of one training directory."""

    def __init__(self, out: Path, task: Task, config_toml: str, data: dict[str, Any], keep: int) -> None:
        self.out = out
        self.task = task
        self.config_toml = config_toml
        self.data = data
        self.keep = keep
        self.model: dict[str, Any] = task.config.model.model_dump(mode="json")

    def write(
        self, path: Path, weights: Mapping[str, Tensor], scores: tuple[Score, ...], trainer: dict[str, Any] | None
    ) -> Path:
        """Writes one bundle: a checkpoint when it comes with the trainer's state."""
        write_bundle(
            path,
            task=kind_of(self.task.config),
            model=self.model,
            tensors=weights,
            processors=self.task.save_processors,
            config_toml=self.config_toml,
            scores=[vars(score) for score in scores],
            data=self.data,
            card=self.task.model_card(scores, self.data),
            trainer=trainer,
        )
        return path

    def write_step(
        self, step: int, weights: Mapping[str, Tensor], scores: tuple[Score, ...], trainer: dict[str, Any]
    ) -> Path:
        """Writes `step-N`, then removes what is older than the latest `keep`."""
        path = self.write(self.out / f"step-{step}", weights, scores, trainer)
        for old in checkpoints(self.out)[: -self.keep]:
            shutil.rmtree(old)
        return path

    def write_best(self, weights: Mapping[str, Tensor], scores: tuple[Score, ...]) -> Path:
        return self.write(self.out / BEST, weights, scores, None)
