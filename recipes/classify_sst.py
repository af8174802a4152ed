"""Stanford sentiment sentences of two classes (SST-2, Socher et al. 2013): 6,920 sentences, lower-cased, tokenized.

    python recipes/classify_sst.py data/sst --output runs/sst
    python recipes/classify_sst.py data/sst --output runs/sst --model convolution --resume

The folder holds `stsa.binary.train`, `.dev` and `.test`, a label and a sentence a line. The models are trained on the
training sentences, without their phrases, and chosen on `dev`; --test measures on `test`, too. They read sentences as
people write them, `it's (not) bad.` for `it 's -lrb- not -rrb- bad .`, which are kept beside the models. --init-from
names a classifier of reviews with the labels 0 and 1, such as that of `classify_imdb.py`, from which a third model
starts. `--model convolution` compares the convolution of Kim (2014) with the bag of words, not an LSTM.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import tomli_w
import typer

import compare_classifiers as classifiers
from compare_classifiers import Compared, Network, chosen, compare, sources
from runner import Chosen, Resume, Test, Tiny, data_folder, official, read_lines, run
from seqtasks import find_model, read_bundle
from seqtasks.text.detokenize import blanks_before

FILE = "stsa.binary.{}"
SIGNS = {"-lrb-": "(", "-rrb-": ")", "``": '"', "''": '"'}
"""How the Penn Treebank writes signs."""
DATA = """\
seed = {seed}
{start}
{text}
[data]
train = {train}
validation = {dev}

"""
TEXT = """\
[text]
kind = "subwords"
vocab_size = 4000
"""
LSTM = """\
[model]
hidden_size = 96
embedding_dropout = 0.25
word_dropout = 0.1
pooling = "max"
dropout = 0.5

[model.encoder]
kind = "lstm"
hidden_size = 192
num_layers = 1
dropout = 0.25

[training]
max_steps = 1400
batch_tokens = 1000
learning_rate = 2e-3
warmup_steps = 100
lr_scheduler = "cosine"
ema_decay = 0.99
eval_steps = 100
save_steps = 700
"""
STARTED = """
[training]
max_steps = 1000
batch_tokens = 1000
learning_rate = 2e-3
warmup_steps = 50
lr_scheduler = "cosine"
ema_decay = 0.99
eval_steps = 100
save_steps = 500
"""
DROPOUT = 0.25
"""Of the model that starts from another, in its embedding and its encoder: a sentence has fewer words to miss."""
BAG = {"dim": 32, "dropout": 0.5, "ngrams": 2, "buckets": 50_000, "steps": 800, "batch_tokens": 1000,
       "learning_rate": 3e-3, "eval_steps": 100}  # fmt: skip
FILTERS = {"dim": 96, "dropout": 0.25, "filters": 100, "steps": 1400, "batch_tokens": 1000, "learning_rate": 2e-3,
           "warmup": 100, "decay": 0.99, "eval_steps": 100}  # fmt: skip


def ordinary(file: Path, folder: Path) -> Path:
    """The sentences of a file as people write them, as a table in the folder."""
    rows = ["label\ttext\n"]
    for line in read_lines(file):
        label, _, sentence = line.partition(" ")
        words = [SIGNS.get(word, word) for word in sentence.split()]
        blanks = blanks_before(words, "en")
        text = "".join(" " * blank + word for word, blank in zip(words, blanks, strict=True))
        rows.append(f"{label}\t{text}\n")
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / f"{file.name.removeprefix(FILE.format('')).removesuffix('.gz')}.tsv"
    table.write_text("".join(rows), encoding="utf-8")
    return table


def tables_of(model: str) -> tuple[str, str]:
    """How a model reads text, and its settings but for dropout, as TOML."""
    tables = tomllib.loads(read_bundle(find_model(model)).configuration.read_text(encoding="utf-8"))
    model_table, encoder = tables["model"], tables["model"]["encoder"]
    for setting in ("init_from", "init_modules"):
        encoder.pop(setting, None)
    for table, setting in ((model_table, "embedding_dropout"), (encoder, "dropout")):
        if setting in table:
            table[setting] = DROPOUT
    return tomli_w.dumps({"text": tables["text"]}), tomli_w.dumps({"model": model_table})


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA/sst.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory of the models.")] = Path("runs/sst"),
    init_from: Annotated[str | None, typer.Option(help="A classifier of reviews to start another model from.")] = None,
    model: Network = "lstm",
    seed: int = 1,
    test: Test = False,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train on SST-2 and print the rows of the results table."""
    folder = data_folder(data, "sst", FILE.format("train"))
    parts = {
        part: ordinary(official(folder, FILE.format(part)), output)
        for part in ("train", "dev", *(["test"] if test else []))
    }

    def configured(table: str, text: str = TEXT, start: str = "") -> str:
        given = {"seed": seed, "text": text, "start": start}
        return DATA.format(train=sources(parts["train"]), dev=sources(parts["dev"]), **given) + table

    name, table, smaller = {
        "lstm": ("LSTM", LSTM, classifiers.TINY_ENCODER),
        "convolution": ("convolution", classifiers.CONVOLUTION.format(**FILTERS), classifiers.TINY_CONVOLUTION),
    }[model]
    bag, encoder = (chosen(settings, *each, tiny=tiny) for each in (classifiers.TINY_BAG, smaller))
    models = [
        Compared("bag of words", "bag-of-words", configured(classifiers.BAG_OF_WORDS.format(**BAG)), bag),
        Compared(name, model, configured(table), encoder),
    ]
    if init_from is not None:
        text, table = tables_of(init_from)
        start = f'init_from = "{find_model(init_from).resolve()}"\n'
        training = [each for each in chosen(settings, tiny=tiny) if each.startswith("training.")]
        started = configured(table + STARTED, text, start)
        place = "from-reviews" if model == "lstm" else f"{model}-from-reviews"
        models.append(Compared(f"{name}, from reviews", place, started, training))
    compare(models, output, parts.get("test"), resume=resume)


if __name__ == "__main__":
    run(main)
