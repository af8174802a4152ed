"""What the presets of all tasks share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seqtasks.errors import SeqtasksError

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
        "max_steps": steps,
        "batch_tokens": batch_tokens,
        "warmup_steps": max(50, rounded(steps / warmup)),
        "lr_scheduler": "cosine",
        "eval_steps": every,
        "save_steps": every,
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


def chosen_kinds(settings: Mapping[str, str], *parts: str) -> dict[str, str]:
    """The kinds that settings such as `model.decoder.kind` choose for these parts, by the parts' last names.

    The kind of a part decides which other settings it has.
    """
    return {part.rpartition(".")[2]: settings[f"{part}.kind"] for part in parts if f"{part}.kind" in settings}


def column(value: str | None) -> str | int | None:
    """A column by its name or its number."""
    return int(value) if value is not None and value.isdecimal() else value


def require_no_languages(task: str, languages: tuple[str, str] | None) -> None:
    """Raises SeqtasksError where a task that knows one language is given two."""
    if languages is not None:
        raise SeqtasksError(f"{task} knows one language.", "Say which with --set text.language=de")
