"""The run configuration that suits an amount of captioned images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.data.captions.captioned_images import (
    CaptionedImage,
    CaptionReadReport,
    CaptionSource,
    read_captioned_images,
)
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.presets import annealed, updates


@dataclass(frozen=True)
class SizePreset:
    """What suits an amount of data."""

    captions: int
    """Captions to train on from which on it applies."""
    min_freq: int
    """How often a word has to occur; rarer ones are spelled in bytes."""
    dim: int
    dropout: float
    batch_tokens: int
    epochs: int
    steps: tuple[int, int]
    """Fewest and most updates."""


PRESETS = (
    SizePreset(0, 2, 256, 0.5, 500, 30, (500, 1_500)),
    SizePreset(2_000, 3, 384, 0.5, 700, 15, (1_000, 3_000)),
    SizePreset(15_000, 5, 512, 0.4, 900, 8, (2_500, 6_000)),
    SizePreset(60_000, 5, 512, 0.3, 1_500, 8, (6_000, 50_000)),
)
LEARNING_RATE = 1e-3
LAYERS = 2
HEADS = 8


@dataclass(frozen=True)
class DatasetStats:
    """How much data there is."""

    captions: int
    words: int


def captioning_preset(
    source: CaptionSource, *, text: str = "words", encoder: str = "cnn", decoder: str = "lstm"
) -> dict[str, Any]:
    """A run configuration whose sizes and regularization fit the number of captions.

    | captions from | words seen | width | dropout | batch tokens | epochs | updates |
    |---|---|---|---|---|---|---|
    | 0 | 2 times | 256 | 0.5 | 500 | 30 | 500 to 1,500 |
    | 2,000 | 3 times | 384 | 0.5 | 700 | 15 | 1,000 to 3,000 |
    | 15,000 | 5 times | 512 | 0.4 | 900 | 8 | 2,500 to 6,000 |
    | 60,000 | 5 times | 512 | 0.3 | 1,500 | 8 | 6,000 to 50,000 |

    The updates follow from the epochs and the number of words, within the limits of the last column. The CNN is
    frozen. Official splits are kept: what the data say is for training is trained on, and their validation part is
    validated on. `text`, `encoder` and `decoder` are kinds; of kinds that are not built in, nothing is set. Raises
    SeqtasksError for captions that cannot be read and when none of their pictures is there.
    """
    train, validation = official_split(source, "train"), official_split(source, "validation")
    stats = measure(read_captioned_images(train or source, CaptionReadReport()))
    size = next(size for size in reversed(PRESETS) if stats.captions >= size.captions)
    tokens = stats.words + 2 * stats.captions  # each begins and ends
    steps = updates(tokens, size.batch_tokens, size.epochs, size.steps)
    data = {"train": [table(train or source)]}
    if train and validation:
        data["validation"] = [table(validation)]
    return {
        "task": "captioning",
        "text": text_part(text, size),
        "data": data,
        "model": {
            "hidden_size": size.dim,
            "embedding_dropout": size.dropout,
            "encoder": encoder_part(encoder, size),
            "decoder": decoder_part(decoder, size),
        },
        "training": annealed(
            steps, size.batch_tokens, warmup=10, validations=8, learning_rate=LEARNING_RATE, ema_decay=0.998
        ),
    }


def official_split(source: CaptionSource, split: str) -> CaptionSource | None:
    """The part of the data that is meant for something, where the captions or a list beside them say so."""
    part = source.model_copy(update={"split": split})
    try:
        read_captioned_images(part, CaptionReadReport())
    except SeqtasksError:
        return None  # what is wrong with the data themselves is told when all of them are read
    return part


def table(source: CaptionSource) -> dict[str, Any]:
    return source.model_dump(mode="json", exclude_defaults=True)


def measure(images: Sequence[CaptionedImage]) -> DatasetStats:
    """Counts the captions and their words."""
    captions = [caption for each in images for caption in each.captions]
    return DatasetStats(len(captions), sum(len(caption.split()) for caption in captions))


def text_part(kind: str, size: SizePreset) -> dict[str, Any]:
    """The settings of the text processor."""
    if kind == "words":
        return {"kind": kind, "language": "en", "min_freq": size.min_freq, "oov": "unknown"}
    return {"kind": kind}


def encoder_part(kind: str, size: SizePreset) -> dict[str, Any]:
    """The settings of the network that sees."""
    return {"kind": kind, "hidden_size": size.dim, "dropout": size.dropout} if kind == "cnn" else {"kind": kind}


def decoder_part(kind: str, size: SizePreset) -> dict[str, Any]:
    """The settings of the decoder."""
    match kind:
        case "lstm":
            own: dict[str, Any] = {"hidden_size": size.dim, "num_layers": LAYERS, "attention": "additive"}
        case "show-and-tell" | "show-attend-and-tell":
            own = {"hidden_size": size.dim}
        case "transformer":
            own = {"num_layers": LAYERS, "num_heads": HEADS, "ffn_dim": 2 * size.dim}
        case _:
            return {"kind": kind}
    return {"kind": kind, **own, "dropout": size.dropout}
