"""`seqtasks train`: from a run configuration, or from data alone, to a model."""

from __future__ import annotations

import shlex
import signal
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqtasks.cli.command import warn_renamed
from seqtasks.cli.options import Code, ColumnOptions, LanguagePair, load_own_code, split_languages
from seqtasks.cli.suffixes import ensure_directory
from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import is_file
from seqtasks.training.torchrun import launched, program

if TYPE_CHECKING:
    from seqtasks.config.run import RunConfig
    from seqtasks.tasks import Task
    from seqtasks.training.run import TrainingResult


def train(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN.toml | TASK DATA...",
            help="A run configuration; or translation with sentence pairs, captioning with a folder of images "
            "and the file of their captions, tagging with sentences in CoNLL-U, CoNLL columns or .jsonl, "
            "classification with documents in .csv, .tsv, .jsonl or a folder per class, language-modeling with text.",
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Output directory; by default named after RUN.toml."),
    ] = None,
    chosen: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="a.b=c",
            help="Set a configuration key, such as training.max_steps=900 (null: not set).",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume from the latest checkpoint in the output directory.")
    ] = False,
    code: Code = None,
    languages: LanguagePair = None,
    columns: ColumnOptions,
) -> None:
    """Train a model from a run configuration, or from data alone.

    \b
    Examples:
      seqtasks train translation pairs.tsv --output my-model
      seqtasks train translation train.en train.de --output my-model
      seqtasks train captioning photos/ captions.csv --output my-captioner
      seqtasks train tagging train.conllu --output my-tagger
      seqtasks train classification reviews.csv --output my-classifier
      seqtasks train language-modeling book.txt --output my-writer
      seqtasks train my-model/config.toml --set training.max_steps=40000 --output second-model
    """
    is_first = not launched() or joined()
    load_own_code(code)
    tasks = {} if is_file(Path(what[0])) else tasks_with_presets()
    task = tasks.get(what[0])
    check_usage(what, tasks, languages)
    if task is None and columns.given():
        option = f"--{next(iter(columns.given())).replace('_', '-')}"
        raise typer.BadParameter("the columns are set in the configuration", param_hint=option)
    if task is not None and (kind := task.Config.model_fields["kind"].default) != what[0]:
        warn_renamed(what[0], kind)
    out = out or default_directory(Path(what[0]), automatic=task is not None)
    from seqtasks.training.run import require_unused
    from seqtasks.training.run import train as train_model

    if is_first:
        if not is_file(out):
            ensure_directory(out)
        if not resume:
            require_unused(out)
    overrides = chosen or []
    warnings.filterwarnings("ignore", module="PIL")
    if task is not None:
        run = preset_run(task, what[1:], overrides, languages, columns.given())
    else:
        run = configured(Path(what[0]), overrides, tasks)

    from seqtasks.cli.training_display import TrainingDisplay, training_console

    if is_first:
        with TrainingDisplay(training_console()) as display:
            result = train_model(run, out, resume=resume, on_event=display.show, stop_on_signals=True)
        display.warn(result.warnings)
        display.say(closing(result, run, code))
    else:
        result = train_model(run, out, resume=resume, stop_on_signals=True)
    if result.interrupted:
        raise typer.Exit(128 + (result.signal or signal.SIGINT))


def joined() -> bool:
    """Waits for the other processes that torchrun has started; whether this is the first one, which tells of all."""
    from seqtasks.training.ranks import join_ranks

    is_first = join_ranks().is_first
    if not is_first:
        warnings.simplefilter("ignore")
    return is_first


def tasks_with_presets() -> dict[str, type[Task]]:
    """The tasks that train from data alone, by kind; by a kind of earlier versions too."""
    from seqtasks.storage.migration import old_kinds
    from seqtasks.tasks import Task

    tasks = {kind: task for kind in Task.known() if (task := Task.of_kind(kind)).example_data}
    return tasks | {old: tasks[kind] for old, kind in old_kinds(Task).items() if kind in tasks}


