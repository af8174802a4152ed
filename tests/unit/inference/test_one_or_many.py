"""Pipelines take one input or a list, and one alone gets the answer that it gets in a list."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seqtasks import load

INPUTS: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "en-de": ("translate", ["A dog runs.", "Two men talk in the park."], {"max_length": "8"}),
    "pos-en": ("tag", ["A dog runs.", "Two men talk in the park."], {}),
    "sentiment": ("classify", ["A wonderful film.", "Dull, and far too long."], {}),
    "shakespeare": ("generate", ["ROMEO:\n", "What"], {"max_length": "6"}),
    "captions": ("caption", ["red.png", "blue.png"], {"max_length": "6"}),
}


def near(one: Any, other: Any) -> bool:
    """Equal, but for the last digits of numbers: the sums of a batch are grouped otherwise."""
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and near(vars(one), vars(other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(near(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(near, one, other))
    return bool(one == pytest.approx(other, rel=1e-3, abs=1e-4)) if isinstance(one, float) else bool(one == other)


@pytest.mark.parametrize("name", INPUTS)
def test_one_alone_is_as_in_a_list(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for color in ("red", "blue"):
        Image.new("RGB", (64, 48), color).save(f"{color}.png")
    method, inputs, options = INPUTS[name]
    pipeline = load(name, threads=1, dtype="float32")
    take = getattr(pipeline, method)
    together = list(take(inputs, **options))
    assert len(together) == len(inputs)
    assert all(near(take(each, **options), alone) for each, alone in zip(inputs, together, strict=True))
    assert near(pipeline(inputs[0], **options), together[0])
    assert list(take([], **options)) == []
