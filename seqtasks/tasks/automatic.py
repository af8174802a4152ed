"""What run configurations that are chosen by the amount of data have in common."""

from __future__ import annotations

from typing import Any

RECURRENT = ("lstm", "gru", "rnn")


def updates(tokens: float, batch_tokens: int, epochs: int, limits: tuple[int, int]) -> int:
    """Updates that go through so many tokens an epoch, within the limits: the fewest and the most."""
    fewest, most = limits
    return rounded(min(max(epochs * tokens / batch_tokens, fewest), most))


def annealed(steps: int, batch_tokens: int, *, warmup: int, validations: int, **settings: Any) -> dict[str, Any]:
    """The table `training`: a learning rate that falls to 0, after a warm-up over one of so many parts of the updates,
    and so many validations. `settings` are added."""
    every = max(100, rounded(steps / validations))
    return {
        "steps": steps,
        "batch_tokens": batch_tokens,
        "warmup": max(50, rounded(steps / warmup)),
        "schedule": "cosine",
        "validate_every": every,
        "checkpoint_every": every,
        **settings,
    }


def layers_of(kind: str, recurrent: dict[str, Any], transformer: dict[str, Any], dropout: float) -> dict[str, Any]:
    """The settings of an encoder or a decoder of that kind; of kinds that are not built in, nothing is set."""
    if kind in RECURRENT:
        return {"kind": kind, **recurrent, "dropout": dropout}
    if kind == "transformer":
        return {"kind": kind, **transformer, "dropout": dropout}
    return {"kind": kind}


def rounded(steps: float) -> int:
    """To a multiple of 100."""
    return round(steps / 100) * 100
