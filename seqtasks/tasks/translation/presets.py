"""The run configuration that suits an amount of sentence pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.readers import read_pairs
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.presets import SizePreset, layers_of, preset_for, rounded
from seqtasks.tasks.translation.data import IN_MEMORY, text_bytes

TOKENS_A_WORD = 1.3
"""Subword tokens of an ordinary word."""
RECURRENT_LAYERS = 2
MEASURED = 100_000
"""Pairs of a large file that are counted."""


@dataclass(frozen=True)
class TranslationPreset(SizePreset):
    """What suits so many sentence pairs."""

    vocabulary: int
    layers: int
    ffn_dim: int
    heads: int
    dropout: float
    learning_rate: float


PRESETS = (
    TranslationPreset(0, 128, 800, 120, (2_000, 5_000), 1_000, 2, 256, 4, 0.4, 2e-3),
    TranslationPreset(5_000, 160, 1_000, 60, (4_000, 10_000), 3_000, 3, 384, 4, 0.35, 3e-3),
    TranslationPreset(15_000, 192, 1_500, 40, (8_000, 16_000), 5_000, 3, 512, 4, 0.3, 3e-3),
    TranslationPreset(100_000, 256, 1_800, 12, (12_000, 40_000), 8_000, 3, 768, 4, 0.1, 2e-3),
    TranslationPreset(1_000_000, 512, 4_000, 10, (40_000, 200_000), 16_000, 6, 2_048, 8, 0.1, 1e-3),
)


def translation_preset(
    sources: Sequence[ParallelSource],
    languages: tuple[str, str] | None,
    *,
    encoder: str = "transformer",
    decoder: str = "transformer",
) -> dict[str, Any]:
    """A run configuration whose sizes and regularization fit the amount of data.

    | pairs from | vocabulary | width | layers | dropout | batch tokens | learning rate | epochs | updates |
    |---|---|---|---|---|---|---|---|---|
    | 0 | 1,000 | 128 | 2+2 | 0.4 | 800 | 2e-3 | 120 | 2,000 to 5,000 |
    | 5,000 | 3,000 | 160 | 3+3 | 0.35 | 1,000 | 3e-3 | 60 | 4,000 to 10,000 |
    | 15,000 | 5,000 | 192 | 3+3 | 0.3 | 1,500 | 3e-3 | 40 | 8,000 to 16,000 |
    | 100,000 | 8,000 | 256 | 3+3 | 0.1 | 1,800 | 2e-3 | 12 | 12,000 to 40,000 |
    | 1,000,000 | 16,000 | 512 | 6+6 | 0.1 | 4,000 | 1e-3 | 10 | 40,000 to 200,000 |

    The updates follow from the epochs and the number of words, within the limits of the last column. Recurrent parts
    (`encoder` and `decoder` are kinds) get two layers of twice the width; of kinds that are not built in, nothing is
    set.

    Raises:
        SeqtasksError: For files that cannot be read and for data without a single pair.
    """
    pairs, words = measure(sources, languages)
    size = preset_for(pairs, PRESETS)
    steps = size.updates(words * TOKENS_A_WORD)
    eval_steps = max(100, rounded(steps / 25))
    source, target = languages or ("xx", "xx")
    recurrent = {"num_layers": RECURRENT_LAYERS, "hidden_size": 2 * size.dim}
    transformer = {"num_layers": size.layers, "num_heads": size.heads, "ffn_dim": size.ffn_dim}
    return {
        "task": "translation",
        "languages": {"source": source, "target": target},
        "text": {"kind": "subwords", "vocab_size": size.vocabulary},
        "data": {"train": [each.model_dump(mode="json", exclude_defaults=True) for each in sources]},
        "model": {
            "hidden_size": size.dim,
            "embedding_dropout": size.dropout,
            "encoder": layers_of(encoder, recurrent, transformer, size.dropout),
            "decoder": layers_of(decoder, recurrent, transformer, size.dropout),
        },
        "training": {
            "max_steps": steps,
            "batch_tokens": size.batch_tokens,
            "learning_rate": size.learning_rate,
            "warmup_steps": max(200, min(4_000, rounded(steps / 20))),
            "eval_steps": eval_steps,
            "save_steps": eval_steps,
            "early_stopping_patience": 10,
        },
    }


def measure(sources: Sequence[ParallelSource], languages: tuple[str, str] | None) -> tuple[int, int]:
    """The number of pairs of all sources, and the words of the side that has more of them.

    They are counted in one pass over the files; of files that are too large to be held in memory only the first
    pairs, and the rest by the size of the files.
    """
    skipped = ReadReport()
    totals = [0.0, 0.0, 0.0]
    for each in sources:
        size = text_bytes(each)
        most = MEASURED if size > IN_MEMORY else None
        pairs = source_words = target_words = read = 0
        for pair in islice(read_pairs(each, skipped, languages=languages), most):
            pairs += 1
            source_words += len(pair.source.split())
            target_words += len(pair.target.split())
            read += most is not None and len(pair.source.encode()) + len(pair.target.encode())
        scale = max(1.0, size / read) if most is not None and pairs == most else 1.0
        for place, count in enumerate((pairs, source_words, target_words)):
            totals[place] += scale * count
    if not totals[0]:
        raise SeqtasksError(f"There are no sentence pairs to train on: {skipped.explain()}.", "Check the data files.")
    return round(totals[0]), round(max(totals[1:]))