def check_usage(what: Sequence[str], tasks: Mapping[str, type[Task]], languages: str | None) -> None:
    """Raises typer.BadParameter where neither a configuration alone nor a task with data was given."""
    automatic = what[0] in tasks
    if automatic and len(what) == 1:
        raise typer.BadParameter(f"give the data too, such as {tasks[what[0]].example_data}", param_hint="DATA")
    if not automatic and languages is not None:
        raise typer.BadParameter("the languages are set in the configuration", param_hint="--language-pair")
    if not automatic and len(what) > 1:
        raise typer.BadParameter(
            f"{what[0]!r} is not a task that trains from data alone (these are: {', '.join(tasks)}), "
            "and a configuration takes no data",
            param_hint="RUN.toml",
        )


def default_directory(configuration: Path, automatic: bool) -> Path:
    """`my-model` for my-model.toml and for my-model/config.toml."""
    if automatic:
        return Path("my-model")
    return configuration.parent if configuration.name == "config.toml" else Path(configuration.stem)


def configured(path: Path, overrides: Sequence[str], tasks: Mapping[str, type[Task]]) -> RunConfig:
    """The run that a file describes."""
    if not is_file(path):
        raise SeqtasksError(
            f"{path}: there is no such file.",
            "Without a configuration: "
            + ", or ".join(f"seqtasks train {kind} {task.example_data}" for kind, task in tasks.items()),
        )
    from seqtasks.config.run import read_config

    return read_config(path, overrides=overrides)


def preset_run(
    task: type[Task],
    data: Sequence[str],
    overrides: Sequence[str],
    languages: str | None,
    columns: Mapping[str, Any],
) -> RunConfig:
    """The run that suits the data of a task; with `--set init_from=MODEL`, that model trained further on them."""
    from seqtasks.config.continuation import continued, trained_configuration
    from seqtasks.config.run import NOT_SET, read_config
    from seqtasks.storage.migration import migrate_override

    skeleton = {"data": {"train": [{} for _ in data]}, "model": {"encoder": {"kind": "lstm"}}}
    for name in columns:
        if name not in task.source_options():
            kind = task.Config.model_fields["kind"].default
            raise typer.BadParameter(f"{kind} has no such column", param_hint=f"--{name.replace('_', '-')}")
    settings = {
        f"data.train.{number}.{name}": str(value) for name, value in columns.items() for number in range(len(data))
    }
    for name, _, value in (each.partition("=") for each in overrides):
        keys, *_ = migrate_override(task.Config, skeleton, name.strip().split("."), value)
        if value.strip() != NOT_SET:
            settings[".".join(keys)] = value.strip().strip("\"'")
    if (pair := split_languages(languages)) is not None:
        if "languages" not in task.Config.model_fields:
            kind = task.Config.model_fields["kind"].default
            raise SeqtasksError(f"{kind} knows one language.", "Say which with --set text.language=de")
        settings["languages.source"], settings["languages.target"] = pair
    paths = [Path(name) for name in data]
    if (start := settings.get("init_from")) is None:
        return read_config(task.preset(paths, settings), overrides=overrides)
    theirs = trained_configuration(start, task.Config.model_fields["kind"].default)
    return read_config(continued(task.preset(paths, settings), theirs), overrides=overrides)


def closing(result: TrainingResult, run: RunConfig, code: Path | None) -> str:
    """What came of a training, and the commands to type next."""
    from seqtasks.metrics.score import format_score, metric_name
    from seqtasks.tasks import Task

    out = result.output_dir
    own_code = "" if code is None else f" --code {shlex.quote(str(code))}"
    use = f"  seqtasks {Task.of(run.task).usage.format(shlex.quote(str(out)))}{own_code}"
    best = result.best_score
    lines = []
    if result.interrupted:
        words = shlex.join(["train", str(out / "config.toml"), "--output", str(out), "--resume"])
        lines = [
            f"Stopped at step {result.step:,}; everything is saved. To resume:",
            f"  {program()} {words}{own_code}",
        ]
    if best is None:
        model = f"The model of step {result.step:,} is in {result.model_dir}"
    else:
        score = f"{metric_name(best.metric)} {format_score(best.metric, best.value)}"
        model = f"Best {score}; the model is in {result.model_dir}"
    return "\n".join([*lines, f"{model}. To use it:", use])
