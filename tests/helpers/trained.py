"""A model that is trained on the spot, for tests of what can be learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from seqtasks.config.training import TrainingConfig
from seqtasks.tasks.base import PreparedTask
from seqtasks.training.trainer import Trainer


def trained(
    prepared: PreparedTask,
    out: Path,
    *,
    steps: int,
    batch_tokens: int,
    learning_rate: float,
    warmup: int,
    ema_decay: float,
    weights: Mapping[str, Tensor] | None = None,
) -> Trainer:
    """The trainer after so many updates at a rate that falls to 0, validated at the end alone; its model evaluates."""
    settings = TrainingConfig(
        max_steps=steps, batch_tokens=batch_tokens, learning_rate=learning_rate, warmup_steps=warmup,
        lr_scheduler="cosine",
        ema_decay=ema_decay, eval_steps=steps, save_steps=steps, num_threads=1, device="cpu", dtype="float32",
    )  # fmt: skip
    trainer = Trainer(prepared.task, settings, out=out, seed=1, config_toml="", data=prepared.data, weights=weights)
    list(trainer.run())
    trainer.model.eval()
    return trainer
