"""Trained models, opened: `load("en-de").translate("A dog runs.")`.

The module is not called `load`, since importing `seqtasks.load` as a module would put it in the place of the function.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict, Unpack, overload

import torch
from pydantic import ValidationError
from torch import nn

from seqtasks.config.run import read_config
from seqtasks.config.user_code import require_code
from seqtasks.device import choose_device, choose_dtype, configure_runtime
from seqtasks.errors import SeqtasksError
from seqtasks.inference.base import Pipeline
from seqtasks.inference.captioning import CaptioningPipeline
from seqtasks.inference.classification import ClassificationPipeline
from seqtasks.inference.tagging import TaggingPipeline
from seqtasks.inference.text_generation import TextGenerationPipeline
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.models import Classifier, EncoderDecoder, LanguageModel, Tagger
from seqtasks.models.parameter_count import count_parameters
from seqtasks.models.state_dict import load_unique_state_dict
from seqtasks.registry import ConfigModel, kind_of
from seqtasks.storage.bundle import CONFIGURATION, MANIFEST, PROCESSORS, Bundle, read_bundle
from seqtasks.storage.model_paths import find_model
from seqtasks.tasks import Task

Precision = Literal["auto", "float32", "bfloat16"]
Engine = Literal["torch", "ctranslate2"]
Name = str | Path


COPY = "A model's settings must be those that it was trained with: copy the whole directory again."
MOST_UNSTORED = 2
"""A model may have so many times the weights that its bundle holds: tensors that are tied are stored once."""


class LoadOptions(TypedDict, total=False):
    """The options of `load`."""

    device: str
    """Such as "cpu" or "cuda:1"; "auto" is a GPU where there is one."""
    dtype: Precision
    """The precision of the weights in memory; "auto" is bfloat16 where the device is fast at it."""
    threads: int
    """On a CPU; 0 = all cores."""
    engine: Engine
    """"ctranslate2", of the package of that name, makes translation with a Transformer several times as fast on the
    CPU: in int8, or with `dtype` "float32" with the outputs that "torch" has in float32."""


class LoadedModel(NamedTuple):
    """A trained model with its task."""

    task: Task
    pipeline: Pipeline


@overload
def load(model: Literal["en-de"], *others: Name, **options: Unpack[LoadOptions]) -> TranslationPipeline: ...
@overload
def load(model: Literal["captions", "clips"], *others: Name, **options: Unpack[LoadOptions]) -> CaptioningPipeline: ...
@overload
def load(model: Literal["pos-en"], *others: Name, **options: Unpack[LoadOptions]) -> TaggingPipeline: ...
@overload
def load(model: Literal["sentiment"], *others: Name, **options: Unpack[LoadOptions]) -> ClassificationPipeline: ...
@overload
def load(model: Literal["shakespeare"], *others: Name, **options: Unpack[LoadOptions]) -> TextGenerationPipeline: ...
@overload
def load(
    model: Name, *others: Name, task: Literal["translation"], **options: Unpack[LoadOptions]
) -> TranslationPipeline: ...
@overload
def load(
    model: Name, *others: Name, task: Literal["captioning", "video-captioning"], **options: Unpack[LoadOptions]
) -> CaptioningPipeline: ...
@overload
def load(model: Name, *others: Name, task: Literal["tagging"], **options: Unpack[LoadOptions]) -> TaggingPipeline: ...
@overload
def load(
    model: Name, *others: Name, task: Literal["classification"], **options: Unpack[LoadOptions]
) -> ClassificationPipeline: ...
@overload
def load(
    model: Name, *others: Name, task: Literal["language-modeling"], **options: Unpack[LoadOptions]
) -> TextGenerationPipeline: ...
@overload
def load(model: Name, *others: Name, task: str | None = None, **options: Unpack[LoadOptions]) -> Pipeline: ...


def load(model: Name, *others: Name, task: str | None = None, **options: Unpack[LoadOptions]) -> Pipeline:
    """Opens a model, or several as an ensemble.

    Args:
        model: The name of an included model, a model's directory, or a training's directory.
        *others: The other members of an ensemble.
        task: The kind of the task that it has to be a model for, such as "translation"; it says to type checkers which
            pipeline comes back.
        **options: See `LoadOptions`.

    Returns:
        The pipeline of the model's task, such as a TranslationPipeline.

    Raises:
        SeqtasksError: No model, a damaged one or one for another task, members of an ensemble that do not share their
            processors, or what an engine does not have.
    """
    return open_models([model, *others], task, **options).pipeline


def open_models(
    names: Sequence[Name],
    kind: str | None = None,
    *,
    device: str = "auto",
    dtype: Precision = "auto",
    threads: int = 0,
    engine: Engine = "torch",
) -> LoadedModel:
    """As `load`, with the task of the model.

    Args:
        names: Names or directories; several are an ensemble.
        kind: The task that they have to be for; None for any.
        device: See `LoadOptions`.
        dtype: See `LoadOptions`.
        threads: See `LoadOptions`.
        engine: See `LoadOptions`.

    Raises:
        SeqtasksError: As `load`.
    """
    bundles = [read_bundle(find_model(name), engines=True) for name in names]
    if any(bundle.engine for bundle in bundles):
        return open_imported_engine(names, bundles, kind, device=device, dtype=dtype, threads=threads)
    require_same_processors(bundles)
    tasks = [load_task(bundle) for bundle in bundles]
    if kind is not None:
        require_kind(names[0], tasks[0], kind)
    configure_runtime(threads)
    on_ctranslate2 = engine == "ctranslate2"
    chosen_device = choose_device("cpu" if on_ctranslate2 and device == "auto" else device)
    chosen_dtype = torch.float32 if on_ctranslate2 else choose_dtype(dtype, chosen_device)
    models = [
        load_model(task, bundle).to(chosen_device, chosen_dtype) for task, bundle in zip(tasks, bundles, strict=True)
    ]
    pipeline = tasks[0].pipeline(models)
    if on_ctranslate2:
        from seqtasks.export.ctranslate2_engine import use_ctranslate2

        use_ctranslate2(tasks[0], pipeline, dtype)
    return LoadedModel(tasks[0], pipeline)


def open_imported_engine(
    names: Sequence[Name], bundles: Sequence[Bundle], kind: str | None, *, device: str, dtype: Precision, threads: int
) -> LoadedModel:
    """A model of another program, which its own engine runs."""
    from seqtasks.export.imported_engine import open_imported

    if len(bundles) > 1:
        name = next(name for name, bundle in zip(names, bundles, strict=True) if bundle.engine)
        raise SeqtasksError(f"{name} is run by an engine of its own and cannot be in an ensemble.", "Give it alone.")
    configure_runtime(threads)
    task, pipeline = open_imported(bundles[0], device=device, dtype=dtype)
    if kind is not None:
        require_kind(names[0], task, kind)
    return LoadedModel(task, pipeline)


def load_task(bundle: Bundle) -> Task:
    """The task of a model, with its processors."""
    require_code(bundle.manifest["data"].get("code", {}), bundle.path)
    config = read_config(bundle.configuration, warn=False).task
    try:
        family = Task.of_kind(bundle.task)
    except KeyError:
        raise SeqtasksError(
            f"{bundle.path} is a model for {bundle.task!r}, which is not a known task.",
            f"Available: {', '.join(Task.known())} (your own: --code FILE).",
        ) from None
    if not isinstance(config, family.Config):
        raise SeqtasksError(f"{bundle.path}: its configuration is not for {bundle.task}.", "Copy it again.")
    return family.load(config, bundle.processors)


def require_same_settings(model: ConfigModel, bundle: Bundle) -> None:
    """Raises SeqtasksError where the manifest has other settings of the model than the configuration has."""
    try:
        other = type(model).model_validate(bundle.model).model_dump(mode="json")
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise SeqtasksError(f"{bundle.path}: model.{where} in {MANIFEST} is wrong.", COPY) from error
    settings = model.model_dump(mode="json")
    if other != settings:
        key = next(different_keys(settings, other))
        raise SeqtasksError(f"{bundle.path}: {CONFIGURATION} and {MANIFEST} contradict each other: model.{key}.", COPY)


def different_keys(one: Any, other: Any) -> Iterator[str]:
    """The dotted names of what is not the same in two tables."""
    for key in dict.fromkeys((*one, *other)):
        left, right = one.get(key), other.get(key)
        if isinstance(left, dict) and isinstance(right, dict):
            yield from (f"{key}.{inner}" for inner in different_keys(left, right))
        elif left != right:
            yield str(key)


def load_model(task: Task, bundle: Bundle) -> nn.Module:
    """The model of a bundle with its weights, in float32 on the CPU, not in training mode."""
    require_weights_for(task, bundle)
    try:
        with torch.random.fork_rng(devices=[]):
            model: nn.Module = task.build_model()
    except (RuntimeError, MemoryError, OverflowError) as error:
        raise SeqtasksError(
            f"{bundle.path}: the model cannot be built from its configuration ({error}).",
            "There may be too little memory, or the configuration belongs to another model.",
        ) from error
    try:
        load_unique_state_dict(model, bundle.tensors())
    except SeqtasksError as error:
        raise SeqtasksError(f"{bundle.path}: {error.message}", error.hint) from error
    require_same_settings(task.config.model, bundle)
    model.eval().requires_grad_(False)
    if isinstance(model, Classifier | EncoderDecoder | LanguageModel | Tagger):
        model.encoder.fuse_for_inference()
    return model


def require_weights_for(task: Task, bundle: Bundle) -> None:
    """Raises SeqtasksError where the settings ask for much more memory than the weights fill, before it is taken."""
    try:
        needed = count_parameters(task.build_model)
    except SeqtasksError:
        raise
    except Exception as error:  # a user's component may not be made for a device without memory
        warnings.warn(
            f"{bundle.path}: whether its configuration fits its weights cannot be checked before memory is "
            f"allocated ({error}).",
            stacklevel=2,
        )
        return
    stored = bundle.stored_values()
    if needed > MOST_UNSTORED * stored:
        raise SeqtasksError(
            f"{bundle.path}: its configuration describes a model with {needed:,} weights, but it holds {stored:,}.",
            "Weights and configuration have to come from the same training.",
        )


def require_kind(name: Name, task: Task, kind: str) -> None:
    """Raises SeqtasksError where a model is for another task than `kind`."""
    family = Task.of_kind(kind)
    if not isinstance(task, family) and type(task).pipeline is not family.pipeline:  # those of videos caption images
        raise SeqtasksError(
            f"{name} is a model for {kind_of(task.config)}, not for {kind}.",
            f"Use it with: seqtasks {task.usage.format(name)}",
        )


def require_same_processors(bundles: Sequence[Bundle]) -> None:
    """Raises SeqtasksError where the members of an ensemble do not number their tokens alike."""

    def hashes(bundle: Bundle) -> dict[str, str]:
        files = bundle.manifest["sha256"].items()
        return {name: digest for name, digest in files if Path(name).parts[0] == PROCESSORS}

    for bundle in bundles[1:]:
        if hashes(bundle) != hashes(bundles[0]):
            raise SeqtasksError(
                f"{bundles[0].path} and {bundle.path} have different tokenizers.",
                "The models of an ensemble have to be trained with the same vocabulary, for example with other seeds.",
            )
