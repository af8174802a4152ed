"""The labels of a task that gives labels: their order and their file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from seqtasks.errors import SeqtasksError
from seqtasks.text.vocabulary import Vocabulary

FILE = "labels.json"


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


def save_labels(labels: Sequence[str], folder: Path) -> None:
    """Writes what `load_labels` reads."""
    Vocabulary(labels).save(folder / FILE)


def load_labels(folder: Path) -> list[str]:
    """The labels of a model in their order. Raises SeqtasksError where they are missing or damaged."""
    return Vocabulary.load(folder / FILE).tokens
