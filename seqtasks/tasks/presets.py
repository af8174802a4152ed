"""What the presets of all tasks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from seqtasks.registry import ConfigModel

RECURRENT = ("lstm", "gru", "rnn")
TRUTH = {"true": True, "false": False}


@dataclass(frozen=True)
class SizePreset:
    """What suits an amount of data; tasks add columns of their own."""

    at_least: int
    """Words, characters, captions or pairs to train on from which on it applies."""
    dim: int
    batch_tokens: int
    epochs: int
    steps: tuple[int, int]
    """Fewest and most updates."""

    def updates(self, tokens: float) -> int:
        """Updates that go through so many tokens an epoch, within the limits."""
        fewest, most = self.steps
        return rounded(min(max(self.epochs * tokens / self.batch_tokens, fewest), most))

    def annealed(self, tokens: float, *, warmup: int, validations: int, **settings: Any) -> dict[str, Any]:
        """The table `training`: a learning rate that falls to 0 after a warm-up.

        Args:
            tokens: Those of the training data.
            warmup: The warm-up is one of so many parts of the updates.
            validations: So many there are, at most one every 100 updates.
            **settings: Further keys of the table.
        """
        steps = self.updates(tokens)
        every = max(100, rounded(steps / validations))
        return {
            "max_steps": steps,
            "batch_tokens": self.batch_tokens,
            "warmup_steps": max(50, rounded(steps / warmup)),
            "lr_scheduler": "cosine",
            "eval_steps": every,
            "save_steps": every,
            **settings,
        }


SizePresetT = TypeVar("SizePresetT", bound=SizePreset)


def preset_for(amount: int, presets: Sequence[SizePresetT]) -> SizePresetT:
    """The last preset that applies to this amount of data."""
    return next(preset for preset in reversed(presets) if amount >= preset.at_least)


def settings_of(kind: str, known: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The settings of a part of this kind; of kinds that are not `known`, nothing is set."""
    return {"kind": kind, **known.get(kind, {})}


def layers_of(kind: str, recurrent: dict[str, Any], transformer: dict[str, Any], dropout: float) -> dict[str, Any]:
    """The settings of an encoder or a decoder of text."""
    known = {**dict.fromkeys(RECURRENT, recurrent), "transformer": transformer}
    return settings_of(kind, {name: {**layers, "dropout": dropout} for name, layers in known.items()})


def rounded(steps: float) -> int:
    """To a multiple of 100."""
    return round(steps / 100) * 100


def chosen_kinds(settings: Mapping[str, str], *parts: str) -> dict[str, str]:
    """The kinds that settings such as `model.decoder.kind` choose for these parts, by the parts' last names.

    The kind of a part decides which other settings it has.
    """
    return {part.rpartition(".")[2]: settings[f"{part}.kind"] for part in parts if f"{part}.kind" in settings}


def source_options(settings: Mapping[str, str], number: int, declared: type[ConfigModel]) -> dict[str, Any]:
    """What `settings` such as `data.train.0.text_column` say of a source of the training data."""
    found = {name: settings.get(f"data.train.{number}.{name}") for name in declared.model_fields}
    return {
        name: column(value) if name.endswith("_column") else TRUTH.get(value.lower(), value)
        for name, value in found.items()
        if value
    }


def column(value: str) -> str | int:
    """A column by its name or its number."""
    return int(value) if value.isdecimal() else value
