"""`seqtasks.train` and `TrainingRun`, on a task that takes milliseconds."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.toys import ToyModelSettings, ToySettings, ToyTask

import seqtasks
from seqtasks import SeqtasksError, TrainingRun, read_bundle
from seqtasks.tasks.base import PreparedTask, Task
from seqtasks.training.events import (
    CheckpointEvent,
    DataReady,
    FinishedEvent,
    StepEvent,
    TrainingEvent,
    TrainingStarted,
    ValidationEvent,
)

TOML = """\
task = "listed-toy"

[model]
width = 3

[training]
max_steps = 12
warmup_steps = 0
eval_steps = 4
save_steps = 4
num_threads = 1
device = "cpu"
dtype = "float32"
"""
DICTIONARY: dict[str, Any] = {
    "task": "listed-toy",
    "model": {"width": 3},
    "training": {
        "max_steps": 12, "warmup_steps": 0, "eval_steps": 4, "save_steps": 4, "num_threads": 1, "device": "cpu",
        "dtype": "float32",
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def listed() -> Iterator[None]:
    """The toy as a task that configurations can name."""

    class ListedToy(ToyTask):
        class Config(ToySettings):
            kind: str = "listed-toy"

        def __init__(self, width: int) -> None:
            super().__init__(scores=[1, 5, 3], width=width)
            self.config = ListedToy.Config(model=ToyModelSettings(width=width))

        @classmethod
        def prepare(cls, config: Any, seed: int, processors: Path | None = None) -> PreparedTask:
            return PreparedTask(cls(config.model.width), ("toys: 12",), {"toys": 12, "fingerprint": "same"})

    yield
    del Task.kinds["listed-toy"]


def weights(out: Path, name: str = "step-12") -> torch.Tensor:
    return read_bundle(out / name).tensors()["line.weight"]


def test_events_and_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events: list[TrainingEvent] = []
    handler = signal.getsignal(signal.SIGINT)
    result = seqtasks.train(DICTIONARY, tmp_path / "toy", on_event=events.append)
    assert signal.getsignal(signal.SIGINT) is handler
    assert capsys.readouterr() == ("", "")
    kinds = [StepEvent] * 4 + [ValidationEvent, CheckpointEvent]
    assert [type(event) for event in events] == [DataReady, TrainingStarted, *kinds * 3, FinishedEvent]
    ready, started = events[:2]
    assert ready == DataReady(("toys: 12",), {"toys": 12, "fingerprint": "same"})
    assert isinstance(started, TrainingStarted)
    assert (started.step, started.seconds, started.parameters, started.processes) == (0, 0.0, 4, 1)
    assert started.loss == "nats per token, dropout on"
    assert (result.output_dir, result.model_dir) == (tmp_path / "toy", tmp_path / "toy" / "best")
    assert (result.step, result.reason, result.interrupted) == (12, "max_steps reached", False)
    assert result.best_score is not None
    assert (result.best_score.metric, result.best_score.value) == ("toy", 5)
    assert [score.value for score in result.scores] == [3]
    assert sorted(path.name for path in result.output_dir.glob("[!.]*")) == [
        "best", "config.toml", "metrics.jsonl", "step-12", "step-8",
    ]  # fmt: skip


def test_a_path_a_dictionary_and_a_configuration_are_the_same_run(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text(TOML, encoding="utf-8")
    run = seqtasks.read_config(file)
    for name, config in {"path": file, "text": str(file), "dict": DICTIONARY, "run": run}.items():
        seqtasks.train(config, tmp_path / name)
        assert torch.equal(weights(tmp_path / name), weights(tmp_path / "path"))
        assert (tmp_path / name / "config.toml").read_bytes() == (tmp_path / "path" / "config.toml").read_bytes()
    assert DICTIONARY["model"] == {"width": 3}


@pytest.mark.parametrize(
    "overrides",
    [{"seed": 2, "training": {"max_steps": 8}}, {"seed": 2, "training.max_steps": 8}],
    ids=["nested", "dotted"],
)
def test_overrides(tmp_path: Path, overrides: dict[str, Any]) -> None:
    file = tmp_path / "run.toml"
    file.write_text(TOML.replace("max_steps = 12", "max_steps = 8", 1).replace("[model]", "seed = 2\n[model]"), "utf-8")
    seqtasks.train(file, tmp_path / "written")
    for name, config in {"dict": DICTIONARY, "run": seqtasks.read_config(DICTIONARY)}.items():
        result = seqtasks.train(config, tmp_path / name, **overrides)
        assert result.step == 8
        assert torch.equal(weights(tmp_path / name, "step-8"), weights(tmp_path / "written", "step-8"))


def test_the_loop_is_the_callers(tmp_path: Path) -> None:
    run = TrainingRun(DICTIONARY, tmp_path)
    with pytest.raises(RuntimeError, match="has not finished"):
        _ = run.result
    last: TrainingEvent | None = None
    for event in run:
        last = event
        if isinstance(event, StepEvent) and event.step == 6:
            run.stop()
    assert last == FinishedEvent(6, "interrupted", interrupted=True)
    assert (run.result.interrupted, run.result.step, run.result.model_dir) == (True, 6, tmp_path / "best")
    straight = seqtasks.train(DICTIONARY, tmp_path / "straight")
    resumed = seqtasks.train(DICTIONARY, tmp_path, resume=True)
    assert (resumed.step, resumed.interrupted) == (12, False)
    assert torch.equal(weights(tmp_path), weights(straight.output_dir))


@pytest.fixture
def usual_sigint() -> Iterator[None]:
    """As in a terminal: what a shell starts in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("usual_sigint")
