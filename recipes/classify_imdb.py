"""IMDb reviews (Maas et al. 2011): praise or blame, from the official 25,000 training reviews alone.

    python recipes/classify_imdb.py data/imdb --output runs/imdb
    python recipes/classify_imdb.py data/imdb --output runs/imdb --model convolution --resume

The folder holds the official `aclImdb` (`train/pos/0_9.txt` and so on), or its `train` and `test`, or `train.tsv` and
`test.tsv` with a label and a text a row. Four rows: what the commoner label gets, a bag of words, an LSTM on labels
alone, and the same over the embedding of a language model that has read the training reviews before (Dai & Le 2015).
With `--model convolution` there are three, the last of them the convolution of Kim (2014) on labels alone. A part of
the training reviews chooses the best weights; --test measures on the test reviews, once.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

import compare_classifiers as classifiers
from compare_classifiers import Compared, Network, chosen, compare, sources
from runner import Chosen, Resume, Tiny, run, train

TEXT = """\
[text]
kind = "subwords"
vocab_size = 8000
"""
DATA = f"""\
seed = {{seed}}

{TEXT}
[data]
train = {{train}}
validation_split = 0.05

"""
LABELS_ALONE = """\
[model]
hidden_size = 128
embedding_dropout = 0.4
word_dropout = 0.1
pooling = "max"
dropout = 0.5

[model.encoder]
kind = "lstm"
hidden_size = 512
num_layers = 1
bidirectional = true
dropout = 0.3

[training]
max_steps = 5000
batch_tokens = 8000
learning_rate = 2e-3
warmup_steps = 300
lr_scheduler = "cosine"
weight_decay = 0.01
ema_decay = 0.999
eval_steps = 1000
save_steps = 500
"""
LANGUAGE_MODEL = """\
task = "language-modeling"
seed = {seed}

{text}
[data]
train = {train}
validation_split = 0.02
num_streams = 48
bptt_len = 70

[model]
hidden_size = 256
tie_embeddings = true
embedding_dropout = 0.1
dropout = 0.1

[model.encoder]
kind = "lstm"
hidden_size = 512
num_layers = 1
bidirectional = false
variational_dropout = true
weight_dropout = 0.1
dropout = 0.2

[training]
max_steps = 8400
learning_rate = 2e-3
warmup_steps = 300
lr_scheduler = "cosine"
max_grad_norm = 0.5
ema_decay = 0.999
eval_steps = 2100
save_steps = 700
"""
TRANSFER = """\
[model]
hidden_size = 256
embedding_dropout = 0.4
word_dropout = 0.1
pooling = "max"
dropout = 0.5

[model.encoder]
kind = "lstm"
hidden_size = 512
num_layers = 1
bidirectional = true
dropout = 0.4
init_from = "{language_model}"
init_modules = "embedding"

[training]
max_steps = 5000
batch_tokens = 8000
learning_rate = 2e-3
warmup_steps = 300
lr_scheduler = "cosine"
weight_decay = 0.01
ema_decay = 0.999
eval_steps = 1000
save_steps = 500
"""
TINY_TEXT = "text.vocab_size=320"
TINY_STREAM = ("data.num_streams=4", "data.bptt_len=20", "data.validation_split=0.1")
BAG = {"dim": 32, "dropout": 0.2, "ngrams": 2, "buckets": 200_000, "steps": 2500, "batch_tokens": 8000,
       "learning_rate": 3e-3, "eval_steps": 500}  # fmt: skip
FILTERS = {"dim": 128, "dropout": 0.25, "filters": 100, "steps": 4000, "batch_tokens": 8000, "learning_rate": 2e-3,
           "warmup": 300, "decay": 0.998, "eval_steps": 500}  # fmt: skip
PARTS = {part: (f"{part}.tsv",) for part in ("train", "test")}


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA/imdb.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory of the models.")] = Path("runs/imdb"),
    model: Network = "lstm",
    seed: int = 1,
    test: Annotated[bool, typer.Option("--test", help="Measure on the test reviews, too.")] = False,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train on IMDb's reviews and print the rows of the results table."""
    folder = data or Path(os.environ.get("SEQTASKS_DATA", "data")) / "imdb"
    reviews, held_back = (classifiers.find((folder, folder / "aclImdb"), part, files) for part, files in PARTS.items())
    texts = [reviews / label for label in ("neg", "pos")] if reviews.is_dir() else [reviews]
    data_table = DATA.format(seed=seed, train=sources(reviews))
    bag = chosen(settings, TINY_TEXT, *classifiers.TINY_BAG, tiny=tiny)
    models = [Compared("bag of words", "bag-of-words", data_table + classifiers.BAG_OF_WORDS.format(**BAG), bag)]
    if model == "convolution":
        filters = chosen(settings, TINY_TEXT, *classifiers.TINY_CONVOLUTION, tiny=tiny)
        models.append(Compared("convolution", model, data_table + classifiers.CONVOLUTION.format(**FILTERS), filters))
    else:
        writer = output / "language-model"
        encoder, stream = (
            chosen(settings, TINY_TEXT, *classifiers.TINY_ENCODER, *more, tiny=tiny) for more in ((), TINY_STREAM)
        )
        train(LANGUAGE_MODEL.format(seed=seed, text=TEXT, train=sources(*texts)), writer, stream, resume=resume)
        transfer = data_table + TRANSFER.format(language_model=writer.resolve())
        models += [
            Compared("LSTM, labels alone", "lstm", data_table + LABELS_ALONE, encoder),
            Compared("LSTM, from a language model", "transfer", transfer, encoder),
        ]
    compare(models, output, held_back if test else None, resume=resume)


if __name__ == "__main__":
    run(main)
