"""Which documents train and which validate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqtasks.data.documents import Document, DocumentSource, read_documents, with_labels
from seqtasks.data.examples import SkipReport
from seqtasks.text import clean


def read_split(
    train: Sequence[DocumentSource],
    validation: Sequence[DocumentSource],
    held_out: float,
    seed: int,
    skipped: SkipReport,
    unread: SkipReport,
    *,
    multi_label: bool,
) -> tuple[list[Document], list[Document]]:
    """Training and validation documents, all of them labelled; `unread` is the report of the validation data.

    Without any validation data a share of the training data is `held_out`.
    """

    def read(sources: Sequence[DocumentSource], report: SkipReport) -> list[Document]:
        return [
            document
            for source in sources
            for document in with_labels(read_documents(source, report), report, multi_label=multi_label)
        ]

    documents = read(train, skipped)
    if validation:
        return documents, read(validation, unread)
    return split(documents, held_out, seed)


def split(documents: Sequence[Document], share: float, seed: int) -> tuple[list[Document], list[Document]]:
    """The documents without about a `share` of those with each set of labels, and that share, each in its order.

    Equal texts go together, so that nothing is in both; the labels of the first one count. Each label keeps one text at
    least. The second list is empty where that leaves nothing to hold out. The same seed splits alike.
    """
    texts = [clean(document.text) for document in documents]
    labels: dict[str, tuple[str, ...]] = {}
    for text, document in zip(texts, documents, strict=True):
        labels.setdefault(text, document.labels)
    random = np.random.default_rng(seed)
    distinct = list(labels)
    shuffled = [distinct[number] for number in random.permutation(len(labels)).tolist()]
    ordered = sorted(shuffled, key=lambda text: sorted(labels[text]))
    known: set[str] = set()
    candidates = []
    for text in ordered:
        if known.issuperset(labels[text]):
            candidates.append(text)
        known.update(labels[text])
    count = min(max(1, round(share * len(ordered))), len(candidates))
    places = (np.arange(count) + random.random()) * len(candidates) / max(1, count)
    chosen = {candidates[place] for place in places.astype(int).tolist()}
    return (
        [document for text, document in zip(texts, documents, strict=True) if text not in chosen],
        [document for text, document in zip(texts, documents, strict=True) if text in chosen],
    )
