"""The bundle: a trained model as a directory that anyone can read.

    bundle.json        format, task, settings of the model, scores with signatures, versions, hashes of the other files
    model.safetensors  the weights
    processors/        vocabularies and label names
    engine/            in place of the weights: the model of another program, which its engine runs (CTranslate2)
    config.toml        the run configuration as resolved
    README.md          the model card
    trainer.pt         in checkpoints only: optimizer, schedule, position in the data, random state

A checkpoint is a bundle with a `trainer.pt`. Loading never runs anything that a bundle contains: weights are
safetensors, `trainer.pt` is read as plain data, no code is imported by name.
"""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqtasks import version
from seqtasks.errors import SeqtasksError
from seqtasks.registry import Component, fields_of
from seqtasks.special_tokens import SPECIAL_IDS
from seqtasks.storage.atomic import atomic_directory
from seqtasks.storage.manifest import (
    CARD,
    CONFIGURATION,
    ENGINE,
    ENGINE_FORMAT,
    FORMAT,
    MANIFEST,
    PROCESSORS,
    TRAINER,
    WEIGHTS,
    damaged,
    digest,
    find_problem,
    read_manifest,
)
from seqtasks.storage.migration import migrate, migrate_kind
from seqtasks.storage.presence import is_dir, is_file

if TYPE_CHECKING:
    import torch

__all__ = [
    "CARD", "CONFIGURATION", "ENGINE", "FORMAT", "MANIFEST", "PROCESSORS", "TRAINER", "WEIGHTS", "Bundle",
    "EngineFiles", "digest", "read_bundle", "write_bundle",
]  # fmt: skip

READING_ATTEMPTS = 5


@dataclass(frozen=True)
class EngineFiles:
    """A model of another program, which its own engine runs.

    Args:
        engine: The name of the engine.
        write: Writes the files into the folder that it is given.
    """

    engine: str
    write: Callable[[Path], None]


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk whose manifest has been read and, by default, whose files have been verified."""

    path: Path
    manifest: dict[str, Any]

    @property
    def task(self) -> str:
        """The kind of the task."""
        family, kind = self._tasks(), str(self.manifest["task"])
        return kind if family is None else migrate_kind(family, kind)

    @staticmethod
    def _tasks() -> type[Component] | None:
        """The family of tasks, where it has been imported: without it nothing knows what settings are called today."""
        return next((family for family in Component.__subclasses__() if family.__name__ == "Task"), None)

    @property
    def model(self) -> dict[str, Any]:
        """The settings of the model."""
        family = self._tasks()
        task = None if family is None else family.kinds.get(self.task)
        settings: dict[str, Any] = dict(self.manifest["model"])
        return settings if task is None or self.engine else migrate(fields_of(task.Config)["model"], settings)[0]

    @property
    def scores(self) -> list[dict[str, Any]]:
        """What was measured: metric, value, signature, data, decoding."""
        return list(self.manifest["scores"])

    @property
    def processors(self) -> Path:
        """The folder of vocabularies and label names."""
        return self.path / PROCESSORS

    @property
    def configuration(self) -> Path:
        """The run configuration that made it."""
        return self.path / CONFIGURATION

    @property
    def engine(self) -> str | None:
        """The name of the engine that runs a model of another program; None for a model of ours."""
        return self.manifest.get(ENGINE)

    @property
    def engine_files(self) -> Path:
        """The folder of the model that the engine runs."""
        return self.path / ENGINE

    def stored_values(self) -> int:
        """How many numbers the weights are, by the header of their file."""
        from safetensors import SafetensorError, safe_open

        if self.engine:
            return int(self.manifest["model"].get("parameters", 0))
        file = self.path / WEIGHTS
        try:
            with safe_open(file, "pt") as stored:
                return sum(math.prod(stored.get_slice(name).get_shape()) for name in stored.keys())  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise damaged(file, f"({error})") from error

    def tensors(self) -> dict[str, torch.Tensor]:
        """The weights by name, on the CPU, in the precision they were stored in."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = self.path / WEIGHTS
        try:
            tensors: dict[str, torch.Tensor] = load_file(file)
        except (SafetensorError, OSError) as error:
            raise damaged(file, f"({error})") from error
        if read_manifest(self.path) != self.manifest:
            raise SeqtasksError(f"{self.path} was replaced while it was read.", "Load it again.")
        return tensors

    def trainer(self) -> dict[str, Any]:
        """What training needs to go on; plain data and tensors on the CPU, never unpickled objects."""
        from seqtasks.storage.serialization import load_state

        file = self.path / TRAINER
        if not file.is_file():
            raise SeqtasksError(
                f"{self.path} has no {TRAINER}: it is a finished model.", "Only a checkpoint can be resumed."
            )
        if self.manifest.get("trainer_sha256") != digest(file):
            raise damaged(file, "(its checksum does not match bundle.json)")
        try:
            state = load_state(file)
        except ValueError as error:
            raise damaged(file, "(not plain data and tensors)") from error
        if not isinstance(state, dict):
            raise damaged(file, "(not a table)")
        return state


