"""How good a trained model is on data in files."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqtasks.errors import SeqtasksError
from seqtasks.loading import Engine, LoadedModel, Name, Precision, open_models
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.metrics.metric import compute_scores, find_metrics
from seqtasks.registry import kind_of
from seqtasks.tasks.base import EvaluationRequest, Task
from seqtasks.tasks.data_reports import Warn


def evaluate(
    model: Name | Sequence[Name],
    data: Name | Sequence[Name],
    *,
    split: str | None = None,
    languages: tuple[str, str] | None = None,
    lowercase: bool | None = None,
    metrics: Sequence[str] = (),
    columns: Mapping[str, str | int | bool] | None = None,
    max_input_length: int | None = None,
    device: str = "auto",
    dtype: Precision = "auto",
    threads: int = 0,
    engine: Engine = "torch",
    warn: Warn = warnings.warn,
    **decoding: Any,
) -> Evaluation:
    """Measures a model of any task on data files, which are read as those of its training.

    Args:
        model: A name or a directory, as for `load`; several are an ensemble.
        data: Files or folders, as for `seqtasks evaluate`.
        split: Captions: train, dev, test, or a file that lists images; default: all.
        languages: Translation: codes of both languages, for files that name them; else the model's.
        lowercase: Translation: ignores case; None is what the model was trained to ignore.
        metrics: Names of additional metrics, such as your own.
        columns: Which columns of a table hold what, by the keys of a source, such as {"text_column": 2}.
        max_input_length: Maximum number of tokens read at once; longer ones are read in parts; None is the pipeline's.
        device: As for `load`.
        dtype: As for `load`.
        threads: As for `load`.
        engine: As for `load`.
        warn: Called with a sentence about data that are skipped, or doubtful.
        **decoding: Decoding options, such as beam_size=1.

    Returns:
        The scores with their signatures, and whatever else the task measures: a confusion matrix, F1 of each label.

    Raises:
        SeqtasksError: Data that cannot be read, or an option that does not apply to the model's task.
    """
    names = [model] if isinstance(model, str | Path) else model
    files = [data] if isinstance(data, str | Path) else data
    loaded = open_models(names, device=device, dtype=dtype, threads=threads, engine=engine)
    paths = [Path(file) for file in files]
    request = EvaluationRequest(
        data=paths, decoding=decoding, split=split, languages=languages, lowercase=lowercase, metrics=metrics,
        columns=columns or {}, max_input_length=max_input_length,
    )  # fmt: skip
    return evaluate_model(loaded, request, warn)


def evaluate_model(loaded: LoadedModel, request: EvaluationRequest, warn: Warn) -> Evaluation:
    """As `evaluate`, for a model that is open.

    Args:
        loaded: The model, its pipeline and its task.
        request: The data, and options by the names that `evaluate` has for them.
        warn: Called with a sentence about data that are skipped, or doubtful.

    Raises:
        SeqtasksError: Data that cannot be read, an unknown metric, or an option that does not apply to the task.
    """
    find_metrics(request.metrics)  # a wrong name is reported before the work
    for option in inapplicable_options(loaded.task, request):
        kind = kind_of(loaded.task.config)
        raise SeqtasksError(f"The option {option} does not apply to a model for {kind}.", "Leave it out.")
    found = loaded.task.evaluate(reading(loaded.pipeline, request.max_input_length), request, warn)
    if request.max_input_length is not None:
        found = replace(found, decoding=f"{found.decoding}|max_input_length={request.max_input_length}")
    further = [metric for metric in request.metrics if metric not in [score.metric for score in found.scores]]
    if further and not found.outputs:
        raise SeqtasksError(f"There are no outputs that {further[0]} could compare with references.", "Leave it out.")
    scores = compute_scores(
        further, found.outputs, found.references, lowercase=bool(request.lowercase), language=found.language
    )
    return replace(found, scores=(*found.scores, *scores))


def reading(pipeline: Any, max_input_length: int | None) -> Any:
    """The pipeline, or a copy that reads so many tokens at once."""
    if max_input_length is None:
        return pipeline
    other = copy(pipeline)
    other.max_input_length = max_input_length
    return other


def inapplicable_options(task: Task, request: EvaluationRequest) -> list[str]:
    """The options that are given and say nothing to a task."""
    options = ("decoding", "split", "languages", "lowercase", "max_input_length")
    given = {option: getattr(request, option) for option in options}
    wrong = [name for name, value in given.items() if value not in (None, {}) and name not in task.evaluation_options]
    return [*wrong, *(name for name in request.columns if name not in task.source_options())]
