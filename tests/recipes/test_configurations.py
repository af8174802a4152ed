"""What the recipes train is what they trained at 27b483f: its resolved configurations are in `configurations.jsonl`."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from helpers.official_layouts import write_everything

import seqtasks
from seqtasks import Evaluation, Score

REPOSITORY = Path(__file__).parents[2]
TEACHER = REPOSITORY / "benchmarks" / "models" / "multi30k-en-de"
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"multi30k {model}": ("translate_multi30k", {"model": model}) for model in ("transformer", "lstm", "quick")},
    "multi30k student": ("translate_multi30k", {"model": "student", "teacher": str(TEACHER)}),
    "tatoeba": ("translate_tatoeba", {}),
    **{
        f"flickr8k {model}": ("caption_flickr8k", {"model": model})
        for model in ("show-and-tell", "show-attend-and-tell", "transformer")
    },
    "flickr8k fused": ("caption_flickr8k", {"model": "fused", "through": "rewarded"}),
    "ud_ewt": ("tag_ud_ewt", {}),
    "imdb": ("classify_imdb", {}),
    "sst": ("classify_sst", {"init_from": "sentiment"}),
    "names": ("classify_names", {"balanced": True}),
    "shakespeare": ("generate_shakespeare", {}),
    **{f"video {temporal}": ("video_captions", {"temporal": temporal}) for temporal in ("none", "causal", "both")},
}
METRICS = (
    "bleu", "chrf", "cider-d", "bleu-4", "bleu-1", "rouge-l", "accuracy", "macro-f1", "majority-accuracy", "loss",
    "perplexity", "bits-per-character",
)  # fmt: skip


def expected(case: str, root: Path) -> dict[str, seqtasks.RunConfig]:
    """The configurations of a case at 27b483f, by the directories of the models."""
    lines = Path(__file__).with_name("configurations.jsonl").read_text(encoding="utf-8")
    lines = lines.replace("ROOT", str(root)).replace("REPO", str(REPOSITORY))
    saved = [json.loads(line) for line in lines.splitlines()]
    return {each["place"]: seqtasks.read_config(each["config"], warn=False) for each in saved if each["case"] == case}


@pytest.mark.parametrize("tiny", [True, False], ids=["tiny", "whole"])
@pytest.mark.parametrize("case", CASES)
def test_a_recipe_trains_the_configurations_that_it_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, tiny: bool
) -> None:
    name, options = CASES[case]
    data, output = tmp_path / "data", tmp_path / "out"
    write_everything(data)
    found: dict[str, seqtasks.RunConfig] = {}

    def train(configuration: str, place: Path, settings: list[str], *, resume: bool) -> None:
        config = import_module("runner").configured(configuration, settings)
        found[str(place.relative_to(output))] = config

    def evaluate(*arguments: Any, **options: Any) -> Evaluation:
        return Evaluation(tuple(Score(metric, 0.0, "") for metric in METRICS))

    recipe, classifiers = import_module(name), import_module("compare_classifiers")
    for module in (recipe, classifiers):
        monkeypatch.setattr(module, "train", train, raising=False)
        monkeypatch.setattr(module, "evaluate", evaluate, raising=False)
    monkeypatch.setattr(recipe, "teach", lambda *arguments, **options: None, raising=False)
    monkeypatch.setattr(classifiers, "validated", evaluate)
    monkeypatch.setenv("SEQTASKS_DATA", str(data))
    if case == "tatoeba":
        options = {"help_texts": data / "help.tsv"}
    recipe.main(output=output, tiny=tiny, **options)
    assert found == expected(f"{case}{', tiny' if tiny else ''}", tmp_path)
