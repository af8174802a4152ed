"""The run configuration that suits an amount of labeled documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError
from seqtasks.tasks import fine_tuning as transfer
from seqtasks.tasks.presets import annealed, layers_of, updates


@dataclass(frozen=True)
class SizePreset:
    """What suits an amount of data."""

    words: int
    """Words to train on from which on it applies."""
    vocabulary: int
    dim: int
    encoder_dim: int
    batch_tokens: int
    epochs: int
    steps: tuple[int, int]
    """Fewest and most updates."""


PRESETS = (
    SizePreset(0, 1_000, 64, 128, 500, 30, (300, 1_200)),
    SizePreset(20_000, 4_000, 96, 192, 1_000, 12, (500, 2_000)),
    SizePreset(200_000, 8_000, 128, 256, 2_000, 8, (1_000, 4_000)),
    SizePreset(2_000_000, 16_000, 128, 256, 4_000, 6, (3_000, 20_000)),
)
LEARNING_RATE = 2e-3
LAYERS = 1
HEADS = 4
WORD_DROPOUT = 0.1
DROPOUT = 0.5
NAME_WORDS = 2.0
"""Documents of fewer words than these, on the average, are read character by character."""
TOKENS_A_WORD = {"subwords": 1.3, "characters": 7.0}
"""Tokens of an ordinary word, with the blank before it; of other kinds of text it is one."""
TRANSFORMER_WINDOW = 512
"""Tokens that a Transformer reads at once: its time grows with their square."""


@dataclass(frozen=True)
class DatasetStats:
    """How much data there is, and of what sort."""

    documents: int
    words: int
    several: bool
    """Some document has several labels."""


def classification_preset(
    sources: Sequence[DocumentSource],
    *,
    text: str | None = None,
    encoder: str | None = None,
    init_from: str | None = None,
) -> dict[str, Any]:
    """A run configuration whose sizes fit the number of words.

    | words from | vocabulary | width of tokens | width of the encoder | batch tokens | epochs | updates |
    |---|---|---|---|---|---|---|
    | 0 | 1,000 | 64 | 128 | 500 | 30 | 300 to 1,200 |
    | 20,000 | 4,000 | 96 | 192 | 1,000 | 12 | 500 to 2,000 |
    | 200,000 | 8,000 | 128 | 256 | 2,000 | 8 | 1,000 to 4,000 |
    | 2,000,000 | 16,000 | 128 | 256 | 4,000 | 6 | 3,000 to 20,000 |

    The updates follow from the epochs and the number of words, within the limits of the last column. Names and other
    documents of a word or two are read character by character, others in subwords. A document may have several labels
    where one in the data has. `text` and `encoder` are kinds (an "lstm" if it is not given); of kinds that are not
    built in, nothing is set. `init_from` is a language model, whose text, encoder and width are taken then. Raises
    SeqtasksError for files that cannot be read and for data without labels.
    """
    start = None if init_from is None else transfer.language_model(init_from)
    stats = measure(sources)
    size = next(size for size in reversed(PRESETS) if stats.words >= size.words)
    reads = text or ("characters" if stats.words < NAME_WORDS * stats.documents else "subwords")
    tokens = stats.words * TOKENS_A_WORD.get(reads, 1.0)
    steps = updates(tokens, size.batch_tokens, size.epochs, size.steps)
    recurrent = {"num_layers": LAYERS, "hidden_size": size.encoder_dim}
    transformer = {"num_layers": 2 * LAYERS, "num_heads": HEADS, "ffn_dim": 4 * size.dim}
    kind = encoder or ("lstm" if start is None else start.model["encoder"]["kind"])
    data: dict[str, Any] = {"train": [each.model_dump(mode="json", exclude_none=True) for each in sources]}
    if kind == "transformer":
        data["max_length"] = TRANSFORMER_WINDOW
    configuration: dict[str, Any] = {
        "task": "classification",
        "text": {"kind": reads, **({"vocab_size": size.vocabulary} if reads == "subwords" else {})},
        "data": data,
        "model": {
            "hidden_size": size.dim,
            "embedding_dropout": DROPOUT / 2,
            "word_dropout": 0.0 if reads == "characters" else WORD_DROPOUT,
            "pooling": "max",
            "dropout": DROPOUT,
            "multi_label": stats.several,
            "encoder": layers_of(kind, recurrent, transformer, DROPOUT / 2),
        },
        "training": annealed(
            steps, size.batch_tokens, warmup=20, validations=10, learning_rate=LEARNING_RATE, ema_decay=0.99
        ),
    }
    if start is not None:
        theirs = {name: value for name, value in start.model["encoder"].items() if value is not None}
        configuration["text"] = transfer.text_settings(start)
        configuration["model"] |= {
            "hidden_size": start.model["hidden_size"],
            "encoder": {**theirs, "init_from": init_from},
        }
    return configuration


def measure(sources: Sequence[DocumentSource]) -> DatasetStats:
    """Counts the words of all labelled documents in one pass over the files."""
    skipped = ReadReport()
    documents = words = 0
    several = False
    for source in sources:
        for document in read_documents(source, skipped):
            several |= len(document.labels) > 1
            if document.labels:
                documents += 1
                words += len(document.text.split())
            else:
                skipped.skip("document without label")
    if not documents:
        raise SeqtasksError(
            f"There is no document with a label to train on: {skipped.describe()}.",
            "Look at the data; --set data.train.0.label_column=NAME says which column is the label.",
        )
    return DatasetStats(documents, words, several)
