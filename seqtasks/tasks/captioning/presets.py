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
from seqtasks.data.captions.tar_shards import STREAMED
from seqtasks.errors import SeqtasksError
from seqtasks.storage.tar_archive import TarMember
from seqtasks.tasks.presets import SizePreset, preset_for, settings_of


@dataclass(frozen=True)
class CaptioningPreset(SizePreset):
    """What suits so many captions."""

    min_freq: int
    """How often a word has to occur; rarer ones are spelled in bytes."""
    dropout: float


PRESETS = (
    CaptioningPreset(0, 256, 500, 30, (500, 1_500), 2, 0.5),
    CaptioningPreset(2_000, 384, 700, 15, (1_000, 3_000), 3, 0.5),
    CaptioningPreset(15_000, 512, 900, 8, (2_500, 6_000), 5, 0.4),
    CaptioningPreset(60_000, 512, 1_500, 8, (6_000, 50_000), 5, 0.3),
)
VALIDATION = 1_000
"""Images that are held out of so many that a tenth of them would take longer to caption than to train on."""
LEARNING_RATE = 1e-3
LAYERS = 2
HEADS = 8


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
    SeqtasksError for captions that cannot be read and when none of their images is there.
    """
    train, validation = official_split(source, "train"), official_split(source, "validation")
    images = read_captioned_images(train or source, CaptionReadReport())
    captions, words = measure(images)
    size = preset_for(captions, PRESETS)
    tokens = words + 2 * captions  # each begins and ends
    recurrent = {"hidden_size": size.dim, "dropout": size.dropout}
    transformer = {"num_layers": LAYERS, "num_heads": HEADS, "ffn_dim": 2 * size.dim, "dropout": size.dropout}
    data: dict[str, Any] = {"train": [table(train or source)]}
    if train and validation:
        data["validation"] = [table(validation)]
    elif len(images) >= STREAMED and isinstance(images[0].image, TarMember):
        data["validation_split"] = VALIDATION
    return {
        "task": "captioning",
        "text": settings_of(text, {"words": {"language": "en", "min_freq": size.min_freq, "oov": "unknown"}}),
        "data": data,
        "model": {
            "hidden_size": size.dim,
            "embedding_dropout": size.dropout,
            "encoder": settings_of(encoder, {"cnn": recurrent}),
            "decoder": settings_of(
                decoder,
                {
                    "lstm": {**recurrent, "num_layers": LAYERS, "attention": "additive"},
                    "show-and-tell": recurrent,
                    "show-attend-and-tell": recurrent,
                    "transformer": transformer,
                },
            ),
        },
        "training": size.annealed(tokens, warmup=10, validations=8, learning_rate=LEARNING_RATE, ema_decay=0.998),
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
    """A source as a table of the configuration: what is not the default."""
    return source.model_dump(mode="json", exclude_defaults=True)


def measure(images: Sequence[CaptionedImage]) -> tuple[int, int]:
    """Counts the captions and their words."""
    captions = [caption for each in images for caption in each.captions]
    return len(captions), sum(len(caption.split()) for caption in captions)
