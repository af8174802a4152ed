"""How the cost of training grows: pairs of sentences, parameters. A process a core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import dataclass
from functools import partial
from itertools import islice, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.scaling.curves import Curve, Key, Work, lines_of, measure
from seqtasks.config.training import TrainingConfig
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.device import available_cores
from seqtasks.models import EncoderDecoder
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation.data import TranslationData
from seqtasks.text import SubwordTokenizer
from seqtasks.training.events import StepEvent
from seqtasks.training.trainer import Trainer

FOREVER = 10**9
SEED = 1
VOCABULARY = 5_000
KINDS = {"Transformer": 3, "LSTM": 1}
"""Layers of the encoder."""
WARM = 5
"""Updates before the first epoch that counts."""


@dataclass(frozen=True)
class Training:
    """What is trained on, and where on the axes."""

    pairs: tuple[int, ...] = (1_000, 2_000, 4_000, 8_000, 16_000, 29_000)
    dims: tuple[int, ...] = (64, 128, 256, 512)
    dim: int = 128
    """Of the models that learn from more and more pairs."""
    most_updates: int = 80
    """A round of each number of pairs; an epoch where that is less."""
    updates: int = 12
    """A round of each size of model."""


class Trained:
    """The data, and how both kinds of model are trained."""

    def __init__(self, folder: Path, size: Training, rounds: int) -> None:
        def source(part: str) -> list[ParallelSource]:
            return [ParallelSource(source=folder / f"{part}.en", target=folder / f"{part}.de")]

        config = TranslationTask.Config(
            text=SubwordTokenizer.Config(vocab_size=VOCABULARY),
            data=TranslationData(train=source("train"), validation=source("val")),
            model=model("Transformer", size.dim),
        )
        task = TranslationTask.prepare(config, seed=SEED).task
        assert isinstance(task, TranslationTask)
        self.task = task
        self.size = size
        self.rounds = rounds
        self.settings = TrainingConfig(
            max_steps=FOREVER, batch_tokens=1_500, eval_steps=FOREVER, save_steps=FOREVER, device="cpu"
        )

    def with_model(self, kind: str, dim: int, pairs: int | None = None) -> TranslationTask:
        """The task for a model of this width, on the first pairs; the vocabulary is that of all."""
        task = copy(self.task)
        task.config = self.task.config.model_copy(update={"model": model(kind, dim)})
        task.train, task.weights = self.task.train[:pairs], self.task.weights[:pairs]
        return task

    @contextmanager
    def trainer(self, task: TranslationTask) -> Iterator[tuple[Trainer, Iterator[Any]]]:
        """A training, and its reports; its processes end with it."""
        with TemporaryDirectory() as folder:
            trainer = Trainer(task, self.settings, out=Path(folder), seed=SEED, config_toml="", data={})
            with closing(trainer.run()) as reports:
                yield trainer, reports

    def epoch(self, task: TranslationTask) -> tuple[int, int]:
        """Updates and target tokens of an epoch, ends included."""
        batches = task.batches(self.settings.batch_tokens, seed=SEED)
        updates = tokens = 0
        for batch in batches:
            if batches.state_dict()["epoch"]:
                break
            updates += 1
            tokens += int(batch.target_mask[:, 1:].sum())
        return updates, tokens

    def setup(self) -> dict[str, Any]:
        given = {"vocabulary": self.task.target.size, "batch_tokens": self.settings.batch_tokens}
        return {**given, "num_processes": available_cores(), "rounds": self.rounds}

    def data(self) -> Curve:
        """One training after the other: those that wait would hold the memory of their processes."""
        speeds: dict[Key, list[float]] = {}
        tokens: dict[Key, int] = {}
        for pairs, kind in product(self.size.pairs, KINDS):
            task = self.with_model(kind, self.size.dim, pairs)
            key: Key = (kind, len(task.train))
            epoch_updates, tokens[key] = self.epoch(task)
            updates = min(self.size.most_updates, epoch_updates)
            with self.trainer(task) as (_, reports):
                works: dict[Key, Work] = {key: partial(trained, reports, updates)}
                speeds |= measure("data", works, self.rounds, {key: partial(trained, reports, WARM)})
        seconds = {key: [tokens[key] / speed for speed in each] for key, each in speeds.items()}
        return Curve(
            name="data", title="Data", x="pairs of sentences", y="seconds an epoch", ideal=1,
            lines=lines_of(seconds, lambda key, median: round(tokens[key] / median)),
            also="target tokens a second", setup=self.setup(),
            remark=f"The first pairs of Multi30k's training part, the vocabulary of all, width {self.size.dim}; a "
            "Transformer of 3+3 layers, inside four times as wide, an LSTM of 1+2 layers with attention. A round is an "
            f"epoch, but at most {self.size.most_updates} updates: the time of longer ones follows from their tokens.",
        )  # fmt: skip

    def model(self) -> Curve:
        speeds: dict[Key, list[float]] = {}
        _, tokens = self.epoch(self.task)
        for dim, kind in product(self.size.dims, KINDS):
            with self.trainer(self.with_model(kind, dim)) as (trainer, reports):
                key: Key = (kind, sum(each.numel() for each in trainer.model.parameters()))
                speeds |= measure("model", {key: partial(trained, reports, self.size.updates)}, self.rounds)
        return Curve(
            name="model", title="Size of the model", x="parameters", y="target tokens a second", ideal=-1,
            lines=lines_of(speeds, lambda key, median: round(tokens / median, 1)),
            also="seconds an epoch", setup={**self.setup(), "updates a round": self.size.updates},
            remark=f"Widths {', '.join(map(str, self.size.dims))}, all of Multi30k's training part; a Transformer of "
            "3+3 layers, inside four times as wide, an LSTM of 1+2 layers with attention. The seconds of an epoch "
            "follow from its tokens.",
        )  # fmt: skip


def model(kind: str, dim: int) -> EncoderDecoder.Config:
    """Settings of a Transformer or an LSTM that is as wide everywhere."""
    parts: dict[str, Any] = {"kind": kind.lower(), "num_layers": KINDS[kind]}
    if kind == "Transformer":
        sides = {side: {**parts, "num_heads": 4, "ffn_dim": 4 * dim} for side in ("encoder", "decoder")}
    else:
        sides = {"encoder": {**parts, "hidden_size": dim}, "decoder": {**parts, "hidden_size": dim, "num_layers": 2}}
    return EncoderDecoder.Config.model_validate({"hidden_size": dim, **sides})


def trained(reports: Iterator[Any], updates: int) -> float:
    """Goes on for so many updates; how many target tokens they had."""
    return sum(report.num_tokens for report in islice(reports, updates) if isinstance(report, StepEvent))
