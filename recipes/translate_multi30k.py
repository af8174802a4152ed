"""Multi30k (Elliott et al. 2016), image descriptions from English to German: 29,000 pairs, text alone.

    python recipes/translate_multi30k.py data/multi30k --model transformer --output runs/multi30k-transformer

The folder holds `train`, `val` and `test_2016_flickr` with the endings .en and .de, as the public download has them
(compressed or not). The model is trained on `train` and chosen on `val`; `test_2016_flickr` is read once, at the end.
With `--teacher MODEL` a trained model writes the targets that another one learns from. `--model student` is made for
that: the teacher's encoder, and a smaller decoder with words of its own, as good and half as fast again or more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tomli_w
import typer

from distillation import encoder_of, teach
from runner import (
    TINY,
    Chosen,
    Resume,
    Tiny,
    cell,
    data_folder,
    evaluate,
    official,
    print_table,
    run,
    score,
    signatures,
    train,
    values,
)
from seqtasks import find_model

DATA = """\
task = "translation"
seed = {seed}
lowercase = true
{start}
[languages]
source = "en"
target = "de"

[data]
train = [{train}]
validation = [{{ source = "{validation_source}", target = "{validation_target}" }}]
"""

TRANSFORMER = """
[text]
kind = "subwords"
vocab_size = 5000
subword_sampling = 0.5

[model]
hidden_size = 192
embedding_dropout = 0.3

[model.encoder]
kind = "transformer"
num_layers = 3
num_heads = 4
ffn_dim = 512
dropout = 0.3

[model.decoder]
kind = "transformer"
num_layers = 3
num_heads = 4
ffn_dim = 512
dropout = 0.3

[training]
max_steps = 14500
batch_tokens = 1500
learning_rate = 3e-3
warmup_steps = 600
ema_decay = 0.9995
"""

LSTM = """
[text]
kind = "subwords"
vocab_size = 5000
subword_sampling = 0.5

[model]
hidden_size = 256
embedding_dropout = 0.3
word_dropout = 0.1

[model.encoder]
kind = "lstm"
hidden_size = 384
num_layers = 1
dropout = 0.4

[model.decoder]
kind = "lstm"
hidden_size = 384
num_layers = 2
dropout = 0.4

[training]
max_steps = 6000
batch_tokens = 1500
learning_rate = 2e-3
warmup_steps = 600
ema_decay = 0.9995
"""

QUICK = """
[text]
kind = "subwords"
vocab_size = 5000

[model]
hidden_size = 256
embedding_dropout = 0.2

[model.encoder]
kind = "lstm"
hidden_size = 320
num_layers = 1
dropout = 0.25

[model.decoder]
kind = "lstm"
hidden_size = 320
num_layers = 2
dropout = 0.25

[training]
max_steps = 2000
batch_tokens = 1500
learning_rate = 3e-3
warmup_steps = 300
lr_scheduler = "cosine"
ema_decay = 0.998
"""

START = """\
init_from = "{teacher}"
init_modules = "encoder"
shared_vocab = false
"""

STUDENT = """
[text]
kind = "subwords"
vocab_size = 3000

[model]
hidden_size = {dim}
tie_embeddings = "output"
embedding_dropout = 0.15

{encoder}
[model.decoder]
kind = "transformer"
num_layers = 2
num_heads = 4
ffn_dim = 512
dropout = 0.15

[training]
max_steps = 6000
batch_tokens = 2000
learning_rate = 3e-3
pretrained_lr_scale = 0.3
warmup_steps = 400
lr_scheduler = "cosine"
ema_decay = 0.999
"""
STUDENT_DROPOUT = 0.15
WRITTEN, WEIGHTS = ("nearest", "second"), (1.0, 0.5)
"""The teacher's hypotheses that are nearest to the references, and their weights in training."""

Model = Literal["transformer", "lstm", "quick", "student"]
MODELS: dict[Model, str] = {"transformer": TRANSFORMER, "lstm": LSTM, "quick": QUICK, "student": STUDENT}


def configuration(data: Path, model: Model, seed: int, teacher: str | None, targets: Sequence[Path]) -> str:
    """The run configuration, as TOML. What a teacher has written are the `targets`; else those of the data are."""
    source, target, *validation = (
        official(data, f"{file}.{language}").resolve() for file in ("train", "val") for language in ("en", "de")
    )
    learned = zip(targets, WEIGHTS, strict=True) if targets else [(target, 1.0)]
    pairs = (f'{{ source = "{source}", target = "{path.resolve()}", weight = {weight} }}' for path, weight in learned)
    start, tables = "", MODELS[model]
    if model == "student" and teacher is not None:
        dim, encoder = encoder_of(teacher, STUDENT_DROPOUT)
        start = START.format(teacher=find_model(teacher).resolve())
        tables = tables.format(dim=dim, encoder=tomli_w.dumps({"model": {"encoder": encoder}}))
    head = DATA.format(
        seed=seed,
        start=start,
        train=", ".join(pairs),
        validation_source=validation[0],
        validation_target=validation[1],
    )
    return head + tables


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA/multi30k.")] = None,
    model: Annotated[
        Model, typer.Option(help="quick is an LSTM for a few minutes; student needs a teacher.")
    ] = "transformer",
    teacher: Annotated[
        str | None, typer.Option(help="A trained model, whose translations of the training part are the targets.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Directory of the model.")] = None,
    seed: int = 1,
    beam: int = 5,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train a translator on Multi30k and print its row of the results table."""
    folder = data_folder(data, "multi30k", "train.en")
    output = output or Path("runs") / f"multi30k-{model}"
    targets: list[Path] = []
    if teacher is not None:
        targets = [output / f"{name}.de" for name in WRITTEN]
        if not (resume and all(path.is_file() for path in targets)):
            output.mkdir(parents=True, exist_ok=True)
            teach(teacher, official(folder, "train.en"), official(folder, "train.de"), written=targets)
    elif model == "student":
        raise typer.BadParameter("a student needs a teacher: --teacher MODEL", param_hint="--model")
    chosen = [*(TINY if tiny else ()), *(settings or [])]
    train(configuration(folder, model, seed, teacher, targets), output, chosen, resume=resume)
    test = [official(folder, f"test_2016_flickr.{language}") for language in ("en", "de")]
    lowercase = evaluate(output, *test, beam_size=beam, lowercase=True)
    cased = evaluate(output, *test, beam_size=beam, lowercase=False)
    print_table(
        ["model", "BLEU, lower-cased", "BLEU, cased", "chrF", "signatures"],
        [
            [
                model,
                *values(lowercase, ["bleu"]),
                *values(cased, ["bleu", "chrf"]),
                f"{cell(score(lowercase, 'bleu').signature)} {signatures(cased, 'bleu')}",
            ]
        ],
    )


if __name__ == "__main__":
    run(main)
