"""The validation data of a model that is fine-tuned: how much it forgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks.config.run import RunConfig, read_config
from seqtasks.config.training import TrainingConfig
from seqtasks.device import choose_device, configure_runtime
from seqtasks.errors import SeqtasksError
from seqtasks.evaluation import evaluate_model
from seqtasks.loading import load_model, load_task, open_models
from seqtasks.metrics.score import Score
from seqtasks.registry import ConfigModel
from seqtasks.storage.bundle import Bundle
from seqtasks.storage.presence import exists
from seqtasks.tasks.base import EvaluationRequest, PreparedTask, Task
from seqtasks.tasks.data_reports import Warn

GIVE_IT = "give a file with --own-validation (own_validation) to see what the model forgets"
PARTS = {"train": "validation", "train_images": "validation_images"}
"""What of the data is trained on, and what is validated on instead."""


@dataclass(frozen=True)
class OwnValidation:
    """Data that a model is measured on before it is fine-tuned and after it."""

    description: str
    """Which data these are."""
    measure: Callable[[Bundle], tuple[Score, ...]]
    """The scores of a model on them, in float32."""


def own_validation(bundle: Bundle, files: Sequence[Path], settings: TrainingConfig, warn: Warn) -> OwnValidation | None:
    """The data that are given, else those that the model was validated on when it was trained, if they are there.

    Args:
        bundle: The model to fine-tune.
        files: As for `evaluate`; empty where the configuration of the model has to name them.
        settings: The device and threads to measure with.
        warn: Called with a sentence on data that are not there, or are others than they were.
    """
    if files:
        return OwnValidation(", ".join(map(str, files)), lambda model: measured_on(files, model, settings, warn))
    run = read_config(bundle.configuration, warn=False)
    data = getattr(run.task, "data", None)
    if not isinstance(data, ConfigModel) or not (named := validated_on(data)):
        warn(f"the configuration of the model names no validation data of its own: {GIVE_IT}")
        return None
    if missing := next((path for path in named if not exists(path)), None):
        warn(f"{missing}, on which the model was validated, is not there: {GIVE_IT}")
        return None
    try:
        prepared = prepare(run, data, bundle, warn)
    except SeqtasksError as error:
        warn(f"the validation data of the model cannot be read ({error.message.rstrip('.')}): {GIVE_IT}")
        return None
    description = "the model's validation data" if has_validation(data) else "what the model's training held out"
    return OwnValidation(description, lambda model: measured_by(prepared.task, model, settings))


def has_validation(data: ConfigModel) -> bool:
    """Whether data name what is validated on, so that nothing is held out."""
    return any(getattr(data, name, None) for name in PARTS.values())


def validated_on(data: ConfigModel) -> list[Path]:
    """The files and folders that validation data are read from: without any of their own, those of the training."""
    names = PARTS.values() if has_validation(data) else PARTS
    sources = [source for name in names for source in getattr(data, name, None) or ()]
    return [value for source in sources for value in paths_in(source)]


def paths_in(value: Any) -> Iterator[Path]:
    """All paths in a table of a configuration."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, ConfigModel):
        for _, inner in value:
            yield from paths_in(inner)


def prepare(run: RunConfig, data: ConfigModel, bundle: Bundle, warn: Warn) -> PreparedTask:
    """The task that the model was trained on, with its validation data; training data are only read to split them."""
    changed: dict[str, Any] = {"mix": []} if "mix" in type(data).model_fields else {}
    if has_validation(data):
        changed |= {name: getattr(data, part) for name, part in PARTS.items() if name in type(data).model_fields}
    task = run.task.model_copy(update={"data": data.model_copy(update=changed)})
    prepared = Task.of(task).prepare(task, run.seed, processors=bundle.processors)
    theirs = bundle.manifest["data"].get("fingerprint")
    if not has_validation(data) and not getattr(data, "mix", None) and prepared.data.get("fingerprint") != theirs:
        warn(
            "the training data of the model have changed since: what is held out of them now may be what it was "
            "trained on, and its scores are too good"
        )
    return prepared


def measured_by(task: Task, bundle: Bundle, settings: TrainingConfig) -> tuple[Score, ...]:
    """The scores as training has them."""
    configure_runtime(settings.num_threads)
    model = load_model(load_task(bundle), bundle).to(choose_device(settings.device))
    return task.validate(model).scores


def measured_on(files: Sequence[Path], bundle: Bundle, settings: TrainingConfig, warn: Warn) -> tuple[Score, ...]:
    """The scores as `evaluate` has them."""
    loaded = open_models([bundle.path], device=settings.device, dtype="float32", threads=settings.num_threads)
    request = EvaluationRequest(data=files, decoding=eval_decoding(loaded.task))
    return evaluate_model(loaded, request, warn).scores


def eval_decoding(task: Task) -> Mapping[str, Any]:
    """The decoding options of validations, where there are such."""
    options: Mapping[str, Any] = getattr(task, "validation_options", {})
    return options
