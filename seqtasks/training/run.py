"""Training from a run configuration: `train` runs it, `TrainingRun` leaves the loop to the caller."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks.config.run import RunConfig, read_config, to_toml
from seqtasks.config.user_code import code_files
from seqtasks.errors import SeqtasksError
from seqtasks.metrics.score import Score
from seqtasks.storage.atomic import atomic_file
from seqtasks.storage.bundle import read_bundle
from seqtasks.storage.directory_lock import lock_directory
from seqtasks.storage.model_paths import checkpoints, find_model
from seqtasks.storage.presence import exists, is_dir
from seqtasks.training.checkpoint import BEST
from seqtasks.training.events import DataReady, FinishedEvent, TrainingEvent, TrainingStarted
from seqtasks.training.interruption import StopRequest
from seqtasks.training.metrics_logger import MetricsLogger
from seqtasks.training.preparation import latest_checkpoint_of_all, prepare_in_all
from seqtasks.training.ranks import Ranks, join_ranks
from seqtasks.training.throughput import log_interval
from seqtasks.training.torchrun import launched
from seqtasks.training.trainer import Trainer

Configuration = RunConfig | Mapping[str, Any] | str | os.PathLike[str]
CONFIGURATION = "config.toml"


@dataclass(frozen=True)
class TrainingResult:
    """What came of a training."""

    output_dir: Path
    model_dir: Path
    """The model to use: the best one, or the latest checkpoint where none was validated yet."""
    step: int
    reason: str
    """Why training ended, such as "max_steps reached"."""
    interrupted: bool
    """Whether it was asked to stop; it can be resumed."""
    signal: int | None
    """The signal that asked for it, if one did."""
    warnings: tuple[str, ...]
    """What makes it doubtful that the model is of use, such as too few examples."""
    best_score: Score | None
    """The first validation score of the best model; None before the first validation."""
    scores: tuple[Score, ...]
    """Scores of the last validation."""


class TrainingRun:
    """A training whose loop is the caller's: iterating over it trains, and yields each event once it has happened.

        run = TrainingRun("run.toml", "my-model")
        for event in run:
            if isinstance(event, ValidationEvent) and event.evaluation.scores[0].value > 40:
                run.stop()
        print(run.result.model_dir)

    Args:
        config: As for `train`.
        output_dir: As for `train`.
        resume: As for `train`.
        stop_on_signals: As for `train`.
        **overrides: As for `train`.

    Raises:
        SeqtasksError: For a wrong configuration, or an `output_dir` that already contains a training run.
    """

    def __init__(
        self,
        config: Configuration,
        output_dir: str | os.PathLike[str],
        *,
        resume: bool = False,
        stop_on_signals: bool = False,
        **overrides: Any,
    ) -> None:
        self.output_dir = Path(output_dir)
        if not resume and not launched():  # in one of several processes, once they have found each other
            require_unused(self.output_dir)
        self.config = load_config(config, overrides)
        self.resume = resume
        self.stop_on_signals = stop_on_signals
        self.stop_request = StopRequest()
        self.ranks = Ranks()
        self.trainer: Trainer | None = None
        self.finished: FinishedEvent | None = None
        self.warnings: tuple[str, ...] = ()

    def stop(self) -> None:
        """Ends the training after the step it is in, with a checkpoint that it can be resumed from."""
        self.stop_request.requested = True

    def __iter__(self) -> Iterator[TrainingEvent]:
        self.ranks = join_ranks()
        self.stop_request.quiet = not self.ranks.is_first
        with self.locked() if self.ranks.is_first else nullcontext():
            if not self.resume and self.ranks.is_first:
                require_unused(self.output_dir)  # whoever held it a moment ago may have trained here
            yield from self.events()

    def locked(self) -> AbstractContextManager[None]:
        """Holds the output directory: two trainings would overwrite each other's checkpoints."""
        return lock_directory(
            self.output_dir,
            f"Another training is writing into {self.output_dir}",
            "Wait for it, stop it, or choose another output directory (--output).",
        )

    def events(self) -> Iterator[TrainingEvent]:
        """Reads the data, makes the model and trains it; `__iter__` locks the directory around it."""
        run, out, ranks = self.config, self.output_dir, self.ranks
        checkpoint = latest_checkpoint_of_all(out, ranks) if self.resume else None
        start = checkpoint or (read_bundle(find_model(run.init_from)) if run.init_from else None)
        prepared = prepare_in_all(run, start.processors if start else None, ranks)
        self.warnings = prepared.warnings
        yield DataReady(prepared.remarks, prepared.data, prepared.warnings, prepared.columns)
        config_toml = to_toml(run)
        code = code_files(run.task)
        trainer = self.trainer = Trainer(
            prepared.task,
            run.training,
            out=out,
            seed=run.seed,
            config_toml=config_toml,
            data={**prepared.data, "code": code} if code else prepared.data,
            weights=start.tensors() if start else None,
            init_modules=run.init_modules,
            stop=self.stop_request,
            ranks=ranks,
        )
        if self.resume:
            trainer.resume()
        logger = open_directory(out, config_toml, trainer) if ranks.is_first else None
        yield TrainingStarted(
            output_dir=out,
            config=run,
            step=trainer.step,
            seconds=trainer.seconds,
            parameters=sum(tensor.numel() for tensor in trainer.weights.values()),
            device=trainer.device,
            dtype=trainer.dtype,
            processes=trainer.processes.count,
            unit=trainer.task.unit,
            loss=trainer.task.describe_loss(),
            remarks=tuple(trainer.remarks),
        )
        with self.stop_request.on_signals() if self.stop_on_signals else nullcontext():
            for event in trainer.run():
                if logger is not None:
                    logger.log(event)
                if isinstance(event, FinishedEvent):
                    self.finished = event
                yield event

    @property
    def result(self) -> TrainingResult:
        """What came of it, once the last event was yielded."""
        if self.trainer is None or self.finished is None:
            raise RuntimeError("The training has not finished: iterate over it to the end.")
        trainer, out = self.trainer, self.output_dir
        first = trainer.scores[0] if trainer.scores else None
        named = next((score for score in trainer.scores if score.metric == trainer.config.metric_for_best_model), first)
        value = trainer.best.value
        best = Score(named.metric, value, named.signature) if named and value is not None else None
        return TrainingResult(
            output_dir=out,
            model_dir=find_model(out),
            step=trainer.step,
            reason=self.finished.reason,
            interrupted=self.finished.interrupted,
            signal=self.stop_request.signal,
            warnings=self.warnings,
            best_score=best,
            scores=trainer.scores,
        )


