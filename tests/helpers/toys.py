"""A task without text: a linear model and numbers to fit, so that training itself can be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.config.training import TrainingConfig
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.metrics.score import Score
from seqtasks.models import Loss
from seqtasks.registry import ConfigModel
from seqtasks.tasks.base import PreparedTask, Task
from seqtasks.training.ranks import Ranks
from seqtasks.training.trainer import Trainer


class ToyModelSettings(ConfigModel):
    width: int = 3


class ToySettings(ConfigModel):
    kind: str = "toy"
    model: ToyModelSettings = ToyModelSettings()


class ToyModel(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.line = nn.Linear(width, 1)

    def loss(self, batch: tuple[Tensor, ...]) -> Loss:
        inputs, wanted = batch
        return Loss((self.line(inputs).squeeze(1) - wanted).square().sum(), torch.tensor(len(wanted)))


class ToyBatches:
    """Batch `index` is random, of 2 to 5 examples; those in `broken` hold a NaN."""

    def __init__(self, width: int, broken: frozenset[int]) -> None:
        self.width, self.broken = width, broken
        self.index = 0

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        while True:
            self.index += 1
            yield self.batch(self.index)

    def batch(self, index: int) -> tuple[Tensor, Tensor]:
        random = torch.Generator().manual_seed(index)
        inputs = torch.randn(2 + index % 4, self.width, generator=random)
        wanted = inputs.sum(1) * (torch.nan if index in self.broken else 1.0)
        return inputs, wanted

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.index // 10, "index": self.index}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.index = state["index"]


class ToyTask(Task):
    """Validation gives the next of `scores`, the last one again and again."""

    def __init__(
        self,
        *,
        scores: Sequence[float] = (1.0,),
        broken: Sequence[int] = (),
        width: int = 3,
        lower_is_better: bool = False,
    ) -> None:
        self.config = ToySettings(model=ToyModelSettings(width=width))
        self.values = list(scores)
        self.broken = frozenset(broken)
        self.validations = 0
        self.lower_is_better = lower_is_better

    @classmethod
    def prepare(cls, config: Any, seed: int, processors: Path | None = None) -> PreparedTask:
        raise NotImplementedError

    @classmethod
    def load(cls, config: Any, processors: Path) -> Task:
        raise NotImplementedError

    def build_model(self) -> nn.Module:
        return ToyModel(self.config.model.width)

    def loss(self, model: nn.Module, batch: tuple[Tensor, ...]) -> Loss:
        assert isinstance(model, ToyModel)
        return model.loss(batch)

    def batches(self, batch_tokens: int, seed: int) -> ToyBatches:
        return ToyBatches(self.config.model.width, self.broken)

    def validate(self, model: nn.Module) -> Evaluation:
        assert not model.training
        torch.rand(5)
        value = self.values[min(self.validations, len(self.values) - 1)]
        self.validations += 1
        return Evaluation((Score("toy", value, "none"),), lower_is_better=self.lower_is_better)

    def save_processors(self, folder: Path) -> None:
        (folder / "toy.txt").write_text("toy", encoding="utf-8")

    def model_card(self, scores: tuple[Score, ...], data: dict[str, Any]) -> str:
        return "A toy."


def toy_trainer(
    out: Path, task: Task | None = None, *, fingerprint: str = "same", ranks: Ranks | None = None, **settings: Any
) -> Trainer:
    """A trainer of a toy, 12 steps long unless told otherwise."""
    plain = {"max_steps": 12, "num_threads": 1, "dtype": "float32", "device": "cpu", "warmup_steps": 0, "eval_steps": 4}
    return Trainer(
        ToyTask() if task is None else task,
        TrainingConfig(**{**plain, "save_steps": 4, **settings}),
        out=out,
        seed=1,
        config_toml="",
        data={"fingerprint": fingerprint},
        ranks=ranks,
    )
