"""UD English EWT (Silveira et al. 2014): universal parts of speech for English, from scratch.

    python recipes/tag_ud_ewt.py data/ud_ewt --output runs/pos-en

The folder holds `en_ewt-ud-train.conllu` and `en_ewt-ud-dev.conllu`, as the treebank's repository has them. The model
is trained on the one, chosen and measured on the other; --test measures on `en_ewt-ud-test.conllu`, once, at the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runner import (
    Chosen,
    Output,
    Resume,
    Test,
    Tiny,
    data_folder,
    evaluate,
    official,
    print_table,
    run,
    short,
    signatures,
    train,
    values,
)

FILE = "en_ewt-ud-{}.conllu"
CONFIGURATION = """\
task = "tagging"
seed = {seed}

[text]
language = "en"
min_freq = 2
lowercase = true

[data]
train = [{{ path = "{train}", label_column = "{column}" }}]
validation = [{{ path = "{dev}", label_column = "{column}" }}]

[model]
hidden_size = 128
embedding_dropout = 0.4
word_dropout = 0.2
head = "softmax"

[model.char_encoder]
kind = "{characters}"

[model.encoder]
kind = "lstm"
hidden_size = 400
num_layers = 2
dropout = 0.4

[training]
max_steps = 3000
batch_tokens = 1000
learning_rate = 3e-3
warmup_steps = 200
lr_scheduler = "cosine"
ema_decay = 0.995
eval_steps = 300
save_steps = 300
"""
TINY = ("model.hidden_size=16", "model.encoder.hidden_size=32", "model.encoder.num_layers=1", *short(60))


def configuration(data: Path, column: str, characters: str, seed: int) -> str:
    """The run configuration, as TOML."""
    train, dev = (official(data, FILE.format(part)).resolve() for part in ("train", "dev"))
    return CONFIGURATION.format(seed=seed, train=train, dev=dev, column=column, characters=characters)


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA/ud_ewt.")] = None,
    column: Annotated[str, typer.Option(help="What is learned: a column of CoNLL-U, such as xpos.")] = "upos",
    characters: Annotated[str, typer.Option(help="What reads the characters of words: cnn or lstm.")] = "cnn",
    output: Output = Path("runs/pos-en"),
    seed: int = 1,
    test: Test = False,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train a tagger on UD English EWT and print its rows of the results table."""
    folder = data_folder(data, "ud_ewt", FILE.format("train"))
    chosen = [*(TINY if tiny else ()), *(settings or [])]
    train(configuration(folder, column, characters, seed), output, chosen, resume=resume)
    rows = []
    for part in ("dev", "test") if test else ("dev",):
        result = evaluate(output, official(folder, FILE.format(part)))
        rows.append([output.name, part, *values(result, ["accuracy"]), signatures(result, "accuracy")])
    print_table(["model", "on", "accuracy", "signatures"], rows)


if __name__ == "__main__":
    run(main)
