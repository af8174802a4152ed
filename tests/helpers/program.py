"""What the tests of the program share."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seqtasks.cli.app import run

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


def run_program(*arguments: str | Path, stdin: bytes = b"") -> Result:
    """Runs `seqtasks` in this process, with one thread."""
    before = sys.stdin, sys.stdout, sys.stderr
    streams = [io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="") for data in (stdin, b"", b"")]
    sys.stdin, sys.stdout, sys.stderr = streams
    try:
        words = [str(argument) for argument in arguments]
        code = run([*words, "--threads", "1"] if words[0] in SINGLE_THREADED else words)
        for stream in streams[1:]:
            stream.flush()
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    out, err = (stream.buffer.getvalue().decode() for stream in streams[1:])  # type: ignore[attr-defined]
    return Result(code, out, err)