def train(
    config: Configuration,
    output_dir: str | os.PathLike[str],
    *,
    resume: bool = False,
    on_event: Callable[[TrainingEvent], object] | None = None,
    stop_on_signals: bool = False,
    **overrides: Any,
) -> TrainingResult:
    """Trains a model into a directory; `seqtasks train` does the same.

        result = seqtasks.train("run.toml", "my-model", seed=2, training={"max_steps": 900})
        translator = seqtasks.load(result.model_dir)

    Prints nothing, and changes no signal handler unless `stop_on_signals` asks for it: what a KeyboardInterrupt leaves
    can be resumed at the last checkpoint.

    Args:
        config: The path of a TOML file, a dictionary nested like one, or what `read_config` returns.
        output_dir: Where the best model, checkpoints, `config.toml` and `metrics.jsonl` go.
        resume: Continue from the latest checkpoint in `output_dir`; start anew where there is none.
        on_event: Called with each event once it has happened: DataReady, TrainingStarted, then those of the trainer.
        stop_on_signals: Ctrl-C, SIGTERM and SIGHUP end the training after the step it is in, with a checkpoint, and
            `train` returns.
        **overrides: Keys of the configuration that replace its own, tables as dictionaries that are merged into its
            tables: `seed=2, training={"max_steps": 900}`. A dotted key works as well: `**{"training.max_steps": 900}`.

    Returns:
        Where the model is, how good it is, and why training ended.

    Raises:
        SeqtasksError: For a wrong configuration, data that cannot be read, an `output_dir` that holds a training
            already, or a training that failed.
    """
    run = TrainingRun(config, output_dir, resume=resume, stop_on_signals=stop_on_signals, **overrides)
    for event in run:
        if on_event is not None:
            on_event(event)
    return run.result


def load_config(config: Configuration, overrides: Mapping[str, Any]) -> RunConfig:
    """The run configuration from any of the forms that it can be given in."""
    if isinstance(config, RunConfig):
        return read_config(tomllib.loads(to_toml(config)), overrides=overrides) if overrides else config
    return read_config(config if isinstance(config, Mapping) else Path(config), overrides=overrides)


def require_unused(directory: Path) -> None:
    """Raises SeqtasksError where a training, or something else, is in the place of a new one."""
    if exists(directory) and not is_dir(directory):
        raise SeqtasksError(f"{directory} is a file.", "Choose another output directory (--output).")
    if checkpoints(directory) or (directory / BEST / "bundle.json").is_file():
        raise SeqtasksError(
            f"{directory} already contains a training run.",
            "Resume it (--resume; in Python, resume=True), or choose another output directory (--output).",
        )


def open_directory(directory: Path, config_toml: str, trainer: Trainer) -> MetricsLogger:
    """Makes the directory, writes the configuration into it and opens the log."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with atomic_file(directory / CONFIGURATION) as stream:
            stream.write(config_toml.encode())
        interval = log_interval(trainer.config)
        return MetricsLogger(directory, trainer.task.unit, interval, trainer.step, trainer.seconds)
    except OSError as error:
        raise SeqtasksError(
            f"{directory} cannot be written: {error.strerror}.", "Choose another output directory (--output)."
        ) from error