def write_bundle(
    path: Path,
    *,
    task: str,
    model: dict[str, Any],
    tensors: Mapping[str, torch.Tensor] | EngineFiles,
    processors: Callable[[Path], None],
    config_toml: str,
    scores: list[dict[str, Any]],
    data: dict[str, Any],
    card: str,
    trainer: dict[str, Any] | None = None,
    dtype: torch.dtype | None = None,
) -> None:
    """Writes a bundle, or replaces one: at each moment the old or the new one is at `path`, complete.

    Args:
        path: The directory of the bundle.
        task: The kind of the task.
        model: The settings of the model.
        tensors: The weights by name; or the model of another program.
        processors: Writes the files of vocabularies and labels into the folder it is given.
        config_toml: The run configuration.
        scores: What was measured: metric, value and signature of each.
        data: What is known of the training data: how many examples, a fingerprint, and so on.
        card: The model card, in Markdown.
        trainer: What training needs to go on, plain data and tensors; None for a finished model.
        dtype: The precision to store floating weights in; None keeps theirs.

    Raises:
        SeqtasksError: The disk refuses, with nothing left behind, or something that is not a bundle is at `path`.
        TypeError: `trainer` holds anything but plain data and tensors.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    from seqtasks.storage.serialization import require_plain_data, save_state

    if trainer is not None:
        require_plain_data(trainer, "trainer")
    engine = tensors if isinstance(tensors, EngineFiles) else None
    manifest = {
        "format": FORMAT if engine is None else ENGINE_FORMAT,
        **({} if engine is None else {ENGINE: engine.engine}),
        "task": task,
        "model": model,
        "special_ids": SPECIAL_IDS,
        "scores": scores,
        "data": data,
        "versions": {"seqtasks": version.__version__, "torch": torch.__version__},
    }
    try:
        _require_replaceable(path)
        with atomic_directory(path) as part:
            if isinstance(tensors, EngineFiles):
                (part / ENGINE).mkdir()
                tensors.write(part / ENGINE)
            else:
                save_file(on_cpu(tensors, dtype), part / WEIGHTS)
            (part / PROCESSORS).mkdir()
            processors(part / PROCESSORS)
            (part / CONFIGURATION).write_text(config_toml, encoding="utf-8")
            (part / CARD).write_text(card, encoding="utf-8")
            manifest["sha256"] = {
                file.relative_to(part).as_posix(): digest(file) for file in sorted(part.rglob("*")) if file.is_file()
            }
            if trainer is not None:
                save_state(trainer, part / TRAINER)
                manifest["trainer_sha256"] = digest(part / TRAINER)
            text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
            (part / MANIFEST).write_text(text, encoding="utf-8")
    except (OSError, SafetensorError) as error:
        full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
        hint = "Free some space there, or write elsewhere." if full else "Check the disk and the rights on it."
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SeqtasksError(f"{path} cannot be written: {reason}.", hint) from error


def on_cpu(tensors: Mapping[str, torch.Tensor], dtype: torch.dtype | None) -> dict[str, torch.Tensor]:
    """Tensors as they are stored."""
    return {
        name: tensor.detach().to("cpu", dtype if tensor.is_floating_point() else None).contiguous()
        for name, tensor in tensors.items()
    }


def read_bundle(path: Path, *, verify: bool = True, engines: bool = False) -> Bundle:
    """Opens a bundle.

    Args:
        path: Its directory.
        verify: Compares every file with its hash first.
        engines: Whether it may be a model of another program that an engine runs.

    Raises:
        SeqtasksError: It is no bundle, its format is newer, a file is missing or has changed, or an engine runs it.
    """
    for _ in range(READING_ATTEMPTS):
        manifest = read_manifest(path)
        problem = find_problem(path, manifest, verify)
        if problem is None:
            bundle = Bundle(path, manifest)
            if bundle.engine and not engines:
                raise SeqtasksError(
                    f"{path} is a model of another program, run by {bundle.engine}: it translates and is evaluated, "
                    "but cannot be trained further or exported.",
                    "Take a model that was trained here, or imported from transformers or Marian.",
                )
            return bundle
        if read_manifest(path) == manifest:
            raise problem
    raise SeqtasksError(f"{path} is being replaced again and again.", "Wait until training has written it.")


def _require_replaceable(path: Path) -> None:
    if is_file(path) or (is_dir(path) and not is_file(path / MANIFEST) and any(path.iterdir())):
        raise SeqtasksError(
            f"{path} already exists and is not a model.", "Choose another path: writing would replace it."
        )
