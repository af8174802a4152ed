"""The labels of a task that gives labels: their order and their file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError

LABELS = "labels.json"
"""The file of the labels of a model in their order, a `Vocabulary`."""
FEW = 20
"""Documents up to which each may have a label of its own."""


def by_frequency(counts: Counter[str]) -> list[str]:
    """The labels, the commonest first."""
    return sorted(counts, key=lambda label: (-counts[label], label))


def require_known(counts: Counter[str], labels: Sequence[str]) -> None:
    """Raises SeqtasksError where the data have labels that the model to start from does not know."""
    if strange := sorted(counts.keys() - set(labels)):
        raise SeqtasksError(
            f"The model in init_from has no label {strange[0]!r}.",
            "Train a new one, or check the column of the labels.",
        )


def require_classes(counts: Counter[str], documents: int, skipped: ReadReport) -> None:
    """Raises SeqtasksError for training data from which no classes can be learned."""
    if not counts:
        raise SeqtasksError(
            f"There are no labeled documents to train on: {skipped.explain()}.",
            "".join(f"{warning}. " for warning in skipped.warnings)
            + "Check the data, and which column is the label (--label-column, label_column).",
        )
    if len(counts) == 1 and counts.total() == documents:
        raise SeqtasksError(
            f"All documents have the same label, {next(iter(counts))!r}.", "Add documents with other labels."
        )
    if documents > FEW and len(counts) > documents / 2:
        raise SeqtasksError(
            f"{len(counts):,} different labels in {documents:,} documents: these are hardly classes.",
            "Check which column is the label (--label-column) and which the text (--text-column).",
        )
