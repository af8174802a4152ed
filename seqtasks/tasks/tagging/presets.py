"""The run configuration that suits an amount of tagged sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.data.examples import ReadReport
from seqtasks.data.tagging.readers import TaggedSource, nothing_to_train_on, read_tagged
from seqtasks.metrics.spans import are_spans
from seqtasks.tasks.presets import SizePreset, layers_of, preset_for

TREEBANK = re.compile(r"([a-z]{2,3})_[a-z0-9]+-(?:ud|sud)-")
"""How files of Universal Dependencies are called, such as en_ewt-ud-train.conllu."""


@dataclass(frozen=True)
class TaggingPreset(SizePreset):
    """What suits so many words."""

    encoder_dim: int
    dropout: float


PRESETS = (
    TaggingPreset(0, 64, 400, 40, (600, 1_500), 200, 0.5),
    TaggingPreset(20_000, 96, 600, 25, (1_000, 3_000), 300, 0.5),
    TaggingPreset(100_000, 128, 1_000, 12, (2_000, 8_000), 400, 0.4),
    TaggingPreset(1_000_000, 192, 2_000, 8, (6_000, 40_000), 600, 0.3),
)
LEARNING_RATE = 3e-3
LAYERS = 2
HEADS = 4
WORD_DROPOUT = 0.2


def tagging_preset(
    sources: Sequence[TaggedSource], *, encoder: str = "lstm", char_encoder: str = "cnn"
) -> dict[str, Any]:
    """A run configuration whose sizes and regularization fit the number of words.

    | words from | width of words | width of the encoder | dropout | batch tokens | epochs | updates |
    |---|---|---|---|---|---|---|
    | 0 | 64 | 200 | 0.5 | 400 | 40 | 600 to 1,500 |
    | 20,000 | 96 | 300 | 0.5 | 600 | 25 | 1,000 to 3,000 |
    | 100,000 | 128 | 400 | 0.4 | 1,000 | 12 | 2,000 to 8,000 |
    | 1,000,000 | 192 | 600 | 0.3 | 2,000 | 8 | 6,000 to 40,000 |

    The updates follow from the epochs and the number of words, within the limits of the last column. Labels of spans
    (BIO, BIOES) are found by a conditional random field, others one by one. The language, which decides how raw text
    is cut into words, is read off the names of treebanks alone. `encoder` and `char_encoder` are kinds; of kinds that
    are not built in, nothing is set.

    Raises:
        SeqtasksError: For files that cannot be read and for data without labels.
    """
    words, spans = measure(sources)
    size = preset_for(words, PRESETS)
    named = TREEBANK.match(sources[0].path.name)
    recurrent = {"num_layers": LAYERS, "hidden_size": size.encoder_dim}
    transformer = {"num_layers": LAYERS, "num_heads": HEADS, "ffn_dim": 2 * size.dim}
    return {
        "task": "tagging",
        "text": {"language": named[1] if named else "xx"},
        "data": {"train": [each.model_dump(mode="json", exclude_defaults=True) for each in sources]},
        "model": {
            "hidden_size": size.dim,
            "embedding_dropout": size.dropout,
            "word_dropout": WORD_DROPOUT,
            "head": "crf" if spans else "softmax",
            "char_encoder": {"kind": char_encoder},
            "encoder": layers_of(encoder, recurrent, transformer, size.dropout),
        },
        "training": size.annealed(words, warmup=20, validations=10, learning_rate=LEARNING_RATE, ema_decay=0.995),
    }


def measure(sources: Sequence[TaggedSource]) -> tuple[int, bool]:
    """Counts the words of all sources in one pass over the files; and whether their labels are BIO or BIOES."""
    skipped = ReadReport()
    labels = Counter(
        label for source in sources for sentence in read_tagged(source, skipped) for label in sentence.labels
    )
    if not labels:
        raise nothing_to_train_on(skipped)
    return labels.total(), are_spans(labels)
