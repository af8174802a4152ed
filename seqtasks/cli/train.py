"""`seqtasks train`: from a run configuration, or from data alone, to a model."""

from __future__ import annotations

import math
import shlex
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqtasks.cli.options import Code, LanguagePair, split_languages
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from rich.console import Console

    from seqtasks.config import RunConfiguration
    from seqtasks.tasks import Task
    from seqtasks.training.trainer import Trainer

LOG_EVERY = 100
"""Updates between two lines of the log, at most."""


def train(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN.toml | TASK DATA...",
            help="A run configuration; or translation with pairs of sentences, captioning with a folder of pictures "
            "and the file of their captions, tagging with sentences in CoNLL-U, CoNLL columns or .jsonl, "
            "classification with documents in .csv, .tsv, .jsonl or a folder a class, generation with text.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the model goes; else named after RUN.toml.")
    ] = None,
    chosen: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="a.b=c", help="Any setting of the run, such as training.steps=900."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in the directory.")] = False,
    code: Code = None,
    languages: LanguagePair = None,
) -> None:
    """Train a model from a run configuration, or from data alone.

    \b
    Examples:
      seqtasks train translation pairs.tsv --out my-model
      seqtasks train translation train.en train.de --out my-model
      seqtasks train captioning photos/ captions.csv --out my-captioner
      seqtasks train tagging train.conllu --out my-tagger
      seqtasks train classification reviews.csv --out my-classifier
      seqtasks train generation book.txt --out my-writer
      seqtasks train my-model/config.toml --set training.steps=40000 --out second-model
    """
    if code is not None:
        from seqtasks.config import load_code

        load_code(code)
    tasks = {} if Path(what[0]).is_file() else tasks_with_presets()
    task = tasks.get(what[0])
    automatic = task is not None
    check_usage(what, tasks, languages)
    out = out or default_directory(Path(what[0]), automatic)
    if not resume:
        require_unused(out)
    overrides = chosen or []
    warnings.filterwarnings("ignore", module="PIL")
    if task is not None:
        run = preset_run(task, what[1:], overrides, languages)
    else:
        run = configured(Path(what[0]), overrides, tasks)

    from rich.console import Console

    console = Console(highlight=False)
    go_on = command_line("train", out / "config.toml", out, code)
    stopped = train_run(run, out, resume=resume, shown=automatic, console=console, go_on=go_on)
    if stopped:
        raise typer.Exit(130)


def tasks_with_presets() -> dict[str, type[Task]]:
    """The tasks that train from data alone, by kind."""
    from seqtasks.tasks import Task

    return {kind: task for kind in Task.known() if (task := Task.of_kind(kind)).example_data}


def check_usage(what: Sequence[str], tasks: Mapping[str, type[Task]], languages: str | None) -> None:
    automatic = what[0] in tasks
    if automatic and len(what) == 1:
        raise typer.BadParameter(f"give the data too, such as {tasks[what[0]].example_data}", param_hint="DATA")
    if not automatic and languages is not None:
        raise typer.BadParameter("the languages stand in the configuration", param_hint="--languages")
    if not automatic and len(what) > 1:
        raise typer.BadParameter(
            f"{what[0]!r} is no task that trains from data alone (there are: {', '.join(tasks)}), "
            "and a configuration stands alone",
            param_hint="RUN.toml",
        )


def default_directory(configuration: Path, automatic: bool) -> Path:
    """`my-model` for my-model.toml and for my-model/config.toml."""
    if automatic:
        return Path("my-model")
    return configuration.parent if configuration.name == "config.toml" else Path(configuration.stem)


def require_unused(out: Path) -> None:
    """Raises SeqtasksError where a training, or something else, is in the place of a new one."""
    if out.exists() and not out.is_dir():
        raise SeqtasksError(f"{out} is a file.", "Choose another place with --out.")
    if any((path / "bundle.json").is_file() for path in (out / "best", *out.glob("step-*"))):
        raise SeqtasksError(f"{out} holds a training already.", "Go on with it (--resume), or choose another --out.")


def configured(path: Path, overrides: Sequence[str], tasks: Mapping[str, type[Task]]) -> RunConfiguration:
    """The run that a file describes."""
    if not path.is_file():
        raise SeqtasksError(
            f"{path}: there is no such file.",
            "Without a configuration: "
            + ", or ".join(f"seqtasks train {kind} {task.example_data}" for kind, task in tasks.items()),
        )
    from seqtasks.config import read_run

    return read_run(path, overrides=overrides)


def preset_run(
    task: type[Task], data: Sequence[str], overrides: Sequence[str], languages: str | None
) -> RunConfiguration:
    """The run that suits the data of a task."""
    import tomli_w

    from seqtasks.config import read_run

    settings = {
        name.strip(): value.strip().strip("\"'") for name, _, value in (each.partition("=") for each in overrides)
    }
    preset = task.preset([Path(name) for name in data], settings, languages=split_languages(languages))
    return read_run(None, overrides=overrides, text=tomli_w.dumps(preset))


