"""`seqtasks finetune`: a trained model learns other data, and keeps what it knew."""

from __future__ import annotations

import signal
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqtasks.cli.commands.train import closing, joined
from seqtasks.cli.options import (
    Code,
    ColumnOptions,
    LanguagePair,
    ModelArgument,
    load_own_code,
    split_languages,
)
from seqtasks.cli.output import warn
from seqtasks.cli.suffixes import ensure_directory
from seqtasks.storage.presence import is_file
from seqtasks.training.torchrun import launched

if TYPE_CHECKING:
    from seqtasks.finetuning.run import FinetuningResult, ScoreChange


def files_option(name: str, help: str) -> typer.models.OptionInfo:
    """An option that names files, and may be repeated."""
    option: typer.models.OptionInfo = typer.Option(name, metavar="DATA", help=f"{help}; may be repeated.")
    return option


def finetune(
    model: ModelArgument,
    data: Annotated[
        list[Path], typer.Argument(metavar="DATA...", help="Files or folders in the formats of seqtasks train.")
    ],
    *,
    out: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Output directory.")],
    mix: Annotated[
        list[Path] | None,
        files_option("--mix", "Data like those the model was trained on, as many in an epoch as there are new ones"),
    ] = None,
    validation: Annotated[
        list[Path] | None,
        files_option("--validation", "Validation data of the new domain; default: a part of DATA is held out"),
    ] = None,
    own_files: Annotated[
        list[Path] | None,
        files_option(
            "--own-validation",
            "Data that tell what the model forgets; default: those it was validated on, if they are there",
        ),
    ] = None,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Translation: exchange the sides of DATA and of --validation.")
    ] = False,
    languages: LanguagePair = None,
    columns: ColumnOptions,
    chosen: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="a.b=c", help="Set a configuration key, such as training.max_minutes=15."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume from the latest checkpoint in the output directory.")
    ] = False,
    code: Code = None,
) -> None:
    """Train a model further on other data, so that it keeps what it knew.

    Sizes, vocabulary, languages and decoding are the model's; learning rate and length follow from the amount of data.
    Old data (--mix) keep it from forgetting; without them it is pulled towards its old weights. Scores before and
    after are printed for the new data and for the model's own validation data.

    \b
    Examples:
      seqtasks finetune en-de manual.tsv --output manual-en-de
      seqtasks finetune en-de manual.tsv --mix old.tsv --output manual-en-de
      seqtasks finetune en-de manual.en manual.de --own-validation test.tsv --output manual-en-de
      seqtasks finetune captions photos/ captions.csv --output my-captioner
      seqtasks finetune sentiment reviews.csv --output my-classifier
      seqtasks finetune shakespeare sonnets.txt --output my-writer
    """
    is_first = not launched() or joined()
    load_own_code(code)
    if is_first and not is_file(out):
        ensure_directory(out)
    from seqtasks.finetuning.configuration import finetuning_config
    from seqtasks.finetuning.run import run_finetuning
    from seqtasks.training.run import require_unused

    if is_first and not resume:
        require_unused(out)
    warnings.filterwarnings("ignore", module="PIL")
    config = finetuning_config(
        model, data, mix=mix or (), validation=validation or (), reverse=reverse,
        languages=split_languages(languages), columns=columns.given(), overrides=chosen or (),
    )  # fmt: skip
    if not is_first:
        result = run_finetuning(config, out, own_files or (), warn, resume, None, stop_on_signals=True)
        raise typer.Exit(128 + (result.signal or signal.SIGINT) if result.interrupted else 0)
    from seqtasks.cli.training_display import TrainingDisplay, training_console

    with TrainingDisplay(training_console()) as display:
        result = run_finetuning(config, out, own_files or (), warn, resume, display.show, stop_on_signals=True)
    display.warn(result.warnings)
    if result.interrupted:
        display.say(f"Stopped at step {result.step:,}; everything is saved. The same command with --resume goes on.")
        raise typer.Exit(128 + (result.signal or signal.SIGINT))
    for line in comparison(result):
        display.say(line)
    display.say(closing(result, config, code))


def comparison(result: FinetuningResult) -> list[str]:
    """A table of the scores before and after, on both validation data."""
    changes = [result.new_domain, *([result.own_validation] if result.own_validation else [])]
    return [line for change in changes for line in rows(change)]


def rows(change: ScoreChange) -> list[str]:
    """What data these are, and a row for each score."""
    from seqtasks.metrics.score import format_score, metric_name

    after = {score.metric: score.value for score in change.after}
    lines = [f"{'before':>28}{'after':>10}  {change.data}"]
    for score in change.before:
        if score.metric in after:
            old, new = (format_score(score.metric, value) for value in (score.value, after[score.metric]))
            lines.append(f"{metric_name(score.metric):<18}{old:>10}{new:>10}")
    return lines
