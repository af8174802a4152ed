"""Scores of labels, one for each text or several: scikit-learn's definitions, in percent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.score import Score
from seqtasks.metrics.spans import Span
from seqtasks.metrics.tagging import LabelScore, check_examples, count

EVALUATION = "scikit-learn-1.9.1"
"""The evaluation whose numbers these are; what cannot be divided is 0."""


def class_scores(found: Sequence[str], expected: Sequence[str]) -> tuple[Score, ...]:
    """Scores one label a text: the accuracy, and the mean of the F1 of all labels that are there or were found.

    Raises:
        SeqtasksError: Nothing to score, or another number of labels than of texts.
    """
    check(found, expected)
    by_class = scores_by_label_set([{label} for label in found], [{label} for label in expected])
    size = f"texts={len(expected)}"
    macro = sum(each.f1 for each in by_class) / len(by_class)
    return (
        Score("accuracy", share(found, expected), f"accuracy|of=texts|{size}"),
        Score("macro-f1", macro, f"macro-f1|classes={len(by_class)}|{size}|version={EVALUATION}"),
    )


def majority_score(majority: str, expected: Sequence[str]) -> Score:
    """The accuracy of always saying `majority`, the commonest label of the training data: what has to be beaten.

    Raises:
        SeqtasksError: Nothing to score.
    """
    check(expected, expected)
    guessed = [majority] * len(expected)
    return Score("majority-accuracy", share(guessed, expected), f"majority-accuracy|of=texts|texts={len(expected)}")


def label_set_scores(
    found: Sequence[Collection[str]], expected: Sequence[Collection[str]], labels: Collection[str]
) -> tuple[Score, ...]:
    """Scores texts for which several labels hold, or none.

    Args:
        found: The labels that each text was given.
        expected: Those that it has.
        labels: Those of the model; others that the texts have count too.

    Returns:
        In percent the F1 of all decisions together, the mean of the F1 of all labels, and how many texts have all their
        labels right and no other.

    Raises:
        SeqtasksError: Nothing to score, or another number of labels than of texts.
    """
    check(found, expected)
    counts = count(found, expected, label_set)
    every = set(labels) | counts.expected.keys() | counts.found.keys()
    macro = sum(counts.of(label).f1 for label in every) / max(1, len(every))
    subset = share([set(own) for own in found], [set(own) for own in expected])
    size = f"texts={len(expected)}"
    end = f"classes={len(every)}|{size}|version={EVALUATION}"
    return (
        Score("micro-f1", counts.together().f1, f"micro-f1|{end}"),
        Score("macro-f1", macro, f"macro-f1|{end}"),
        Score("subset-accuracy", subset, f"subset-accuracy|of=texts|{size}"),
    )


def scores_by_label_set(
    found: Sequence[Collection[str]], expected: Sequence[Collection[str]]
) -> tuple[LabelScore, ...]:
    """A row for each label that is there or was found, the most frequent first; a text has one label or several.

    Raises:
        SeqtasksError: Nothing to score, or another number of labels than of texts.
    """
    check(found, expected)
    return count(found, expected, label_set).rows()


def label_set(labels: Collection[str]) -> set[Span]:
    """Each label as a span of the whole text."""
    return {Span(label, 0, 0) for label in labels}


def share(found: Sequence[str | AbstractSet[str]], expected: Sequence[str | AbstractSet[str]]) -> float:
    """How many are the same, in percent."""
    return 100 * sum(own == other for own, other in zip(found, expected, strict=True)) / len(expected)


def check(found: Sequence[object], expected: Sequence[object]) -> None:
    """Raises what is wrong with the number of labels."""
    check_examples(found, expected, "text")
    if not expected:
        raise SeqtasksError("There are no labels to score.")
