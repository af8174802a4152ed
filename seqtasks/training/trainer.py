"""The one trainer: a generator of reports. Showing them, and stopping, is up to who asks for them."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.config.training import InitModules, TrainingConfig
from seqtasks.device import (
    autocast,
    available_cores,
    choose_device,
    choose_dtype,
    configure_runtime,
    release_freed_memory,
)
from seqtasks.errors import SeqtasksError
from seqtasks.incremental_state import tree_map
from seqtasks.metrics.score import Score
from seqtasks.models import Loss
from seqtasks.models.state_dict import load_unique_state_dict, unique_state_dict
from seqtasks.plurals import counted
from seqtasks.tasks.base import BatchTensors, Task
from seqtasks.training.averaging import make_averaging
from seqtasks.training.best_model import BestModel
from seqtasks.training.checkpoint import BEST, CheckpointWriter, latest_checkpoint
from seqtasks.training.events import (
    CheckpointEvent,
    FinishedEvent,
    StepEvent,
    StepSkipped,
    TrainingEvent,
    ValidationEvent,
)
from seqtasks.training.init_from import in_encoder, load_init_from
from seqtasks.training.interruption import StopRequest
from seqtasks.training.l2_sp import L2SP
from seqtasks.training.optimizer import learning_rate, make_optimizer, set_learning_rate
from seqtasks.training.processes import choose_processes, start_processes
from seqtasks.training.ranks import Ranks

COUNTERS = ("step", "seconds", "validated_step")
"""What checkpoints keep under the names that it has here."""


class Trainer:
    """Trains the model of a task.

    On one machine configuration and data alone decide on the final weights, resumed or not; on a CPU bit for bit.

    Args:
        task: Prepared: with its data and processors.
        settings: The table `[training]` of the run configuration.
        out: The directory of the training.
        seed: Of weights, batches and dropout.
        config_toml: The run configuration, which bundles hold.
        data: What manifests say of the data; its "fingerprint" has to be that of the checkpoint to resume.
        weights: Those to start from, as `unique_state_dict` names them; None for those that the task initializes.
        init_modules: "encoder" takes the encoder's alone; the rest of the model is new all the same.
        stop: Can end the training early, after any step.
        ranks: The processes that torchrun has started, of which the first one validates and saves.

    Raises:
        SeqtasksError: The weights are those of another model, or there is no such device.
    """

    def __init__(
        self,
        task: Task,
        settings: TrainingConfig,
        *,
        out: Path,
        seed: int,
        config_toml: str,
        data: dict[str, Any],
        weights: Mapping[str, Tensor] | None = None,
        init_modules: InitModules = "model",
        stop: StopRequest | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.task = task
        self.config = settings
        self.init_modules = init_modules
        self.out = out
        self.stop = stop or StopRequest()
        self.ranks = ranks or Ranks()
        self.device = self.ranks.device(choose_device(settings.device))
        processes = choose_processes(
            settings.num_processes, settings.num_threads, available_cores(), self.device, self.ranks.size
        )
        configure_runtime(self.ranks.threads(settings.num_threads))
        self.dtype = choose_dtype(settings.dtype, self.device)
        self.writer = CheckpointWriter(out, task, config_toml, data, settings.save_total_limit)
        torch.manual_seed(seed)
        self.model: nn.Module = task.build_model().to(self.device)
        if weights is None:
            task.initialize(self.model)
        else:
            load_init_from(self.model, weights, init_modules, self.is_newly_initialized)
        self.remarks = self.ranks.first_on_each_machine(lambda: task.on_train_start(self.model))
        self.processes = start_processes(self.model, self.loss, self.backward, processes, self.ranks)
        self.weights = unique_state_dict(self.model)
        self.optimizer = make_optimizer(self.model, settings, self.is_newly_initialized)
        self.l2_sp = L2SP(self.model, settings.l2_sp, self.is_newly_initialized)
        self.averaging = make_averaging(self.weights, settings)
        self.batches = self.ranks.first_on_each_machine(lambda: task.batches(settings.batch_tokens, seed))
        self.batches.share = self.ranks.share
        self.step = 0
        self.seconds = 0.0
        self.nonfinite_steps = 0
        self.best = BestModel(settings.metric_for_best_model)
        self.scores: tuple[Score, ...] = ()
        self.validated_step = -1
        self.saved_step = -1

    def is_newly_initialized(self, name: str) -> bool:
        """Whether a model that training starts from lacks the tensor, or has it for another decoder."""
        return self.task.is_newly_initialized(name) or (self.init_modules == "encoder" and not in_encoder(name))

    def resume(self) -> int:
        """Continues from the latest checkpoint in `out`; returns its step, 0 when there is none.

        Raises:
            SeqtasksError: The checkpoint belongs to other data or to a model with other settings.
        """
        bundle = latest_checkpoint(self.out)
        if bundle is None:
            return 0
        self.writer.require_resumable(bundle)
        state = bundle.trainer()
        load_unique_state_dict(self.model, state["weights"])
        self.optimizer.load_state_dict(state["optimiser"])
        self.averaging.load_state_dict(state["averaging"])
        self.l2_sp.load_state_dict(state)
        self.batches.load_state_dict(state["batches"])
        self.task.load_state_dict(state["carried"])
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and state["cuda_random"] is not None:
            torch.cuda.set_rng_state(state["cuda_random"], self.device)
        for name in COUNTERS:
            setattr(self, name, state[name])
        self.nonfinite_steps = state["bad_steps"]
        self.best.load_state_dict(state)
        self.scores = tuple(Score(**score) for score in state["scores"])
        self.saved_step = self.step
        return self.step

    def run(self) -> Generator[TrainingEvent, None, None]:
        """Trains to the end; every update, validation and checkpoint is reported once it is done."""
        try:
            yield from self.steps()
        finally:
            self.processes.stop()

    def steps(self) -> Iterator[TrainingEvent]:
        """Updates, validations and checkpoints until training is over, then a FinishedEvent.

        Raises:
            SeqtasksError: `max_nonfinite_steps` updates in a row had a loss or a gradient that was not finite.
        """
        settings = self.config
        stream = iter(self.batches)
        if settings.eval_on_start and self.step == 0 and not self.stopping():
            yield self.validate()
        while True:
            stopping, reason = self.stopping(), self.finished()
            if stopping or reason is not None:
                break
            started = time.perf_counter()
            report = self.update(list(islice(stream, settings.gradient_accumulation_steps)))
            release_freed_memory()
            self.seconds += time.perf_counter() - started
            if isinstance(report, StepSkipped):
                yield report
                if report.in_a_row >= settings.max_nonfinite_steps:
                    raise SeqtasksError(
                        f"Training stopped at step {self.step}: {report.in_a_row} consecutive updates were not finite.",
                        "Lower training.learning_rate, or look for broken examples in the data.",
                    )
                continue
            yield replace(report, seconds=self.seconds)
            if self.step % settings.eval_steps == 0 or self.step == settings.max_steps:
                yield self.validate()
            if self.step % settings.save_steps == 0 or self.step == settings.max_steps:
                yield self.save()
        if reason is not None and self.validated_step != self.step:
            yield self.validate()
        if self.saved_step != self.step:
            yield self.save()
        self.ranks.on_first(self.writer.remove_old)  # one killed behind its last checkpoint did not come to it
        yield FinishedEvent(self.step, reason or "interrupted", interrupted=reason is None)

    def stopping(self) -> bool:
        """Whether any process was asked to stop; the time that counts is the first one's."""
        seconds = self.seconds if self.ranks.is_first else 0.0
        requested, self.seconds = self.ranks.sum(float(self.stop.requested), seconds)
        return requested > 0

    def finished(self) -> str | None:
        """Why training is over; None while it is not."""
        settings = self.config
        if self.step >= settings.max_steps:
            return "max_steps reached"
        if settings.max_minutes is not None and self.seconds >= 60 * settings.max_minutes:
            return "max_minutes reached"
        if 0 < settings.early_stopping_patience <= self.best.unimproved:
            return f"{counted(self.best.unimproved, 'validations')} without improvement"
        return None

    def update(self, batches: list[BatchTensors]) -> StepEvent | StepSkipped:
        """One update from the gradients of all `batches`, divided by their number of target tokens together."""
        total = count = 0.0
        for number, batch in enumerate(batches, 1):
            part = self.processes.run(batch, is_last=number == len(batches))
            total, count = total + part[0], count + part[1]
        gradients = [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
        torch._foreach_div_(gradients, count or 1.0)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.max_grad_norm or math.inf).item()
        if not (math.isfinite(total) and math.isfinite(norm)):
            self.optimizer.zero_grad()
            self.nonfinite_steps += 1
            reason = "the loss is not finite" if not math.isfinite(total) else "the gradient is not finite"
            return StepSkipped(self.step, reason, self.nonfinite_steps)
        self.nonfinite_steps = 0
        self.step += 1
        rate = learning_rate(self.step, self.config)
        set_learning_rate(self.optimizer, rate, self.step)
        self.optimizer.step()
        self.l2_sp.after_step(self.optimizer)
        self.optimizer.zero_grad()
        self.averaging.after_step(self.step)
        epoch = self.batches.state_dict()["epoch"]
        return StepEvent(self.step, epoch, total / (count or 1.0), count, rate, norm, 0.0)

    def loss(self, batch: BatchTensors) -> Loss:
        """The loss of a batch: its sum over the target tokens, and their number."""
        self.model.train()
        batch = tree_map(lambda each: each.to(self.device, non_blocking=True), batch)
        with autocast(self.device, self.dtype):
            return self.task.loss(self.model, batch)

    def backward(self, batch: BatchTensors) -> tuple[float, float]:
        """Adds the gradients of the batch's loss; returns its sum over the target tokens, and their number."""
        loss = self.loss(batch)
        loss.total.backward()  # type: ignore[no-untyped-call]
        return loss.total.item(), loss.count.item()

    def validate(self) -> ValidationEvent:
        """Scores the averaged weights as a user would see them; keeps them in `best` when they are the best so far."""
        self.averaging.before_validation()
        event, best = self.ranks.on_first(lambda: (self.evaluate(), self.best.state_dict()))
        self.best.load_state_dict(best)
        self.scores = event.evaluation.scores
        self.validated_step = self.step
        return event

    def evaluate(self) -> ValidationEvent:
        """A validation in the process that does it for all."""
        with self.averaged():
            self.model.eval()
            evaluation = self.task.validate(self.model)
            best = self.best.update(evaluation)
            if best:
                self.writer.write(BEST, self.weights, evaluation.scores)
        return ValidationEvent(self.step, evaluation, best, self.seconds, self.best.warning(evaluation))

    def save(self) -> CheckpointEvent:
        """Writes a checkpoint: the averaged weights as a model to use, and all that training needs to go on."""
        state = {
            "weights": self.weights,
            "optimiser": self.optimizer.state_dict(),
            "averaging": self.averaging.state_dict(),
            **self.l2_sp.state_dict(),
            "batches": self.batches.state_dict(),
            "carried": self.ranks.gather_rows(self.task.state_dict()),
            "random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
            **{name: getattr(self, name) for name in COUNTERS},
            "bad_steps": self.nonfinite_steps,
            **self.best.state_dict(),
            "scores": [vars(score) for score in self.scores],
        }
        name, average = f"step-{self.step}", self.averaging.average()
        path = self.ranks.on_first(lambda: self.writer.write(name, average, self.scores, state))
        self.saved_step = self.step
        return CheckpointEvent(self.step, path)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The model with its averaged weights; random numbers drawn meanwhile do not count."""
        live = {name: tensor.clone() for name, tensor in self.weights.items()}
        random = torch.get_rng_state()
        for name, tensor in self.averaging.average().items():
            self.weights[name].copy_(tensor)
        try:
            yield
        finally:
            for name, tensor in live.items():
                self.weights[name].copy_(tensor)
            torch.set_rng_state(random)
