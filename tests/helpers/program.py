"""What the tests of the program share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

TINY = (
    "model.hidden_size=32",
    "model.embedding_dropout=0.0",
    "model.encoder.num_layers=1",
    "model.encoder.ffn_dim=64",
    "model.encoder.dropout=0.0",
    "model.decoder.num_layers=1",
    "model.decoder.ffn_dim=64",
    "model.decoder.dropout=0.0",
    "text.vocab_size=400",
    "text.model_type=bpe",
    "data.validation_split=40",
    "training.batch_tokens=400",
    "training.learning_rate=0.01",
    "training.warmup_steps=10",
    "training.ema_decay=0.9",
    "training.num_threads=1",
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