def command_line(command: str, configuration: Path, out: Path, code: Path | None) -> str:
    """What to type to go on with a training."""
    words = ["seqtasks", command, str(configuration), "--out", str(out), "--resume"]
    return shlex.join(words if code is None else [*words, "--code", str(code)])


def train_run(run: RunConfiguration, out: Path, *, resume: bool, shown: bool, console: Console, go_on: str) -> bool:
    """Trains and shows it; True when it was interrupted."""
    from seqtasks.bundle import find_model, read_bundle
    from seqtasks.config import to_toml
    from seqtasks.tasks import Task
    from seqtasks.training.checkpoint import latest_checkpoint
    from seqtasks.training.trainer import Trainer

    config_toml = to_toml(run)
    if shown:
        console.print(config_toml, markup=False, soft_wrap=True)
    checkpoint = latest_checkpoint(out) if resume else None
    start = checkpoint or (read_bundle(find_model(run.start_from)) if run.start_from else None)
    family = Task.of(run.task)
    prepared = family.prepare(run.task, run.seed, processors=start.processors if start else None)
    for remark in prepared.remarks:
        console.print(remark, markup=False, soft_wrap=True)
    trainer = Trainer(
        prepared.task,
        run.training,
        out=out,
        seed=run.seed,
        config_toml=config_toml,
        data=prepared.data,
        weights=start.tensors() if start else None,
        start_with=run.start_with,
    )
    for remark in trainer.remarks:
        console.print(remark, markup=False, soft_wrap=True)
    step = trainer.resume() if resume else 0
    write_configuration(out, config_toml)
    parameters = sum(tensor.numel() for tensor in trainer.weights.values())
    precision = str(trainer.dtype).removeprefix("torch.")
    console.print(f"{parameters:,} parameters; {trainer.device}, {precision}; configuration in {out / 'config.toml'}",
                  markup=False, soft_wrap=True)  # fmt: skip
    if step:
        console.print(f"Going on from step {step:,}.")
    stopped = follow(trainer, out, console)
    if stopped:
        console.print(f"Stopped at step {trainer.step:,}; everything is saved. To go on:\n  {go_on}",
                      markup=False, soft_wrap=True)  # fmt: skip
    else:
        tell_result(trainer, out, console)
    return stopped


def write_configuration(out: Path, config_toml: str) -> None:
    from seqtasks.cli.output import written_whole

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SeqtasksError(f"{out} cannot be made: {error.strerror}.", "Choose another place with --out.") from error
    with written_whole(out / "config.toml") as stream:
        stream.write(config_toml.encode())


def follow(trainer: Trainer, out: Path, console: Console) -> bool:
    """Runs the trainer, shows and logs its reports; True when Ctrl-C stopped it, after saving."""
    from seqtasks.cli.interruption import interruptible
    from seqtasks.cli.metrics_log import MetricsLog
    from seqtasks.cli.pace import Pace
    from seqtasks.cli.training_display import TrainingDisplay
    from seqtasks.training.reports import Dropped, Finished, Progress, Saved, Validated

    settings = trainer.settings
    every = max(1, min(LOG_EVERY, settings.validate_every // 5))
    counted = trainer.task.counted
    log = MetricsLog(out, counted, trainer.step)
    recent, since_validation = Pace(trainer.seconds), Pace(trainer.seconds)
    shown = TrainingDisplay(console, settings, counted, trainer.step, trainer.seconds)
    with shown as display, interruptible() as ctrl_c:
        for report in trainer.run():
            due = False
            match report:
                case Progress():
                    recent.add(report)
                    since_validation.add(report)
                    line = report.step % every == 0
                    display.progress(report, recent, line=line)
                    if line:
                        log.progress(report, recent)
                        recent.begin(report.seconds)
                    due = report.step % settings.validate_every == 0 or report.step == settings.steps
                case Validated():
                    display.validated(report, since_validation)
                    log.validated(report)
                    since_validation.begin(report.seconds)
                case Dropped():
                    display.dropped(report)
                    log.dropped(report)
                case Saved():
                    pass
                case Finished():
                    display.say(f"Done after {report.step:,} updates: {report.reason}.")
                    return False
            if ctrl_c.asked and not due:
                if trainer.saved_step != trainer.step:
                    trainer.save()
                return True
    return False


def tell_result(trainer: Trainer, out: Path, console: Console) -> None:
    from seqtasks.cli.scores import metric_name
    from seqtasks.metrics.score import written

    name, best = trainer.scores[0].metric, math.nan if trainer.best is None else trainer.best
    use = trainer.task.use.format(shlex.quote(str(out)))
    text = f"Best {metric_name(name)} {written(name, best)}; the model is in {out / 'best'}. Use it:\n  seqtasks {use}"
    console.print(text, markup=False, soft_wrap=True)
