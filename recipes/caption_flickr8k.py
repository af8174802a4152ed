"""Flickr8k (Hodosh et al. 2013): 8,000 photographs, five English captions each.

    python recipes/caption_flickr8k.py data/flickr8k --model fused --out runs/flickr8k-fused

The folder holds `Flickr8k.token.txt`, the lists `Flickr_8k.trainImages.txt`, `Flickr_8k.devImages.txt` and
`Flickr_8k.testImages.txt`, and the photographs in a folder (`Images` or `Flicker8k_Dataset`), as the two archives of
the public download have them. The model is trained on the training list and chosen on `dev`; `test` is read with
--test alone, once, at the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from commands import cell, data_folder, evaluate, official, score, train

CAPTIONS = "Flickr8k.token.txt"
DATA = """\
task = "captioning"
seed = {seed}

[text]
kind = "words"
language = "en"
minimum_count = 5

[data]
train = [{{ images = "{folder}", captions = "{captions}", split = "{train}" }}]
validation = [{{ images = "{folder}", captions = "{captions}", split = "{dev}" }}]
"""

SHOW_AND_TELL = """
[model]
dim = 512
embedding_dropout = 0.4

[model.encoder]
kind = "cnn"
backbone = "efficientnet_lite0"
dim = 512
dropout = 0.4

[model.decoder]
kind = "show-and-tell"
dim = 512
dropout = 0.4

[training]
steps = 3500
batch_tokens = 900
learning_rate = 1e-3
warmup = 300
schedule = "cosine"
ema_decay = 0.998
"""

SHOW_ATTEND_AND_TELL = """
[model]
dim = 512
embedding_dropout = 0.4
attention_regularisation = 1.0

[model.encoder]
kind = "cnn"
backbone = "efficientnet_lite0"
dim = 512
dropout = 0.4

[model.decoder]
kind = "show-attend-and-tell"
dim = 512
attention_dim = 256
dropout = 0.4

[training]
steps = 3500
batch_tokens = 900
learning_rate = 1e-3
warmup = 300
schedule = "cosine"
ema_decay = 0.998
"""

FUSED = """
[model]
dim = 512
embedding_dropout = 0.4

[model.encoder]
kind = "cnn"
backbone = "efficientnet_lite0"
dim = 512
dropout = 0.4

[model.decoder]
kind = "lstm"
dim = 512
layers = 2
attention = "additive"
dropout = 0.4

[training]
steps = 3500
batch_tokens = 900
learning_rate = 1e-3
warmup = 300
schedule = "cosine"
ema_decay = 0.998
"""

TRANSFORMER = """
[model]
dim = 256
embedding_dropout = 0.3

[model.encoder]
kind = "cnn"
backbone = "efficientnet_lite0"
dim = 256
dropout = 0.3

[model.decoder]
kind = "transformer"
layers = 3
heads = 4
inner_dim = 768
dropout = 0.3

[training]
steps = 4000
batch_tokens = 900
learning_rate = 1.5e-3
warmup = 400
schedule = "cosine"
ema_decay = 0.998
"""

Model = Literal["show-and-tell", "show-attend-and-tell", "fused", "transformer"]
MODELS: dict[Model, str] = {
    "show-and-tell": SHOW_AND_TELL,
    "show-attend-and-tell": SHOW_ATTEND_AND_TELL,
    "fused": FUSED,
    "transformer": TRANSFORMER,
}

TINY = (
    "training.steps=40",
    "training.batch_tokens=300",
    "training.warmup=10",
    "training.validate_every=20",
    "training.checkpoint_every=20",
)
TINY_PICTURES = {"train": 64, "dev": 16, "test": 16}
METRICS = ("CIDEr-D", "BLEU-4", "BLEU-1", "ROUGE-L", "METEOR")


def configuration(folder: Path, splits: dict[str, str], model: Model, seed: int) -> str:
    """The run configuration, as TOML."""
    captions = official(folder, CAPTIONS)
    return DATA.format(seed=seed, folder=folder, captions=captions, **splits) + MODELS[model]


def few_pictures(folder: Path, out: Path) -> dict[str, str]:
    """Lists of the first pictures of each split, which are written into `out`."""
    lists = {}
    for split, count in TINY_PICTURES.items():
        names = (folder / f"Flickr_8k.{split}Images.txt").read_text(encoding="utf-8").splitlines()
        file = out.resolve() / f"{split}.txt"
        file.write_text("".join(f"{name}\n" for name in names[:count]), encoding="utf-8")
        lists[split] = str(file)
    return lists


def row(name: str, split: str, result: dict[str, Any]) -> str:
    """A row of the results table; METEOR is missing where there is no Java."""
    measured = {score["metric"] for score in result["scores"]}
    values = [f"{score(result, metric)['value']:.2f}" if metric in measured else "" for metric in METRICS]
    signatures = [score(result, metric)["signature"] for metric in METRICS[:2]]
    signed = " ".join(cell(signature) for signature in (*signatures, result["decoding"]))
    return f"| {' | '.join([name, split, *values, signed])} |"


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA/flickr8k.")] = None,
    model: Annotated[Model, typer.Option(help="The decoder; fused is the LSTM of two layers.")] = "fused",
    out: Annotated[Path | None, typer.Option(help="Where the model goes.")] = None,
    seed: int = 1,
    beam: int = 3,
    test: Annotated[bool, typer.Option("--test", help="Measure on the test pictures, too.")] = False,
    tiny: Annotated[bool, typer.Option("--tiny", help="A minute on a processor, to see that all is in place.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Any setting, such as training.steps=900.")
    ] = None,
) -> None:
    """Train a captioner on Flickr8k and print its row of the results table."""
    folder = data_folder(data, "flickr8k", CAPTIONS).resolve()
    out = out or Path("runs") / f"flickr8k-{model}"
    out.mkdir(parents=True, exist_ok=True)
    splits = few_pictures(folder, out) if tiny else {split: split for split in TINY_PICTURES}
    chosen = [*(TINY if tiny else ()), *(settings or [])]
    train(configuration(folder, splits, model, seed), out, chosen, resume=resume)
    measured = {
        split: evaluate(out, folder, official(folder, CAPTIONS), "--split", splits[split], "--beam", str(beam))
        for split in (("dev", "test") if test else ("dev",))
    }
    print(f"| model | on | {' | '.join(METRICS)} | signatures |\n|{'---|' * (len(METRICS) + 3)}")
    for split, result in measured.items():
        print(row(model, split, result))


if __name__ == "__main__":
    typer.run(main)
