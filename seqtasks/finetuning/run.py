"""`finetune`: a trained model learns other data, and tells what it gained and what it forgot."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from seqtasks.config.run import RunConfig
from seqtasks.finetuning.configuration import Files, Languages, finetuning_config, paths
from seqtasks.finetuning.own_validation import OwnValidation, own_validation
from seqtasks.metrics.score import Score
from seqtasks.storage.atomic import atomic_file
from seqtasks.storage.bundle import read_bundle
from seqtasks.storage.model_paths import find_model
from seqtasks.tasks.data_reports import Warn
from seqtasks.training.events import TrainingEvent, ValidationEvent
from seqtasks.training.ranks import Ranks, join_ranks
from seqtasks.training.run import TrainingResult, TrainingRun, require_unused

REPORT = "finetuning.json"
"""The scores before and after, in the output directory."""


@dataclass(frozen=True)
class ScoreChange:
    """Scores on some data before a fine-tuning and after it, in the same order."""

    data: str
    """Which data these are."""
    before: tuple[Score, ...]
    after: tuple[Score, ...] = ()
    """Empty where training was stopped."""


@dataclass(frozen=True, kw_only=True)
class FinetuningResult(TrainingResult):
    """What came of a fine-tuning."""

    new_domain: ScoreChange
    """On the validation data of the new ones."""
    own_validation: ScoreChange | None
    """On the model's own validation data; None where there are none."""


def finetune(
    model: str | os.PathLike[str],
    data: str | os.PathLike[str] | Files,
    output_dir: str | os.PathLike[str],
    *,
    mix: Files = (),
    validation: Files = (),
    own_validation: Files = (),
    reverse: bool = False,
    languages: Languages | None = None,
    columns: Mapping[str, str | int | bool] | None = None,
    resume: bool = False,
    on_event: Callable[[TrainingEvent], object] | None = None,
    stop_on_signals: bool = False,
    warn: Warn = warnings.warn,
    **overrides: Any,
) -> FinetuningResult:
    """Trains a model further on other data, into a directory; `seqtasks finetune` does the same.

        result = seqtasks.finetune("en-de", "manual.tsv", "manual-en-de", mix=["old.tsv"])
        print(result.new_domain.before, result.new_domain.after)

    Sizes, vocabulary, languages and decoding are those of the model. Learning rate and length of the training follow
    from the amount of data. With `mix` old data keep it from forgetting (mixed fine-tuning: Chu et al. 2017), without
    any it is pulled towards its old weights (`training.l2_sp`: Li et al. 2018). The model as it was counts as a
    candidate: where no validation is better, the result has its weights.

    Args:
        model: A name or a directory, as for `load`.
        data: Files or folders, as for `seqtasks train`.
        output_dir: Where the best model, checkpoints, `config.toml`, `metrics.jsonl` and `finetuning.json` go.
        mix: Data like those that the model was trained on; an epoch has as many of them as of the new ones.
        validation: Validation data of the new domain; without any, a part of the data is held out.
        own_validation: Data to tell what the model forgets; by default those that its configuration names.
        reverse: Translation: exchanges the sides of `data` and `validation`.
        languages: Translation: codes of both languages, where they are no longer the model's.
        columns: Which columns of the tables of `data` and `validation` hold what, such as {"text_column": 2}.
        resume: As for `train`.
        on_event: As for `train`.
        stop_on_signals: As for `train`.
        warn: Called with a sentence about the model's own validation data: that there are none, or doubtful ones.
        **overrides: As for `train`.

    Returns:
        That of a training, with the scores before and after on both validation data.

    Raises:
        SeqtasksError: As `train`; for data that contradict the model, such as labels that it does not have, or
            translations in its languages the other way round.
    """
    files = [data] if isinstance(data, str | os.PathLike) else data
    run = finetuning_config(
        os.fspath(model), files, mix=mix, validation=validation, reverse=reverse, languages=languages, columns=columns,
        overrides=overrides,
    )  # fmt: skip
    return run_finetuning(run, output_dir, own_validation, warn, resume, on_event, stop_on_signals)


def run_finetuning(
    config: RunConfig,
    output_dir: str | os.PathLike[str],
    own_files: Files,
    warn: Warn,
    resume: bool,
    on_event: Callable[[TrainingEvent], object] | None,
    stop_on_signals: bool,
) -> FinetuningResult:
    """What `finetune` does once it has a configuration; its arguments are those there."""
    ranks = join_ranks()
    run = TrainingRun(config, output_dir, resume=resume, stop_on_signals=stop_on_signals)
    bundle = read_bundle(find_model(str(config.init_from)))
    own = own_validation(bundle, paths(own_files), config.training, warn) if ranks.is_first else None

    def before() -> tuple[ScoreChange, ScoreChange | None]:
        if not resume:
            require_unused(run.output_dir)
        report = read_report(run.output_dir) if resume else {}
        new_change = report.get("new_domain") or ScoreChange("the validation data of the new domain", ())
        if own is None:
            return new_change, None
        kept = report.get("own_validation")
        if kept is not None and kept.data == own.description:
            return new_change, kept
        return new_change, ScoreChange(own.description, own.measure(bundle))

    new_change, own_change = ranks.on_first(before)
    for event in run:
        if isinstance(event, ValidationEvent) and event.step == 0:
            new_change = replace(new_change, before=event.evaluation.scores)
            if ranks.is_first:
                write_report(run.output_dir, new_change, own_change)
        if on_event is not None:
            on_event(event)
    return finished(run, new_change, own_change, own, ranks)


def finished(
    run: TrainingRun, new_change: ScoreChange, own_change: ScoreChange | None, own: OwnValidation | None, ranks: Ranks
) -> FinetuningResult:
    """The result of a training, with the scores of its best model unless it was stopped."""
    result = run.result
    told = result.warnings
    if not result.interrupted:
        bundle = read_bundle(result.model_dir)
        new_change = replace(new_change, after=tuple(Score(**score) for score in bundle.scores))

        def after() -> ScoreChange | None:
            measured = replace(own_change, after=own.measure(bundle)) if own is not None and own_change else None
            write_report(run.output_dir, new_change, measured)
            return measured

        own_change = ranks.on_first(after)
        if new_change.before and new_change.before == new_change.after:
            told = (*told, "no validation was better than that of the model as it was: the result has its weights")
    return FinetuningResult(**vars(replace(result, warnings=told)), new_domain=new_change, own_validation=own_change)


def write_report(directory: Path, new_change: ScoreChange, own_change: ScoreChange | None) -> None:
    """Writes the scores known so far."""
    changes = {"new_domain": new_change, "own_validation": own_change}
    document = {name: asdict(change) for name, change in changes.items() if change is not None}
    with atomic_file(directory / REPORT) as stream:
        stream.write(json.dumps(document, indent=2).encode() + b"\n")


def read_report(directory: Path) -> dict[str, ScoreChange]:
    """The scores before a training that is resumed; empty where it was stopped before they were known."""
    try:
        document = json.loads((directory / REPORT).read_bytes())
        return {
            name: ScoreChange(change["data"], tuple(Score(**score) for score in change["before"]))
            for name, change in document.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
