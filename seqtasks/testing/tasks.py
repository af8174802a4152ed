"""The contract of tasks: what a short training of one shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from seqtasks.config.run import RunConfig, read_config, to_toml
from seqtasks.inference.base import Pipeline
from seqtasks.loading import load
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models.loss import Loss
from seqtasks.storage.bundle import read_bundle
from seqtasks.storage.model_paths import checkpoints
from seqtasks.tasks.base import Task
from seqtasks.testing.contract import check_rules, same
from seqtasks.testing.modules import leaves, registered
from seqtasks.training.events import CheckpointEvent
from seqtasks.training.run import TrainingRun, train

SHORT: dict[str, Any] = {
    "max_steps": 6, "eval_steps": 3, "save_steps": 2, "save_total_limit": 9, "batch_tokens": 200, "warmup_steps": 1,
    "device": "cpu", "dtype": "float32", "num_threads": 1,
}  # fmt: skip
"""A training of a second."""


def check_task(config: Mapping[str, Any] | Path | str) -> None:
    """Checks a task by short trainings: the same data and batches again, the loss, what is stored, exact resumption.

        check_task({"task": "rating", "train": "ratings.tsv", "validation": "ratings.tsv"})

    Args:
        config: The run configuration of a small model on a few examples; how it is trained is chosen here.

    Raises:
        ContractError: It breaks its contract; the message says how, a line for each problem.
        SeqtasksError: The configuration is no right one, or its data cannot be read.
    """
    source = Path(config) if isinstance(config, str) else config
    run = read_config(source, overrides={f"training.{name}": value for name, value in SHORT.items()})
    contract = TaskContract(run)
    rules = [contract.batches, contract.loss, contract.validation, contract.training]
    foundations = [lambda: registered(Task, run.task), contract.preparation]
    check_rules(Task.of(run.task).__qualname__, foundations, rules)


class TaskContract:
    """The rules for one task."""

    def __init__(self, run: RunConfig) -> None:
        self.run = run
        self.kind = Task.of(run.task)

    def prepare(self, processors: Path | None = None) -> Any:
        """The task with its data."""
        return self.kind.prepare(self.run.task, self.run.seed, processors)

    def model(self, task: Any) -> Any:
        """A new model."""
        torch.manual_seed(1)
        model = task.build_model()
        task.initialize(model)
        task.on_train_start(model)
        return model

    def preparation(self) -> Iterator[str]:
        """Preparing twice gives the same, and processors that were saved are read as they were."""
        one, two = self.prepare(), self.prepare()
        if not isinstance(one.data.get("fingerprint"), str):
            yield (
                'PreparedTask.data has no "fingerprint": without one a training is resumed on other data unnoticed. '
                "Use seqtasks.tasks.fingerprint."
            )
        if one.data != two.data:
            yield f"Preparing the same data twice gives {one.data} and {two.data}."
        with TemporaryDirectory() as first, TemporaryDirectory() as second:
            one.task.save_processors(Path(first))
            self.kind.load(self.run.task, Path(first)).save_processors(Path(second))
            files = [
                {str(file.relative_to(folder)): file.read_bytes() for file in Path(folder).rglob("*") if file.is_file()}
                for folder in (first, second)
            ]
            if files[0] != files[1]:
                wrong = sorted(name for name in files[0] | files[1] if files[0].get(name) != files[1].get(name))
                yield f"Processors that are saved, loaded and saved again differ: {', '.join(wrong)}."
            again = self.prepare(Path(first))
            if again.data != one.data:
                yield "Preparing with the saved processors gives other data."

    def batches(self) -> Iterator[str]:
        """The seed decides about all batches, and a saved state about those that follow."""
        tokens = SHORT["batch_tokens"]
        loaders = [self.prepare().task.batches(tokens, 1) for _ in range(3)]
        first = list(islice(loaders[0], 7))
        if not equal(first, list(islice(loaders[1], 7))):
            yield "The same seed gives other batches: draw random numbers from the generator that collate is given."
        stopped = self.prepare().task.batches(tokens, 1)
        list(islice(stopped, 3))
        loaders[2].load_state_dict(stopped.state_dict())
        if not equal(first[3:], list(islice(loaders[2], 4))):
            yield "After load_state_dict other batches follow than without a stop: no run could be resumed exactly."
        rows = {len(leaf) for leaf in leaves(first[0])}
        if len(rows) != 1:
            yield (
                f"The tensors of a batch have {sorted(rows)} rows: all need the same first axis, to be divided among "
                "processes."
            )

    def loss(self) -> Iterator[str]:
        """The loss is a finite sum over a count above zero, and trains the model."""
        task = self.prepare().task
        model = self.model(task).train()
        batch = next(iter(task.batches(SHORT["batch_tokens"], 1)))
        loss = task.loss(model, batch)
        if not isinstance(loss, Loss):
            yield f"loss gives a {type(loss).__name__}, expected Loss(total, count)."
            return
        total, count = loss.total.item(), loss.count.item()
        if not math.isfinite(total) or count <= 0:
            yield f"The loss is {total} over {count}, expected a finite sum and a count above 0."
            return
        loss.total.backward()  # type: ignore[no-untyped-call]
        learned = [each for each in model.parameters() if each.requires_grad]
        if not any(each.grad is not None and bool(each.grad.abs().sum() > 0) for each in learned):
            yield "The loss has no gradient for any parameter of the model."

    @torch.no_grad()
    def validation(self) -> Iterator[str]:
        """`validate` gives scores, leaves the weights as they are, and says the same twice."""
        task = self.prepare().task
        model = self.model(task).eval()
        before = [each.clone() for each in model.state_dict().values()]
        found = [task.validate(model) for _ in range(2)]
        if not isinstance(found[0], Evaluation) or not found[0].scores:
            yield f"validate gives {found[0]!r}, expected an Evaluation with one score or more."
            return
        if not all(torch.equal(*each) for each in zip(before, model.state_dict().values(), strict=True)):
            yield "validate changes the weights of the model."
        if repr(found[0].scores) != repr(found[1].scores):
            yield f"validate gives {found[0].scores} and then {found[1].scores} for the same model."

    def training(self) -> Iterator[str]:
        """A training that is stopped at any checkpoint and resumed ends with the same weights, to the bit."""
        with TemporaryDirectory() as folder:
            straight = Path(folder, "straight")
            result = train(self.run, straight)
            expected = read_bundle(checkpoints(straight)[-1]).tensors()
            for number, checkpoint in enumerate(checkpoints(straight)[:-1], 1):
                stopped = Path(folder, f"stopped-{number}")
                events = TrainingRun(self.run, stopped)
                for event in events:
                    if isinstance(event, CheckpointEvent) and event.path.name == checkpoint.name:
                        break
                train(self.run, stopped, resume=True)
                found = read_bundle(checkpoints(stopped)[-1]).tensors()
                wrong = [name for name, tensor in expected.items() if not torch.equal(found[name], tensor)]
                if wrong:
                    yield (
                        f"Stopped at {checkpoint.name} and resumed, {wrong[0]} ends with other values: what training "
                        "changes has to be in the model, in the state of the batches or in Task.state_dict."
                    )
                    break
            yield from self.bundle(result.model_dir)

    def bundle(self, model_dir: Path) -> Iterator[str]:
        """A trained model is loaded from its directory alone, with its configuration and a model card."""
        again = read_config(model_dir / "config.toml")
        if to_toml(again) != to_toml(self.run):
            yield "The configuration that is written with a model is not the one that trained it."
        if not (model_dir / "README.md").read_text(encoding="utf-8").strip():
            yield "The model card is empty."
        pipeline = load(model_dir)
        if not isinstance(pipeline, Pipeline):
            yield f"pipeline gives a {type(pipeline).__name__}, expected a seqtasks.Pipeline."
        elif any(model.training for model in pipeline.models):
            yield "The models of a loaded pipeline are in training mode."


def equal(one: list[Any], other: list[Any]) -> bool:
    """Whether batches hold the same numbers."""
    ones: list[Tensor] = leaves(one)
    others: list[Tensor] = leaves(other)
    return len(ones) == len(others) and all(
        a.shape == b.shape and same(a.float(), b.float(), 0.0) for a, b in zip(ones, others, strict=True)
    )
