"""Which labels are taken for which others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from seqtasks.metrics.classification import check


@dataclass(frozen=True)
class ConfusionMatrix:
    """A row for each label that is expected, a column for each that was found, both in the order of their names."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def confusion_matrix(found: Sequence[str], expected: Sequence[str]) -> ConfusionMatrix:
    """Counts one label a text.

    Raises:
        SeqtasksError: Nothing to count, or another number of labels than of texts.
    """
    check(found, expected)
    labels = tuple(sorted({*found, *expected}))
    counts = Counter(zip(expected, found, strict=True))
    return ConfusionMatrix(labels, tuple(tuple(counts[row, column] for column in labels) for row in labels))
