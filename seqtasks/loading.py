"""Trained models out of their bundles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from seqtasks.bundle import PROCESSORS, Bundle
from seqtasks.config import read_run, require_code
from seqtasks.errors import SeqtasksError
from seqtasks.models import Classifier, Generator, LanguageModel, Tagger
from seqtasks.models.weights import load_own_tensors
from seqtasks.tasks import Task


def load_task(bundle: Bundle) -> Task:
    """The task of a model, with its processors."""
    require_code(bundle.manifest["data"].get("code", {}), bundle.path)
    config = read_run(bundle.configuration, warn=False).task
    family = Task.of_kind(bundle.task)
    if not isinstance(config, family.Config):
        raise SeqtasksError(f"{bundle.path}: its configuration is not for {bundle.task}.", "Copy it again.")
    return family.load(config, bundle.processors)


def load_model(task: Task, bundle: Bundle) -> nn.Module:
    """The model of a bundle with its weights, in float32 on the CPU, not in training mode."""
    with torch.random.fork_rng(devices=[]):
        model = task.build_model()
    assert isinstance(model, Classifier | Generator | LanguageModel | Tagger)
    try:
        load_own_tensors(model, bundle.tensors())
    except SeqtasksError as error:
        raise SeqtasksError(f"{bundle.path}: {error.message}", error.hint) from error
    model.eval().requires_grad_(False)
    model.encoder.simplify()
    return model


def require_same_processors(bundles: Sequence[Bundle]) -> None:
    """Raises SeqtasksError where the members of an ensemble do not number their tokens alike."""
    first = processor_hashes(bundles[0])
    for bundle in bundles[1:]:
        if processor_hashes(bundle) != first:
            raise SeqtasksError(
                f"{bundles[0].path} and {bundle.path} do not share their text processors.",
                "The models of an ensemble have to be trained with the same vocabulary, such as with other seeds.",
            )


def processor_hashes(bundle: Bundle) -> dict[str, str]:
    hashes: dict[str, str] = bundle.manifest["sha256"]
    return {name: digest for name, digest in hashes.items() if Path(name).parts[0] == PROCESSORS}
