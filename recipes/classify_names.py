"""Surnames of 18 languages (the names of PyTorch's tutorial): which language is one from, character by character?

    python recipes/classify_names.py data/names --output runs/names

The folder holds a file a language, `Arabic.txt` and so on, a name a line. There is no official split: of the names of
each language, 10 % validate and 15 % test, the same for every seed, and a name that several languages have is in one
part alone. The parts are kept in `data` beside the models. --balanced makes each language count the same in training:
the mean F1 grows, the accuracy falls, for almost half of the names are Russian.
"""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from compare_classifiers import BAG_OF_WORDS, TINY_BAG, TINY_ENCODER, Compared, chosen, compare, sources
from runner import Chosen, Resume, Test, Tiny, data_folder, run

SHARES = {"test": 0.15, "dev": 0.1}
DATA = """\
seed = {seed}
class_weights = "{weights}"

[text]
kind = "characters"
min_freq = 1

[data]
train = {train}
validation = {dev}

"""
RECURRENT = """\
[model]
hidden_size = 64
embedding_dropout = 0.2
pooling = "max"
dropout = 0.4

[model.encoder]
kind = "{kind}"
hidden_size = 256
num_layers = 1
dropout = 0.2

[training]
max_steps = 3000
batch_tokens = 1000
learning_rate = 2e-3
warmup_steps = 100
lr_scheduler = "cosine"
ema_decay = 0.995
eval_steps = 300
save_steps = 1000
"""
BAG = {"dim": 32, "dropout": 0.2, "ngrams": 3, "buckets": 30_000, "steps": 2000, "batch_tokens": 1000,
       "learning_rate": 5e-3, "eval_steps": 200}  # fmt: skip


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA/names.")] = None,
    model: Annotated[Literal["rnn", "gru", "lstm"], typer.Option(help="What reads the characters.")] = "lstm",
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory of the models.")] = Path("runs/names"),
    balanced: Annotated[bool, typer.Option("--balanced", help="Each language counts the same in training.")] = False,
    seed: int = 1,
    test: Test = False,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train on names and print the rows of the results table."""
    parts = split(data_folder(data, "names", "Arabic.txt"), output / "data")
    common = DATA.format(
        seed=seed,
        weights="balanced" if balanced else "none",
        train=sources(parts["train"]),
        dev=sources(parts["dev"]),
    )
    bag, encoder = (chosen(settings, *smaller, tiny=tiny) for smaller in (TINY_BAG, TINY_ENCODER))
    models = [
        Compared("bag of 1 to 3 characters", "bag-of-words", common + BAG_OF_WORDS.format(**BAG), bag),
        Compared(f"character {model.upper()}", model, common + RECURRENT.format(kind=model), encoder),
    ]
    compare(models, output, parts["test"] if test else None, resume=resume)


def split(folder: Path, output: Path) -> dict[str, Path]:
    """Writes train.tsv, dev.tsv and test.tsv; names stand in the order of their languages."""
    languages: defaultdict[str, list[str]] = defaultdict(list)
    for file in sorted(folder.glob("*.txt")):
        for name in file.read_text(encoding="utf-8").split("\n"):
            if name.strip():
                languages[name.strip()].append(file.stem)
    chance = random.Random(1)
    lines: dict[str, list[str]] = {part: [] for part in ("train", *SHARES)}
    for language in sorted({each for found in languages.values() for each in found}):
        names = sorted(name for name, found in languages.items() if found[0] == language)
        chance.shuffle(names)
        first = 0
        for part, share in SHARES.items():
            last = first + round(share * len(names))
            lines[part] += names[first:last]
            first = last
        lines["train"] += names[first:]
    output.mkdir(parents=True, exist_ok=True)
    for part, names in lines.items():
        rows_of_part = [f"{language}\t{name}\n" for name in names for language in languages[name]]
        (output / f"{part}.tsv").write_text("".join(["label\ttext\n", *rows_of_part]), encoding="utf-8")
    return {part: output / f"{part}.tsv" for part in lines}


if __name__ == "__main__":
    run(main)
