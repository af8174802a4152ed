"""What the recipes of classification have in common: a bag of words to compare with, and a table of results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from commands import cell, evaluate, official, score, train

from seqtasks import find_model, read_bundle

BAG_OF_WORDS = """\
[model]
dim = {dim}
embedding_dropout = {dropout}
dropout = 0.0
pooling = "mean"

[model.encoder]
kind = "bag_of_words"
ngrams = {ngrams}
buckets = {buckets}

[training]
steps = {steps}
batch_tokens = {batch_tokens}
learning_rate = {learning_rate}
warmup = 50
schedule = "cosine"
ema_decay = 0.99
validate_every = {validate_every}
checkpoint_every = {validate_every}
"""
HEADING = "| model | on | accuracy | macro F1 | calibration error | signatures |\n|---|---|---|---|---|---|"
COLUMNS = ("accuracy", "macro-f1", "calibration-error")
TINY = (
    "model.dim=16",
    "training.steps=40",
    "training.warmup=10",
    "training.validate_every=20",
    "training.checkpoint_every=20",
)
TINY_ENCODER = ("model.encoder.dim=16", "model.encoder.layers=1")
TINY_BAG = ("model.encoder.buckets=256",)
"""Settings that make a recipe last a minute: to see that all is in place, not to learn anything."""


def sources(*paths: Path) -> str:
    """Data of a run configuration, as TOML."""
    return "[{}]".format(", ".join(f'{{ path = "{path.resolve()}" }}' for path in paths))


def find(folders: Sequence[Path], name: str, files: Sequence[str]) -> Path:
    """A folder called `name`, or one of `files` of it, compressed or not, in the first of the folders that has it."""
    for folder in folders:
        for file in files:
            if (found := official(folder, file)).is_file():
                return found
        if (folder / name).is_dir():
            return folder / name
    raise typer.BadParameter(f"{folders[0]} holds neither {name} nor {files[0]}", param_hint="DATA")


def rows(models: Sequence[tuple[str, Path]], test: Path | None) -> list[str]:
    """What the commonest label gets, then each model: on the validation data and, where there is any, on test data."""
    parts = {"validation": {name: validated(path) for name, path in models}}
    if test is not None:
        parts["test"] = {name: evaluate(path, test) for name, path in models}
    lines = []
    for part, results in parts.items():
        commonest = score(named(next(iter(results.values()))), "majority-accuracy")["value"]
        lines.append(f"| majority | {part} | {commonest:.2f} | | | |")
        lines += [row(name, part, named(result)) for name, result in results.items()]
    return lines


def validated(model: Path) -> dict[str, Any]:
    """What the best weights of a training scored on the validation data."""
    return {"scores": read_bundle(find_model(model)).scores, "decoding": "argmax"}


def named(result: dict[str, Any]) -> dict[str, Any]:
    """The result with its metrics called as bundles call them."""
    scores = [{**each, "metric": each["metric"].lower().replace(" ", "-")} for each in result["scores"]]
    return {**result, "scores": scores}


def row(name: str, part: str, result: dict[str, Any]) -> str:
    """A row of the results table."""
    shown = " | ".join(f"{score(result, metric)['value']:.2f}" for metric in COLUMNS)
    signed = f"{cell(score(result, 'accuracy')['signature'])} {cell(result['decoding'])}"
    return f"| {name} | {part} | {shown} | {signed} |"


def classify(configuration: str, out: Path, settings: Sequence[str], *, resume: bool) -> Path:
    """Trains a classifier; gives its directory."""
    train(f'task = "classification"\n{configuration}', out, settings, resume=resume)
    return out
