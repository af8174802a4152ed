"""Checkpoints: bundles that training can go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import Tensor

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.score import Score
from seqtasks.registry import kind_of
from seqtasks.storage.atomic import remove_directory
from seqtasks.storage.bundle import FORMAT, Bundle, read_bundle, write_bundle
from seqtasks.storage.migration import NORMALIZED_OTHERWISE
from seqtasks.storage.model_paths import checkpoints
from seqtasks.tasks.base import Task

BEST = "best"


def latest_checkpoint(out: Path) -> Bundle | None:
    """The newest checkpoint, verified; None when there is none yet."""
    found = checkpoints(out)
    return read_bundle(found[-1]) if found else None


@dataclass(frozen=True)
class CheckpointWriter:
    """Writes checkpoints and the best model of one training directory."""

    out: Path
    task: Task
    config_toml: str
    data: dict[str, Any]
    keep: int
    """How many checkpoints stay: the latest ones."""

    @property
    def model(self) -> dict[str, Any]:
        """The settings of the model, as the manifest has them."""
        model: dict[str, Any] = self.task.config.model.model_dump(mode="json")
        return model

    def completed(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The settings of a checkpoint with the defaults of later keys; as they are where they do not fit."""
        try:
            model: dict[str, Any] = type(self.task.config.model).model_validate(settings).model_dump(mode="json")
        except ValidationError:
            return settings
        return model

    def require_resumable(self, bundle: Bundle) -> None:
        """Checks that a training on these data, of this model, can continue from a checkpoint.

        Raises:
            SeqtasksError: The checkpoint was trained on other data, or has a model with another configuration.
        """
        if bundle.manifest["data"].get("fingerprint") != self.data.get("fingerprint"):
            hint = "Train into another directory (--output)."
            if bundle.manifest["format"] < FORMAT:
                hint += f" {NORMALIZED_OTHERWISE}"
            raise SeqtasksError(f"{bundle.path} was trained on other data.", hint)
        if self.completed(bundle.model) != self.model:
            raise SeqtasksError(
                f"The model in {bundle.path} has another configuration.", "Train into another directory (--output)."
            )

    def write(
        self, name: str, weights: Mapping[str, Tensor], scores: tuple[Score, ...], trainer: dict[str, Any] | None = None
    ) -> Path:
        """Writes one bundle, a checkpoint when it comes with the trainer's state; removes the oldest checkpoints."""
        path = self.out / name
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
        self.remove_old()
        return path

    def remove_old(self) -> None:
        """Removes all checkpoints but the latest."""
        for old in checkpoints(self.out)[: -self.keep]:
            remove_directory(old)
