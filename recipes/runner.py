"""What recipes share: their options, the calls of `seqtasks.train` and `seqtasks.evaluate`, tables of results."""

from __future__ import annotations

import gzip
import os
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import seqtasks
from seqtasks import DataReady, Evaluation, RunConfig, Score, SeqtasksError, TrainingStarted, ValidationEvent


def run(recipe: Callable[..., None]) -> None:
    """Runs a recipe; wrong input gets one sentence, as from `seqtasks`."""
    try:
        typer.run(recipe)
    except SeqtasksError as error:
        sys.exit(f"seqtasks: {error}")


def short(steps: int) -> tuple[str, ...]:
    """Settings of a training of so many updates: to see that all is in place, not to learn anything."""
    half = steps // 2
    given = {"max_steps": steps, "warmup_steps": steps // 4, "eval_steps": half, "save_steps": half}
    return tuple(f"training.{name}={value}" for name, value in given.items())


TINY = (
    "text.vocab_size=300", "text.subword_sampling=0", "model.hidden_size=32", "model.encoder.num_layers=1",
    "model.decoder.num_layers=1", *short(60),
)  # fmt: skip
"""Settings that make a translation recipe take less than a minute."""

Tiny = Annotated[bool, typer.Option("--tiny", help="A minute on a processor, to see that all is in place.")]
Test = Annotated[bool, typer.Option("--test", help="Evaluate on the test part, too.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue a training that was stopped.")]
Chosen = Annotated[
    list[str] | None, typer.Option("--set", metavar="a.b=c", help="Any setting, such as training.max_steps=900.")
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Directory of the model.")]


def data_folder(given: Path | None, name: str, example: str) -> Path:
    """The folder that was given, else SEQTASKS_DATA/name; it has to hold the file `example`."""
    folder = given or Path(os.environ.get("SEQTASKS_DATA", "data")) / name
    if official(folder, example).is_file():
        return folder
    raise typer.BadParameter(f"{folder} holds no {example} (give the folder, or set SEQTASKS_DATA)", param_hint="DATA")


def official(folder: Path, name: str) -> Path:
    """A file of the official download, which may be compressed there."""
    return folder / name if (folder / name).is_file() else folder / f"{name}.gz"


def read_lines(file: Path) -> list[str]:
    """The lines of a text file, which may be compressed."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            return [line.rstrip("\n") for line in lines]
    except (OSError, EOFError, ValueError) as error:
        raise SeqtasksError(f"{file} cannot be read as UTF-8 text: {error}.") from error


def configured(configuration: str, settings: Sequence[str]) -> RunConfig:
    """The run that TOML describes, in which `settings` (`a.b=c`) replace some values."""
    return seqtasks.read_config(tomllib.loads(configuration), overrides=settings)


def train(configuration: str, output: Path, settings: Sequence[str], *, resume: bool) -> None:
    """Trains a model into `output`."""
    config = configured(configuration, settings)
    show_call("train", "config", repr(str(output)), resume=resume)
    result = seqtasks.train(config, output, resume=resume, on_event=report, stop_on_signals=True)
    if result.interrupted:
        print(f"Interrupted at step {result.step:,}; repeat the command with --resume to continue.")
        raise typer.Exit(130)


def report(event: object) -> None:
    """Prints what is worth a line of the events of a training."""
    match event:
        case DataReady():
            for remark in (*event.columns, *event.remarks):
                print(remark)
        case TrainingStarted():
            print(f"{event.parameters:,} parameters; configuration in {event.output_dir / 'config.toml'}")
            if event.step:
                print(f"Resuming from step {event.step:,}.")
        case ValidationEvent():
            scores = ", ".join(f"{score.metric} {score.value:.4g}" for score in event.evaluation.scores)
            print(f"step {event.step:,}, {event.seconds / 60:.1f} minutes: {scores}", flush=True)


def evaluate(model: str | Path, *data: Path, **options: Any) -> Evaluation:
    """Evaluates a model on files, with options of `seqtasks.evaluate`; what is wrong with the data is reported."""
    show_call("evaluate", repr(str(model)), repr([str(file) for file in data]), **options)
    return seqtasks.evaluate(model, data, warn=lambda message: print(message, file=sys.stderr), **options)


def show_call(function: str, *arguments: str, **options: Any) -> None:
    """Prints the call of the library that comes next."""
    given = [*arguments, *(f"{name}={value!r}" for name, value in options.items() if value not in (None, False))]
    print(f">>> seqtasks.{function}({', '.join(given)})", flush=True)


def score(result: Evaluation, metric: str) -> Score:
    """One score of an evaluation."""
    return next(score for score in result.scores if score.metric == metric)


def cell(text: str) -> str:
    """A signature inside a Markdown table."""
    return f"`{text}`".replace("|", "\\|")


def values(result: Evaluation, metrics: Sequence[str] | Mapping[str, str]) -> list[str]:
    """The cells of these metrics in a table; empty for one that was not measured."""
    measured = {score.metric: f"{score.value:.2f}" for score in result.scores}
    return [measured.get(metric, "") for metric in metrics]


def signatures(result: Evaluation, *metrics: str) -> str:
    """The cell of the signatures of these metrics and of the decoding."""
    return " ".join(map(cell, (*(score(result, metric).signature for metric in metrics), result.decoding)))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a Markdown table."""
    for line in (columns, ["---"] * len(columns), *rows):
        print(f"| {' | '.join(line)} |")
