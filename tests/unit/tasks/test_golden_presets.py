"""The presets of every task are those of 27b483f, for amounts of data on both sides of each step and for all kinds.

Their numbers stand in tables that nothing else looks at: a training with a wrong one ends well.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from seqtasks.config.run import read_config, to_toml
from seqtasks.data.captions.captioned_images import CaptionSource
from seqtasks.data.documents.source import DocumentSource
from seqtasks.data.documents.text_corpus import TextSource
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.data.tagging.readers import TaggedSource

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "fixtures" / "presets.jsonl").read_text(encoding="utf-8").splitlines()
]
"""Configurations that 27b483f wrote, in its own names."""
PRESETS: dict[str, tuple[str, str, tuple[Any, ...]]] = {
    "translation": ("translation", "translation_preset", ([ParallelSource(path=Path("pairs.tsv"))], ("en", "de"))),
    "captioning": ("captioning", "captioning_preset", (CaptionSource(images=Path("photos"), captions=Path("c.csv")),)),
    "tagging": ("tagging", "tagging_preset", ([TaggedSource(path=Path("en_x-ud-train.conllu"))],)),
    "classification": (
        "classification",
        "classification_preset",
        ([DocumentSource(path=Path("reviews.csv"), text_column="review")],),
    ),
    "generation": ("language_modeling", "generation_preset", ([TextSource(path=Path("book.txt"))],)),
}


@pytest.mark.parametrize("task", PRESETS)
def test_a_preset_is_the_one_it_was(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, name, arguments = PRESETS[task]
    presets = import_module(f"seqtasks.tasks.{folder}.presets")
    if task == "captioning":
        monkeypatch.setattr(presets, "official_split", lambda *_: None)
        monkeypatch.setattr(presets, "read_captioned_images", lambda *_: [])
    cases = [case for case in CASES if case["task"] == task]
    assert len(cases) >= 10
    for case in cases:
        stats = case["stats"]
        monkeypatch.setattr(presets, "measure", lambda *_, stats=stats: stats)
        kinds = {part: "bag-of-words" if kind == "bag_of_words" else kind for part, kind in case["kinds"].items()}
        ours = read_config(getattr(presets, name)(*arguments, **kinds))
        assert to_toml(ours) == to_toml(read_config(case["run"], warn=False)), (case["stats"], kinds)
