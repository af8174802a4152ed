"""What the recipes of classification share: a bag of words to compare with, a convolution, a table of results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

from runner import evaluate, official, print_table, short, signatures, train, values
from seqtasks import Evaluation, Score, find_model, read_bundle

BAG_OF_WORDS = """\
[model]
hidden_size = {dim}
embedding_dropout = {dropout}
dropout = 0.0
pooling = "mean"

[model.encoder]
kind = "bag-of-words"
max_ngram_size = {ngrams}
num_buckets = {buckets}

[training]
max_steps = {steps}
batch_tokens = {batch_tokens}
learning_rate = {learning_rate}
warmup_steps = 50
lr_scheduler = "cosine"
ema_decay = 0.99
eval_steps = {eval_steps}
save_steps = {eval_steps}
"""
CONVOLUTION = """\
[model]
hidden_size = {dim}
embedding_dropout = {dropout}
word_dropout = 0.1
pooling = "max"
dropout = 0.5

[model.encoder]
kind = "text-cnn"
kernel_sizes = [3, 4, 5]
num_filters = {filters}

[training]
max_steps = {steps}
batch_tokens = {batch_tokens}
learning_rate = {learning_rate}
warmup_steps = {warmup}
lr_scheduler = "cosine"
weight_decay = 0.01
ema_decay = {decay}
eval_steps = {eval_steps}
save_steps = {eval_steps}
"""
"""Kim (2014): windows of three widths, each filter at its highest in the text; vectors of words are learned."""
METRICS = {"accuracy": "accuracy", "macro-f1": "macro F1", "calibration-error": "calibration error"}
"""What is told of each model, and how it is called in the table."""
TINY = ("model.hidden_size=16", *short(40))
TINY_ENCODER = ("model.encoder.hidden_size=16", "model.encoder.num_layers=1")
TINY_BAG = ("model.encoder.num_buckets=256",)
TINY_CONVOLUTION = ("model.encoder.num_filters=8",)
"""Settings that make a recipe last a minute: to see that all is in place, not to learn anything."""


Network = Annotated[
    Literal["lstm", "convolution"], typer.Option("--model", help="What is compared with a bag of words.")
]


class Compared(NamedTuple):
    """A classifier of the results table."""

    name: str
    place: str
    """Its directory, in that of the recipe."""
    configuration: str
    """As TOML, without the task."""
    settings: Sequence[str]


def compare(models: Sequence[Compared], output: Path, test: Path | None, *, resume: bool) -> None:
    """Trains the models and prints what they reach: on the validation data and, where there is any, on test data."""
    for model in models:
        train(f'task = "classification"\n{model.configuration}', output / model.place, model.settings, resume=resume)
    parts = {"validation": {model.name: validated(output / model.place) for model in models}}
    if test is not None:
        parts["test"] = {model.name: evaluate(output / model.place, test) for model in models}
    rows = []
    for part, results in parts.items():
        commonest = values(next(iter(results.values())), ["majority-accuracy"])
        rows.append(["majority", part, *commonest, "", "", ""])
        rows += [
            [name, part, *values(result, METRICS), signatures(result, "accuracy")] for name, result in results.items()
        ]
    print_table(["model", "on", *METRICS.values(), "signatures"], rows)


def validated(model: Path) -> Evaluation:
    """What the best weights of a training scored on the validation data."""
    scores = read_bundle(find_model(model)).scores
    return Evaluation(tuple(Score(**score) for score in scores), decoding="argmax")


def chosen(settings: Sequence[str] | None, *smaller: str, tiny: bool) -> list[str]:
    """What was chosen, behind what makes the recipe last a minute where that is asked for."""
    return [*((*TINY, *smaller) if tiny else ()), *(settings or [])]


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
