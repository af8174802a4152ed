"""Flickr8k (Hodosh et al. 2013): 8,000 photographs, five English captions each.

    python recipes/caption_flickr8k.py data/flickr8k --model fused --through rewarded --output runs/flickr8k-fused

The folder holds `Flickr8k.token.txt`, the lists `Flickr_8k.trainImages.txt`, `Flickr_8k.devImages.txt` and
`Flickr_8k.testImages.txt`, and the photographs in a folder (`Images` or `Flicker8k_Dataset`), as the two archives of
the public download have them. The model is trained on the training list and chosen on `dev`; `test` is read with
--test alone, once, at the end.

Training has up to three phases, each in a directory of its own that the next one starts from: the decoder over a
frozen CNN, the CNN with it, rewarded samples (self-critical training).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from runner import (
    Chosen,
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

CAPTIONS = "Flickr8k.token.txt"
CONFIGURATION = """\
task = "captioning"
seed = {seed}
{start}
[text]
kind = "words"
language = "en"
min_freq = 4
oov = "unknown"

[data]
train = [{{ images = "{folder}", captions = "{captions}", split = "{train}" }}]
validation = [{{ images = "{folder}", captions = "{captions}", split = "{dev}" }}]

[model]
hidden_size = 320
tie_embeddings = "output"
embedding_dropout = 0.3
word_dropout = 0.1

[model.encoder]
kind = "cnn"
hidden_size = 320
dropout = 0.3

[model.decoder]
{decoder}
dropout = 0.4

[decoding]
length_penalty = "wu:1.0"
max_length = "25"

[training]
max_steps = 2000
batch_tokens = 1800
learning_rate = 2e-3
warmup_steps = 200
lr_scheduler = "cosine"
ema_decay = 0.995
eval_steps = 200
save_steps = 200
"""

Model = Literal["show-and-tell", "show-attend-and-tell", "fused", "transformer"]
DECODERS: dict[Model, str] = {
    "show-and-tell": 'kind = "show-and-tell"\nhidden_size = 320',
    "show-attend-and-tell": 'kind = "show-attend-and-tell"\nhidden_size = 320',
    "fused": 'kind = "lstm"\nhidden_size = 320\nnum_layers = 2',
    "transformer": 'kind = "transformer"\nnum_layers = 3\nnum_heads = 4\nffn_dim = 960',
}

Phase = Literal["frozen", "fine-tuned", "rewarded"]
CHANGING_IMAGES = ("images.horizontal_flip=true", "images.min_crop_scale=0.7", "images.color_jitter=0.2")
PHASES: dict[Phase, tuple[str, ...]] = {
    "frozen": (),
    "fine-tuned": (
        *CHANGING_IMAGES,
        "model.encoder.trainable_from_block=-10",
        "model.encoder.lr_multiplier=0.2",
        "training.max_steps=1800",
        "training.learning_rate=6e-4",
        "training.warmup_steps=100",
    ),
    "rewarded": (
        *CHANGING_IMAGES,
        "data.num_augmented_views=2",
        "self_critical.reward=cider-d",
        "model.embedding_dropout=0.1",
        "model.word_dropout=0.0",
        "model.encoder.dropout=0.1",
        "model.decoder.dropout=0.1",
        "training.max_steps=2400",
        "training.learning_rate=1e-4",
        "training.warmup_steps=100",
    ),
}
"""What each phase changes of the configuration."""

TINY = ("training.batch_tokens=300", *short(40))
TINY_IMAGES = {"train": 64, "dev": 16, "test": 16}
METRICS = {
    "cider-d": "CIDEr-D", "bleu-4": "BLEU-4", "bleu-1": "BLEU-1", "rouge-l": "ROUGE-L", "meteor": "METEOR",
}  # fmt: skip
"""And their columns."""


def configuration(folder: Path, splits: dict[str, str], model: Model, start: Path | None, seed: int) -> str:
    """The run configuration, as TOML."""
    return CONFIGURATION.format(
        seed=seed,
        start="" if start is None else f'init_from = "{start.resolve()}"\n',
        folder=folder,
        captions=official(folder, CAPTIONS),
        decoder=DECODERS[model],
        **splits,
    )


def few_images(folder: Path, output: Path) -> dict[str, str]:
    """Lists of the first images of each split, which are written into `output`."""
    lists = {}
    for split, count in TINY_IMAGES.items():
        names = (folder / f"Flickr_8k.{split}Images.txt").read_text(encoding="utf-8").splitlines()
        file = output.resolve() / f"{split}.txt"
        file.write_text("".join(f"{name}\n" for name in names[:count]), encoding="utf-8")
        lists[split] = str(file)
    return lists


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA/flickr8k.")] = None,
    model: Annotated[Model, typer.Option(help="The decoder; fused is the LSTM of two layers.")] = "fused",
    through: Annotated[Phase, typer.Option(help="The last phase of the training.")] = "frozen",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Directory of the models.")] = None,
    seed: int = 1,
    beam: int = 3,
    test: Test = False,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train a captioner on Flickr8k and print its rows of the results table."""
    folder = data_folder(data, "flickr8k", CAPTIONS).resolve()
    output = output or Path("runs") / f"flickr8k-{model}"
    output.mkdir(parents=True, exist_ok=True)
    splits = few_images(folder, output) if tiny else {split: split for split in TINY_IMAGES}
    phases = get_args(Phase)[: get_args(Phase).index(through) + 1]
    rows, start = [], None
    for phase in phases:
        chosen = [*PHASES[phase], *(TINY if tiny else ()), *(settings or [])]
        train(configuration(folder, splits, model, start, seed), output / phase, chosen, resume=resume)
        start = output / phase / "best"
        for split in ("dev", "test") if test and phase == through else ("dev",):
            result = evaluate(output / phase, folder, official(folder, CAPTIONS), split=splits[split], beam_size=beam)
            signed = signatures(result, "cider-d", "bleu-4")
            rows.append([model, phase, split, *values(result, METRICS), signed])
    print_table(["model", "phase", "on", *METRICS.values(), "signatures"], rows)


if __name__ == "__main__":
    run(main)
