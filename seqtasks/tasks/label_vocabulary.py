"""The labels of a task that gives labels: their order and their file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from seqtasks.errors import SeqtasksError

LABELS = "labels.json"
"""The file of the labels of a model in their order, a `Vocabulary`."""


def by_frequency(counts: Counter[str]) -> list[str]:
    """The labels, the commonest first."""
    return sorted(counts, key=lambda label: (-counts[label], label))


def require_known(counts: Counter[str], labels: Sequence[str]) -> None:
    """Raises SeqtasksError where the data have labels that the model to start from does not know."""
    if strange := sorted(counts.keys() - set(labels)):
        raise SeqtasksError(
            f"The model that training starts from has no label {strange[0]!r}.",
            "Train a new one, or look at the column of the labels.",
        )
