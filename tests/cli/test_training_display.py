"""What a training shows: at most ten lines before its first step, whatever there is to remark."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from helpers.toys import ToySettings
from rich.console import Console

from seqtasks.cli.training_display import TrainingDisplay, duration
from seqtasks.config.run import RunConfig
from seqtasks.config.training import TrainingConfig
from seqtasks.metrics.evaluation import Evaluation, ValidationExample
from seqtasks.metrics.score import Score
from seqtasks.training import events as reports


def started(remarks: tuple[str, ...] = (), step: int = 0) -> reports.TrainingStarted:
    return reports.TrainingStarted(
        output_dir=Path("toy"),
        config=RunConfig(task=ToySettings(), training=TrainingConfig(max_steps=20, eval_steps=10), seed=1),
        step=step,
        seconds=0.0,
        parameters=1234,
        device=torch.device("cpu"),
        dtype=torch.bfloat16,
        processes=2,
        unit="squares",
        loss="squared error per square",
        remarks=remarks,
    )


def shown(*events: reports.TrainingEvent, terminal: bool = False) -> list[str]:
    stream = io.StringIO()
    with TrainingDisplay(Console(file=stream, force_terminal=terminal, width=100)) as display:
        for event in events:
            display.show(event)
    return stream.getvalue().splitlines()


def test_what_is_trained_and_how() -> None:
    lines = shown(reports.DataReady(("12 toys", "no vocabulary"), {}), started(("[1] toy is broken",), step=4))
    assert lines == [
        "12 toys",
        "no vocabulary",
        "[1] toy is broken",
        "toy: width 3; 1,234 parameters",
        "cpu, bfloat16, 2 processes; 20 steps, validation every 10",
        "train loss: squared error per square; validation metrics by their names, * marks the best model so far",
        "configuration: toy/config.toml",
        "Resuming from step 4.",
    ]


def test_ten_lines_are_enough_for_any_number_of_remarks() -> None:
    many = tuple(f"left out: clip {number}" for number in range(40))
    lines = shown(reports.DataReady(many, {}), started(many, step=4))
    assert len(lines) == 10
    assert lines[2] == "and 38 more remarks, the first of them: left out: clip 2"


def test_steps_and_validations() -> None:
    steps = [
        reports.StepEvent(
            step, 0, loss=8.0 / step, num_tokens=10.0, learning_rate=1e-3, gradient_norm=1.0, seconds=step / 2
        )
        for step in (1, 2, 3, 4)
    ]
    evaluation = Evaluation(
        (Score("loss", 1.25, "none"), Score("bleu", 30.0, "none")), (ValidationExample("a", "b", "c  d"),)
    )
    lines = shown(
        started(),
        *steps,
        reports.StepSkipped(4, "the loss is not finite", 1),
        reports.ValidationEvent(4, evaluation, True, 2.0),
        reports.FinishedEvent(4, "max_steps reached"),
    )[4:]
    assert lines == [
        "step 2 of 20: train loss 6.000  20 squares/s  learning rate 1.00e-03  9s left",
        "step 4 of 20: train loss 2.333  20 squares/s  learning rate 1.00e-03  8s left",
        "A step after step 4 was skipped: the loss is not finite.",
        "    step  train loss  val loss     BLEU      squares/s     time",
        "       4       4.167    1.2500    30.00 *           20       2s",
        "          a -> c d",
        "Done after 4 steps: max_steps reached.",
    ]


def test_slow_steps_have_a_line_a_minute() -> None:
    """Output in a file would look as if the training stood still."""
    steps = [
        reports.StepEvent(step, 0, loss=1.0, num_tokens=9.0, learning_rate=1e-3, gradient_norm=1.0, seconds=40.0 * step)
        for step in range(1, 9)
    ]
    event = started()
    event.config.training.__dict__["eval_steps"] = 1_000
    told = [line.split(":")[0] for line in shown(event, *steps) if line.startswith("step ")]
    assert told == [f"step {step} of 20" for step in (2, 4, 6, 8)]


def test_columns_that_were_taken_are_told_first() -> None:
    columns = tuple(f'{name}.csv: columns "en", "de" (1 and 2 of 4)' for name in "abcd")
    assert shown(reports.DataReady(("12 toys",), {}, (), columns[:3])) == [*columns[:3], "12 toys"]
    lines = shown(reports.DataReady(("12 toys",), {}, (), columns))
    assert lines == [*columns[:2], f"and 2 more remarks, the first of them: {columns[2]}", "12 toys"]


def test_one_step_is_no_steps() -> None:
    assert shown(reports.FinishedEvent(1, "max_steps reached")) == ["Done after 1 step: max_steps reached."]


def test_a_terminal_has_a_bar() -> None:
    step = reports.StepEvent(1, 0, loss=8.0, num_tokens=10.0, learning_rate=1e-3, gradient_norm=1.0, seconds=1.0)
    assert "train loss 8.000" in "".join(shown(started(), step, terminal=True))


@pytest.mark.parametrize(("seconds", "text"), [(7.4, "7s"), (190, "3m10s"), (7500, "2h05m")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