def test_sigint_stops_where_that_was_asked_for(tmp_path: Path) -> None:
    def interrupt(event: TrainingEvent) -> None:
        if isinstance(event, StepEvent) and event.step == 2:
            signal.raise_signal(signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    result = seqtasks.train(DICTIONARY, tmp_path / "asked", on_event=interrupt, stop_on_signals=True)
    assert signal.getsignal(signal.SIGINT) is handler
    assert (result.interrupted, result.step, result.best_score) == (True, 2, None)
    assert result.model_dir == tmp_path / "asked" / "step-2"
    with pytest.raises(KeyboardInterrupt):
        seqtasks.train(DICTIONARY, tmp_path / "plain", on_event=interrupt)


def test_a_second_sigint_aborts_at_once(tmp_path: Path) -> None:
    def interrupt(event: TrainingEvent) -> None:
        if isinstance(event, StepEvent):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        seqtasks.train(DICTIONARY, tmp_path, on_event=interrupt, stop_on_signals=True)
    assert not list(tmp_path.glob("step-*"))


@pytest.mark.parametrize(
    ("config", "overrides", "message"),
    [
        ("missing.toml", {}, r"missing\.toml cannot be read: No such file or directory\."),
        (
            DICTIONARY,
            {"training": {"max_stepps": 3}},
            r"^overrides: training\.max_stepps: unknown key \(did you mean max_steps\?\)",
        ),
        (
            DICTIONARY,
            {"training.max_steps": 0},
            r"^overrides: training\.max_steps: should be greater than or equal to 1",
        ),
        (DICTIONARY, {"model.width.x": 0}, r"^model\.width\.x: model\.width is a value, not a table\.$"),
        ({**DICTIONARY, "modle": {}}, {}, r"^configuration: modle: unknown key \(did you mean model\?\)"),
        ({"training": {}}, {}, r"^configuration: task is missing\."),
    ],
)
def test_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any, overrides: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SeqtasksError, match=message):
        seqtasks.train(config, tmp_path / "toy", **overrides)
    assert not list(tmp_path.iterdir())


def test_directories_that_are_not_for_a_new_training(tmp_path: Path) -> None:
    seqtasks.train(DICTIONARY, tmp_path / "toy")
    with pytest.raises(SeqtasksError, match="already contains a training run") as error:
        seqtasks.train(DICTIONARY, tmp_path / "toy")
    assert "resume=True" in error.value.hint
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SeqtasksError, match="is a file"):
        seqtasks.train(DICTIONARY, tmp_path / "file")
    with pytest.raises(SeqtasksError, match="cannot be written: Not a directory"):
        seqtasks.train(DICTIONARY, tmp_path / "file" / "below")


def test_a_training_that_waited_for_another_one_does_not_train_over_it(tmp_path: Path) -> None:
    """Both found the directory empty; the second one got the lock when the first had ended."""
    first, second = TrainingRun(DICTIONARY, tmp_path / "run"), TrainingRun(DICTIONARY, tmp_path / "run", seed=7)
    list(first)
    before = {file: file.read_bytes() for file in (tmp_path / "run").rglob("*") if file.is_file()}
    for late in (second, first):
        with pytest.raises(SeqtasksError, match="already contains a training run"):
            list(late)
    assert {file: file.read_bytes() for file in before} == before


def test_the_file_of_ones_own_task_is_named(tmp_path: Path) -> None:
    seqtasks.train(DICTIONARY, tmp_path)
    assert read_bundle(tmp_path / "best").manifest["data"]["code"] == {"listed-toy": Path(__file__).name}
