"""The run configuration that suits an amount of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.data.documents.text_corpus import TextSource, read_texts
from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.presets import annealed, layers_of, updates


@dataclass(frozen=True)
class SizePreset:
    """What suits an amount of text."""

    characters: int
    """Characters to train on from which on it applies."""
    dim: int
    encoder_dim: int
    dropout: float
    lanes: int
    window: int
    epochs: int
    steps: tuple[int, int]
    """Fewest and most updates."""
    subwords: int
    """The vocabulary where the text is read in subwords."""


PRESETS = (
    SizePreset(0, 32, 128, 0.3, 8, 64, 60, (200, 2_000), 500),
    SizePreset(100_000, 64, 256, 0.4, 16, 100, 40, (2_000, 3_000), 1_000),
    SizePreset(500_000, 64, 384, 0.4, 32, 100, 20, (3_000, 6_000), 2_000),
    SizePreset(2_000_000, 128, 512, 0.2, 32, 128, 8, (4_000, 10_000), 4_000),
    SizePreset(10_000_000, 128, 768, 0.1, 64, 128, 3, (8_000, 40_000), 8_000),
)
LEARNING_RATE = 3e-3
LAYERS, TRANSFORMER_LAYERS = 2, 4
HEADS = 4
CHARACTERS_OF = {"characters": 1.0, "subwords": 3.5, "words": 4.5}
"""Characters of an ordinary token, blanks included."""


def generation_preset(
    sources: Sequence[TextSource], *, text: str = "characters", encoder: str = "lstm"
) -> dict[str, Any]:
    """A run configuration whose sizes and regularization fit the number of characters.

    | characters from | width of tokens | width of the encoder | dropout | lanes | window | epochs | updates |
    |---|---|---|---|---|---|---|---|
    | 0 | 32 | 128 | 0.3 | 8 | 64 | 60 | 200 to 2,000 |
    | 100,000 | 64 | 256 | 0.4 | 16 | 100 | 40 | 2,000 to 3,000 |
    | 500,000 | 64 | 384 | 0.4 | 32 | 100 | 20 | 3,000 to 6,000 |
    | 2,000,000 | 128 | 512 | 0.2 | 32 | 128 | 8 | 4,000 to 10,000 |
    | 10,000,000 | 128 | 768 | 0.1 | 64 | 128 | 3 | 8,000 to 40,000 |

    The updates follow from the epochs and the number of tokens, within the limits of the last column. A Transformer has
    4 layers of half the encoder's width. `text` and `encoder` are kinds; of kinds that are not built in, nothing is
    set. Raises SeqtasksError for files that cannot be read and for data without text.
    """
    characters = measure(sources)
    size = next(size for size in reversed(PRESETS) if characters >= size.characters)
    tokens = characters / CHARACTERS_OF.get(text, 1.0)
    batch_tokens = size.lanes * size.window
    width = size.encoder_dim // 2 if encoder == "transformer" or text != "characters" else size.dim
    transformer = {
        "num_layers": TRANSFORMER_LAYERS, "num_heads": HEADS, "ffn_dim": 4 * width, "causal": True,
        "max_positions": 2 * size.window,
    }  # fmt: skip
    recurrent = {"num_layers": LAYERS, "hidden_size": size.encoder_dim, "bidirectional": False}
    configuration: dict[str, Any] = {
        "task": "language-modeling",
        "text": {"kind": text, **({"vocab_size": size.subwords} if text == "subwords" else {})},
        "data": {
            "train": [each.model_dump(mode="json", exclude_none=True) for each in sources],
            "num_streams": size.lanes,
            "bptt_len": size.window,
        },
        "model": {
            "hidden_size": width,
            "tie_embeddings": text != "characters",
            "embedding_dropout": size.dropout / 4,
            "encoder": layers_of(encoder, recurrent, transformer, size.dropout),
        },
        "training": annealed(
            updates(0.9 * tokens, batch_tokens, size.epochs, size.steps),
            batch_tokens, warmup=20, validations=10, learning_rate=LEARNING_RATE, ema_decay=0.99,
        ),
    }  # fmt: skip
    return configuration


def measure(sources: Sequence[TextSource]) -> int:
    """Counts the characters of all sources."""
    skipped = ReadReport()
    characters = sum(len(text) for source in sources for text in read_texts(source, skipped))
    if not characters:
        raise SeqtasksError(f"There is no text to train on: {skipped.describe()}.", "Look at the data.")
    return characters
