"""How good the labels are that were found for documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seqtasks.data.documents import Document
from seqtasks.metrics.calibration import calibration_score
from seqtasks.metrics.classes import class_scores, label_set_scores, majority_score, scores_by_label_set
from seqtasks.metrics.confusion import Confusion, confusion
from seqtasks.metrics.labels import LabelScore
from seqtasks.metrics.score import Score
from seqtasks.tasks.base import Evaluation, Sample
from seqtasks.tasks.classification.document_classifier import Classification

SHOWN = 200
"""Characters of a document that are shown as a sample."""


@dataclass(frozen=True)
class ClassificationEvaluation(Evaluation):
    """The scores, those of each label, and where one label holds what was taken for what."""

    labels: tuple[LabelScore, ...] = ()
    confusion: Confusion | None = None


def classification_evaluation(
    found: Sequence[Classification],
    documents: Sequence[Document],
    labels: Sequence[str],
    *,
    multi_label: bool,
    decoding: str,
    seconds: float,
) -> ClassificationEvaluation:
    """Compares what was found with the documents' labels; `labels` are the model's, the commonest first."""
    expected = [document.labels for document in documents]
    taken: Confusion | None = None
    if multi_label:
        scores = label_set_scores([each.labels for each in found], expected, labels)
    else:
        single = [names[0] for names in expected]
        scores = single_label_scores(found, single, labels[0])
        taken = confusion([each.label for each in found], single)
    rows = range(0, len(documents), max(1, len(documents) // 3))[:3]
    return ClassificationEvaluation(
        scores,
        tuple(Sample(documents[row].text[:SHOWN], ", ".join(expected[row]), described(found[row])) for row in rows),
        decoding,
        len(documents),
        seconds,
        labels=scores_by_label_set([each.labels for each in found], expected),
        confusion=taken,
    )


def single_label_scores(found: Sequence[Classification], expected: Sequence[str], majority: str) -> tuple[Score, ...]:
    """The scores of one label a document, and what the commonest label of the training data would get."""
    ours = [each.label for each in found]
    right = [own == other for own, other in zip(ours, expected, strict=True)]
    return (
        *class_scores(ours, expected),
        calibration_score([each.probability for each in found], right),
        majority_score(majority, expected),
    )


def described(found: Classification) -> str:
    """For people."""
    return ", ".join(f"{label} ({found.probabilities[label]:.2f})" for label in found.labels) or "-"
