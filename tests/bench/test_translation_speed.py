"""How fast the models translate: `make bench`. Compare two states of the code in one run on one machine, not across."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import seqtasks

MULTI30K = Path(__file__).parents[2] / "benchmarks" / "models" / "multi30k-en-de"
WHO = ("A man in a blue shirt", "Two young women", "A small brown dog", "Several children", "An old man with a hat")
WHAT = ("is riding a bike", "are standing on a bridge", "runs through the snow", "is playing a guitar")
WHERE = ("near a river.", "in front of a large building while people watch.", "at night.", "on the street.")
SENTENCES = [f"{who} {what} {where}" for who in WHO for what in WHAT for where in WHERE]


@pytest.mark.parametrize("beam", [1, 5])
@pytest.mark.parametrize("model", ["en-de", MULTI30K], ids=["en-de", "multi30k"])
def test_translating_eighty_sentences(benchmark: Any, model: str | Path, beam: int) -> None:
    translator = seqtasks.load(model, threads=1)
    found = benchmark.pedantic(translator.translate, (SENTENCES,), {"beam": beam}, rounds=5, warmup_rounds=1)
    benchmark.extra_info["sentences a second"] = len(SENTENCES) / benchmark.stats.stats.median
    assert all(translation.text for translation in found)
