"""A task broken on purpose: the kit finds each fault and says what it is."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from seqtasks.config.user_code import load_code
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models import Loss
from seqtasks.registry import Component
from seqtasks.tasks import PreparedTask
from seqtasks.testing import ContractError, check_task

CODE = Path(__file__).parents[2] / "fixtures" / "code" / "own_task.py"
CONFIG = {"task": "rating", "train": "ratings.tsv", "validation": "ratings.tsv", "model": {"width": 4}}


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The task of the fixture, which is forgotten afterwards, and data for it."""
    for family in Component.__subclasses__():
        monkeypatch.setattr(family, "kinds", dict(family.kinds))
    monkeypatch.chdir(tmp_path)
    words = random.Random(1)
    lines = [f"{' '.join(words.choices(['good', 'film', 'plot'], k=5))}\t{number % 3}" for number in range(60)]
    Path("ratings.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    load_code(CODE)
    return sys.modules["seqtasks_code_own_task"]


def test_a_good_task() -> None:
    check_task(CONFIG)


def without_fingerprint(task: type[Any]) -> None:
    prepare = task.prepare.__func__

    def other(cls: type[Any], *given: Any) -> PreparedTask[Any]:
        found = prepare(cls, *given)
        del found.data["fingerprint"]
        return found

    task.prepare = classmethod(other)


def counting(task: type[Any]) -> None:
    """The loss is another one from batch to batch, which no state tells."""
    loss = task.loss

    def other(self: Any, model: Any, batch: Any) -> Loss:
        self.count = getattr(self, "count", 0) + 1
        found = loss(self, model, batch)
        return Loss(found.total + self.count * model.output.weight.sum(), found.count)

    task.loss = other


def lucky(task: type[Any]) -> None:
    batches = task.batches

    def other(self: Any, batch_tokens: int, seed: int) -> Any:
        return batches(self, batch_tokens, random.randrange(10**6))

    task.batches = other


def training_on_validation(task: type[Any]) -> None:
    validate = task.validate

    def other(self: Any, model: Any) -> Evaluation:
        found: Evaluation = validate(self, model)
        model.output.bias.data += 1.0
        return found

    task.validate = other


def infinite(task: type[Any]) -> None:
    task.loss = lambda self, model, batch: Loss(model(*batch[:2]).sum() * torch.inf, torch.tensor(1))


def countless(task: type[Any]) -> None:
    task.loss = lambda self, model, batch: Loss(model(*batch[:2]).sum(), torch.tensor(0))


def constant(task: type[Any]) -> None:
    task.loss = lambda self, model, batch: Loss((model(*batch[:2]) * 0).sum(), torch.tensor(1))


def bare(task: type[Any]) -> None:
    task.loss = lambda self, model, batch: model(*batch[:2]).sum()


def untidy(task: type[Any]) -> None:
    """Processors that are other ones every time."""
    save = task.save_processors

    def other(self: Any, folder: Path) -> None:
        save(self, folder)
        (folder / "noise.txt").write_text(str(random.random()), encoding="utf-8")

    task.save_processors = other


def ragged(task: type[Any]) -> None:
    batches = task.batches

    def other(self: Any, *given: Any) -> Any:
        loader = batches(self, *given)
        collate = loader.collate
        loader.collate = lambda *each: collate(*each)._replace(ratings=torch.zeros(1))
        return loader

    task.batches = other


def scoreless(task: type[Any]) -> None:
    task.validate = lambda self, model: None


FAULTS: Sequence[tuple[str, Callable[[type[Any]], None]]] = [
    ('PreparedTask.data has no "fingerprint"', without_fingerprint),
    ("Stopped at step-2 and resumed", counting),
    ("The same seed gives other batches", lucky),
    ("validate changes the weights", training_on_validation),
    ("expected a finite sum and a count above 0", infinite),
    ("expected a finite sum and a count above 0", countless),
    ("The loss has no gradient", constant),
    ("expected Loss(total, count)", bare),
    ("Processors that are saved, loaded and saved again differ: noise.txt", untidy),
    ("The tensors of a batch have", ragged),
    ("expected an Evaluation", scoreless),
]


@pytest.mark.parametrize(("problem", "breaks"), FAULTS, ids=[breaks.__name__ for _, breaks in FAULTS])
def test_broken_tasks(problem: str, breaks: Callable[[type[Any]], None], own: ModuleType) -> None:
    breaks(own.RatingTask)
    with pytest.raises(ContractError) as caught:
        check_task(CONFIG)
    assert problem in str(caught.value)
