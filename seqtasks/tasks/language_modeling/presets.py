"""The run configuration that suits an amount of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.data.documents.text_corpus import TextSource, read_texts
from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.presets import SizePreset, layers_of, preset_for, settings_of


@dataclass(frozen=True)
class LanguageModelingPreset(SizePreset):
    """What suits so many characters."""

    encoder_dim: int
    dropout: float
    window: int
    """Tokens of each lane in a batch."""
    subwords: int
    """The vocabulary where the text is read in subwords."""


PRESETS = (
    LanguageModelingPreset(0, 32, 8 * 64, 60, (200, 2_000), 128, 0.3, 64, 500),
    LanguageModelingPreset(100_000, 64, 16 * 100, 40, (2_000, 3_000), 256, 0.4, 100, 1_000),
    LanguageModelingPreset(500_000, 64, 32 * 100, 20, (3_000, 6_000), 384, 0.4, 100, 2_000),
    LanguageModelingPreset(2_000_000, 128, 32 * 128, 8, (4_000, 10_000), 512, 0.2, 128, 4_000),
    LanguageModelingPreset(10_000_000, 128, 64 * 128, 3, (8_000, 40_000), 768, 0.1, 128, 8_000),
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
    set.

    Raises:
        SeqtasksError: For files that cannot be read and for data without text.
    """
    characters = measure(sources)
    size = preset_for(characters, PRESETS)
    tokens = characters / CHARACTERS_OF.get(text, 1.0)
    width = size.encoder_dim // 2 if encoder == "transformer" or text != "characters" else size.dim
    transformer = {
        "num_layers": TRANSFORMER_LAYERS, "num_heads": HEADS, "ffn_dim": 4 * width, "causal": True,
        "max_positions": 2 * size.window,
    }  # fmt: skip
    recurrent = {"num_layers": LAYERS, "hidden_size": size.encoder_dim, "bidirectional": False}
    return {
        "task": "language-modeling",
        "text": settings_of(text, {"subwords": {"vocab_size": size.subwords}}),
        "data": {
            "train": [each.model_dump(mode="json", exclude_none=True) for each in sources],
            "num_streams": size.batch_tokens // size.window,
            "bptt_len": size.window,
        },
        "model": {
            "hidden_size": width,
            "tie_embeddings": text != "characters",
            "embedding_dropout": size.dropout / 4,
            "encoder": layers_of(encoder, recurrent, transformer, size.dropout),
        },
        "training": size.annealed(0.9 * tokens, warmup=20, validations=10, learning_rate=LEARNING_RATE, ema_decay=0.99),
    }


def measure(sources: Sequence[TextSource]) -> int:
    """Counts the characters of all sources."""
    skipped = ReadReport()
    characters = sum(len(text) for source in sources for text in read_texts(source, skipped))
    if not characters:
        raise SeqtasksError(f"There are no texts to train on: {skipped.describe()}.", "Check the data.")
    return characters
