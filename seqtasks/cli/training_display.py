"""Training on the screen: a bar and a table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import IO, TYPE_CHECKING, Any, cast

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from seqtasks.cli.output import warn
from seqtasks.metrics.score import format_score, metric_name
from seqtasks.plurals import counted
from seqtasks.registry import ConfigModel, kind_of
from seqtasks.training import events as reports
from seqtasks.training.throughput import Throughput, log_interval

if TYPE_CHECKING:
    from seqtasks.config.run import RunConfig
    from seqtasks.metrics.score import Score

SHOWN_CHARACTERS = 60
COLUMN_REMARKS, DATA_REMARKS, MODEL_REMARKS = 3, 3, 2
"""Lines at most, so that no more than ten are printed before the first step, but for those on columns of tables."""
QUIET = 60.0
"""Seconds of training without a line, where there is no bar."""
LOSS_WIDTH = 12
SPEED_WIDTH = 11


class LastingOutput:
    """Standard output that may go: its reader ends, its terminal closes, its disk is full. The training goes on."""

    def write(self, text: str) -> int:
        """Takes the text, whether it can be written or not."""
        self.attempt(lambda: sys.stdout.write(text))
        return len(text)

    def flush(self) -> None:
        """Flushes what can be written."""
        self.attempt(sys.stdout.flush)

    def attempt(self, write: Callable[[], object]) -> None:
        """Writes; where that fails, says so once and sends all that follows nowhere."""
        try:
            write()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
            with suppress(OSError):
                warn("standard output is closed; the training goes on without it, metrics.jsonl has its figures")

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stdout, name)


def training_console() -> Console:
    """A console on standard output that training outlives."""
    return Console(file=cast(IO[str], LastingOutput()), highlight=False)


class TrainingDisplay(AbstractContextManager["TrainingDisplay"]):
    """Shows the events of a training."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.headed = False
        self.bar: Progress | None = None

    def __exit__(self, *exception: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def show(self, event: reports.TrainingEvent) -> None:
        """Shows an event of any kind."""
        match event:
            case reports.DataReady():
                self.remark(event.columns, COLUMN_REMARKS)
                self.remark(event.remarks, DATA_REMARKS)
                self.warn(event.warnings)
            case reports.TrainingStarted():
                self.start(event)
            case reports.StepEvent():
                self.progress(event)
            case reports.ValidationEvent():
                self.validated(event)
            case reports.StepSkipped():
                self.say(f"A step after step {event.step:,} was skipped: {event.reason}.")
            case reports.FinishedEvent(interrupted=False):
                self.say(f"Done after {counted(event.step, 'steps')}: {event.reason}.")

    def warn(self, warnings: Sequence[str]) -> None:
        """Shows warnings, a line each."""
        for warning in warnings:
            self.say(f"WARNING: {warning}.", style="bold")

    def remark(self, remarks: tuple[str, ...], lines: int) -> None:
        """Shows remarks in at most so many lines; the last of them says how many more there are."""
        shown = remarks if len(remarks) <= lines else remarks[: lines - 1]
        for remark in shown:
            self.say(remark)
        if len(remarks) > len(shown):
            self.say(f"and {len(remarks) - len(shown):,} more remarks, the first of them: {remarks[len(shown)]}")

    def start(self, event: reports.TrainingStarted) -> None:
        """What is trained, how, and which loss is which."""
        training = self.training = event.config.training
        self.unit = event.unit
        self.started = (event.step, event.seconds)
        self.interval = log_interval(training)
        self.recent, self.since_validation = Throughput(event.seconds), Throughput(event.seconds)
        self.remark(event.remarks, MODEL_REMARKS)
        precision = str(event.dtype).removeprefix("torch.")
        processes = f", {event.processes} processes" if event.processes > 1 else ""
        self.say(f"{kind_of(event.config.task)}: {model_summary(event.config)}; {event.parameters:,} parameters")
        self.say(
            f"{event.device}, {precision}{processes}; {counted(training.max_steps, 'steps')}, "
            f"validation every {training.eval_steps:,}"
        )
        self.say(f"train loss: {event.loss}; validation metrics by their names, * marks the best model so far")
        self.say(f"configuration: {event.output_dir / 'config.toml'}")
        if event.step:
            self.say(f"Resuming from step {event.step:,}.")
        if self.console.is_terminal:
            self.bar = Progress(
                MofNCompleteColumn(),
                BarColumn(),
                TextColumn("{task.description}"),
                console=self.console,
                transient=True,
            )
            self.task = self.bar.add_task("", total=training.max_steps, completed=event.step)
            self.bar.start()

    def progress(self, event: reports.StepEvent) -> None:
        """A step: the bar moves, or now and then there is a line."""
        self.recent.add(event)
        self.since_validation.add(event)
        quiet = event.seconds - self.recent.started
        due = event.step % self.interval == 0 or (self.bar is None and quiet >= QUIET)
        if self.bar is not None or due:
            text = (
                f"train loss {self.recent.loss:.3f}  {self.recent.per_second:,.0f} {self.unit}/s  "
                f"learning rate {event.learning_rate:.2e}  {duration(self.seconds_left(event))} left"
            )
            if self.bar is not None:
                self.bar.update(self.task, completed=event.step, description=text)
            else:
                self.say(f"step {event.step:,} of {self.training.max_steps:,}: {text}")
        if due:
            self.recent.reset(event.seconds)

    def seconds_left(self, event: reports.StepEvent) -> float:
        """Training time to go at the speed of this run so far."""
        step, seconds = self.started
        left = (self.training.max_steps - event.step) * (event.seconds - seconds) / max(1, event.step - step)
        if self.training.max_minutes is not None:
            left = min(left, 60 * self.training.max_minutes - event.seconds)
        return max(0.0, left)

    def validated(self, event: reports.ValidationEvent) -> None:
        """A row of the table, and one of the outputs to look at."""
        scores, since = event.evaluation.scores, self.since_validation
        if not self.headed:
            names = "".join(f"{validation_name(score):>{column_width(score)}}" for score in scores)
            self.say(f"{'step':>8}{'train loss':>{LOSS_WIDTH}}{names}    {f'{self.unit}/s':>{SPEED_WIDTH}}{'time':>9}")
            self.headed = True
        values = "".join(f"{format_score(score.metric, score.value):>{column_width(score)}}" for score in scores)
        mark = " *" if event.best else "  "
        speed = f"{since.per_second:,.0f}" if since.count else "-"
        loss = f"{since.loss:.3f}" if since.count else "-"
        time = duration(event.seconds)
        self.say(f"{event.step:>8,}{loss:>{LOSS_WIDTH}}{values}{mark}  {speed:>{SPEED_WIDTH}}{time:>9}")
        samples = event.evaluation.samples
        if samples:
            sample = samples[event.step // self.training.eval_steps % len(samples)]
            self.say(f"          {shortened(sample.source)} -> {shortened(sample.output)}", style="dim")
        since.reset(event.seconds)
        self.warn([event.warning] if event.warning else [])

    def say(self, text: str, style: str | None = None) -> None:
        """Prints a line as it is: words in brackets are no markup."""
        self.console.print(escape(text), style=style, highlight=False, soft_wrap=True)


def model_summary(config: RunConfig) -> str:
    """The parts of a model with their sizes: "encoder transformer (layers 3, heads 4), dim 256"."""
    model = getattr(config.task, "model", None)
    if not isinstance(model, ConfigModel):
        return "model"
    parts = [
        f"{name} {kind_of(part) if 'kind' in type(part).model_fields else ''} ({', '.join(sizes(part))})"
        for name, part in model
        if isinstance(part, ConfigModel)
    ]
    return ", ".join([*parts, *sizes(model)])


def sizes(settings: ConfigModel) -> list[str]:
    """Names and values of the whole numbers above 0 among settings, such as "num_layers 2"."""
    return [f"{name} {value}" for name, value in settings if type(value) is int and value]


def validation_name(score: Score) -> str:
    """What the column of a score is headed."""
    return "val loss" if score.metric == "loss" else metric_name(score.metric)


def column_width(score: Score) -> int:
    """Characters of the column of a score."""
    return max(9, len(validation_name(score)) + 2)


def duration(seconds: float) -> str:
    """Such as "2h05m", "3m10s" or "7s"."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 60}m{whole % 60:02}s" if whole >= 60 else f"{whole}s"


def shortened(text: str) -> str:
    """The beginning of a text on one line."""
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
