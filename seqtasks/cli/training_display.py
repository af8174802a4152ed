"""Training on the screen: a bar and a table in a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from seqtasks.cli.pace import Pace, duration
from seqtasks.cli.scores import metric_name
from seqtasks.metrics.score import written

if TYPE_CHECKING:
    from seqtasks.metrics.score import Score
    from seqtasks.training import reports
    from seqtasks.training.settings import TrainingSettings

SHOWN_CHARACTERS = 60
SPEED_WIDTH = 11


class TrainingDisplay:
    """Shows the reports of a trainer that stands at `step` after `seconds`; `counted` is what its losses count."""

    def __init__(self, console: Console, settings: TrainingSettings, counted: str, step: int, seconds: float) -> None:
        self.console = console
        self.settings = settings
        self.speed = f"{counted}/s"
        self.start = (step, seconds)
        self.headed = False
        self.bar: Progress | None = None
        if console.is_terminal:
            self.bar = Progress(
                MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}"), console=console, transient=True
            )
            self.task = self.bar.add_task("", total=settings.steps, completed=step)

    def __enter__(self) -> TrainingDisplay:
        if self.bar is not None:
            self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def progress(self, report: reports.Progress, pace: Pace, *, line: bool) -> None:
        """An update; `line` when it is time for a line where there is no bar."""
        if self.bar is None and not line:
            return
        text = (
            f"loss {pace.loss:.3f}  {pace.per_second:,.0f} {self.speed}  learning rate {report.learning_rate:.2e}  "
            f"{duration(self.seconds_left(report))} left"
        )
        if self.bar is not None:
            self.bar.update(self.task, completed=report.step, description=text)
        else:
            self.say(f"step {report.step:,} of {self.settings.steps:,}: {text}")

    def seconds_left(self, report: reports.Progress) -> float:
        """Training time to go at the speed of this run so far."""
        step, seconds = self.start
        left = (self.settings.steps - report.step) * (report.seconds - seconds) / max(1, report.step - step)
        if self.settings.minutes is not None:
            left = min(left, 60 * self.settings.minutes - report.seconds)
        return max(0.0, left)

    def validated(self, report: reports.Validated, pace: Pace) -> None:
        """A row of the table, and one of the outputs to look at."""
        scores = report.evaluation.scores
        if not self.headed:
            names = "".join(f"{metric_name(score.metric):>{column_width(score)}}" for score in scores)
            self.say(f"{'step':>8}{'loss':>8}{names}    {self.speed:>{SPEED_WIDTH}}{'time':>9}")
            self.headed = True
        values = "".join(f"{written(score.metric, score.value):>{column_width(score)}}" for score in scores)
        mark = " *" if report.best else "  "
        speed = f"{pace.per_second:,.0f}" if pace.count else "-"
        loss = f"{pace.loss:.3f}" if pace.count else "-"
        self.say(f"{report.step:>8,}{loss:>8}{values}{mark}  {speed:>{SPEED_WIDTH}}{duration(report.seconds):>9}")
        samples = report.evaluation.samples
        if samples:
            sample = samples[report.step // self.settings.validate_every % len(samples)]
            self.say(f"          {shortened(sample.source)} -> {shortened(sample.output)}", style="dim")

    def dropped(self, report: reports.Dropped) -> None:
        self.say(f"An update after step {report.step:,} was left out: {report.reason}.")

    def say(self, text: str, style: str | None = None) -> None:
        self.console.print(escape(text), style=style, highlight=False, soft_wrap=True)


def column_width(score: Score) -> int:
    return max(9, len(metric_name(score.metric)) + 2)


def shortened(text: str) -> str:
    """The beginning of a text on one line."""
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
