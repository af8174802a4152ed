"""What the tests of the program share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

TINY = (
    "model.dim=32",
    "model.embedding_dropout=0.0",
    "model.encoder.layers=1",
    "model.encoder.inner_dim=64",
    "model.encoder.dropout=0.0",
    "model.decoder.layers=1",
    "model.decoder.inner_dim=64",
    "model.decoder.dropout=0.0",
    "text.size=400",
    "text.model=bpe",
    "data.held_out=40",
    "training.batch_tokens=400",
    "training.learning_rate=0.01",
    "training.warmup=10",
    "training.ema_decay=0.9",
    "training.threads=1",
    'training.dtype="float32"',
)
"""Settings of a model that trains in seconds."""

SINGLE_THREADED = ("translate", "caption", "tag", "classify", "generate", "evaluate", "score")
"""Commands that are told to use one thread."""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Program = Callable[..., Result]


def settings(*chosen: str) -> list[str]:
    """`--set` for each."""
    return [word for setting in chosen for word in ("--set", setting)]
