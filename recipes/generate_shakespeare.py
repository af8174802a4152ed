"""Tiny Shakespeare (Karpathy 2015): a language model of characters, a million of them.

    python recipes/generate_shakespeare.py data/char/tinyshakespeare.txt --output runs/shakespeare

The first 90 % of the characters are trained on; the model is chosen and measured on the last 10 %, which it reads as
one stream. The two parts are written beside the model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runner import Chosen, Output, Resume, Tiny, data_folder, evaluate, print_table, run, score, signatures, train
from seqtasks import Evaluation

FILE = "tinyshakespeare.txt"
TRAINED_ON = 0.9
METRICS = {"loss": "nats/token", "perplexity": "perplexity", "bits-per-character": "bits/character"}
"""And their columns; every token is a character."""
CONFIGURATION = """\
task = "language-modeling"
seed = {seed}

[text]
kind = "characters"
min_freq = 1

[data]
train = [{{ path = "{train}" }}]
validation = [{{ path = "{validation}" }}]
num_streams = 64
bptt_len = 100

[model]
hidden_size = 128
tie_embeddings = false
embedding_dropout = 0.1

[model.encoder]
kind = "lstm"
hidden_size = 512
num_layers = 2
bidirectional = false
dropout = 0.5
weight_dropout = 0.2

[training]
max_steps = 5500
batch_tokens = 6400
learning_rate = 3e-3
warmup_steps = 200
lr_scheduler = "cosine"
ema_decay = 0.998
eval_steps = 500
save_steps = 250
"""
TINY = (
    "data.num_streams=8",
    "data.bptt_len=32",
    "model.hidden_size=16",
    "model.encoder.hidden_size=32",
    "model.encoder.num_layers=1",
    "training.max_steps=60",
    "training.warmup_steps=10",
    "training.eval_steps=30",
    "training.save_steps=30",
)


def parts(file: Path, folder: Path) -> tuple[Path, Path]:
    """The two parts of the text, each in a file of its own."""
    text = file.read_text(encoding="utf-8")
    cut = int(TRAINED_ON * len(text))
    folder.mkdir(parents=True, exist_ok=True)
    train, validation = folder / "train.txt", folder / "validation.txt"
    train.write_text(text[:cut], encoding="utf-8")
    validation.write_text(text[cut:], encoding="utf-8")
    return train.resolve(), validation.resolve()


def row(name: str, result: Evaluation) -> list[str]:
    """A row of the results table."""
    return [name, *(f"{score(result, metric).value:.4f}" for metric in METRICS), signatures(result, "loss")]


def main(
    data: Annotated[Path | None, typer.Argument(help="The text; else SEQTASKS_DATA/char/tinyshakespeare.txt.")] = None,
    output: Output = Path("runs/shakespeare"),
    seed: int = 1,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train a model of characters on Tiny Shakespeare and print its row of the results table."""
    file = data or data_folder(None, "char", FILE) / FILE
    if not file.is_file():
        raise typer.BadParameter(f"{file}: there is no such file", param_hint="DATA")
    trained_on, validation = parts(file, output)
    configuration = CONFIGURATION.format(seed=seed, train=trained_on, validation=validation)
    train(configuration, output, [*(TINY if tiny else ()), *(settings or [])], resume=resume)
    result = evaluate(output, validation, dtype="float32")
    print_table(["model", *METRICS.values(), "signatures"], [row(output.name, result)])


if __name__ == "__main__":
    run(main)
