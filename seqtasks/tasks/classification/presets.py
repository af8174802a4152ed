"""The run configuration that suits an amount of labeled documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError
from seqtasks.tasks import fine_tuning as transfer
from seqtasks.tasks.presets import SizePreset, layers_of, preset_for, settings_of


@dataclass(frozen=True)
class ClassificationPreset(SizePreset):
    """What suits so many words."""

    encoder_dim: int
    vocabulary: int


PRESETS = (
    ClassificationPreset(0, 64, 500, 30, (300, 1_200), 128, 1_000),
    ClassificationPreset(20_000, 96, 1_000, 12, (500, 2_000), 192, 4_000),
    ClassificationPreset(200_000, 128, 2_000, 8, (1_000, 4_000), 256, 8_000),
    ClassificationPreset(2_000_000, 128, 4_000, 6, (3_000, 20_000), 256, 16_000),
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
    documents, words, several = measure(sources)
    size = preset_for(words, PRESETS)
    reads = text or ("characters" if words < NAME_WORDS * documents else "subwords")
    tokens = words * TOKENS_A_WORD.get(reads, 1.0)
    recurrent = {"num_layers": LAYERS, "hidden_size": size.encoder_dim}
    transformer = {"num_layers": 2 * LAYERS, "num_heads": HEADS, "ffn_dim": 4 * size.dim}
    kind = encoder or ("lstm" if start is None else start.model["encoder"]["kind"])
    data: dict[str, Any] = {"train": [each.model_dump(mode="json", exclude_none=True) for each in sources]}
    if kind == "transformer":
        data["max_length"] = TRANSFORMER_WINDOW
    configuration: dict[str, Any] = {
        "task": "classification",
        "text": settings_of(reads, {"subwords": {"vocab_size": size.vocabulary}}),
        "data": data,
        "model": {
            "hidden_size": size.dim,
            "embedding_dropout": DROPOUT / 2,
            "word_dropout": 0.0 if reads == "characters" else WORD_DROPOUT,
            "pooling": "max",
            "dropout": DROPOUT,
            "multi_label": several,
            "encoder": layers_of(kind, recurrent, transformer, DROPOUT / 2),
        },
        "training": size.annealed(tokens, warmup=20, validations=10, learning_rate=LEARNING_RATE, ema_decay=0.99),
    }
    if start is not None:
        theirs = {name: value for name, value in start.model["encoder"].items() if value is not None}
        configuration["text"] = transfer.text_settings(start)
        configuration["model"] |= {
            "hidden_size": start.model["hidden_size"],
            "encoder": {**theirs, "init_from": init_from},
        }
    return configuration


def measure(sources: Sequence[DocumentSource]) -> tuple[int, int, bool]:
    """Counts all labelled documents and their words in one pass over the files; and whether one has several labels."""
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
            f"There are no labeled documents to train on: {skipped.explain()}.",
            "Check the data; --label-column selects the column of the labels.",
        )
    return documents, words, several
