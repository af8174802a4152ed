"""Scores of labels, one for each word of a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.score import Score
from seqtasks.metrics.spans import Span, are_spans, spans
from seqtasks.plurals import counted

EVALUATION = "seqeval-1.2.2"
"""The evaluation whose numbers those of spans are."""

Examined = TypeVar("Examined")

Labels = Sequence[Sequence[str]]
"""The labels of each sentence."""


class LabelScore(NamedTuple):
    """How well one label, or one kind of span, was found: in percent, 0 where there is nothing to divide by."""

    label: str
    precision: float
    recall: float
    f1: float
    expected: int
    """How many there are."""
    found: int


def label_scores(found: Labels, expected: Labels) -> tuple[Score, ...]:
    """Scores the labels of a whole corpus, in percent.

    The accuracy of words; where labels are BIO or BIOES, also F1, precision and recall of spans, which are right when
    both their ends and their kind are (Tjong Kim Sang and Buchholz 2000).

    Raises:
        SeqtasksError: Nothing to score, another number of sentences or of labels in a sentence.
    """
    check(found, expected)
    words = count(found, expected, single_words)
    total = words.expected.total()
    size = f"sentences={len(expected)}|words={total}"
    scores = [Score("accuracy", 100 * words.right.total() / total, f"accuracy|of=words|{size}")]
    if hold_spans(found, expected):
        whole = count(found, expected, spans).together()
        end = f"average=micro|mode=conlleval|{size}|version={EVALUATION}"
        scores += [
            Score(f"span-{name}", value, f"span-{name}|{end}")
            for name, value in (("f1", whole.f1), ("precision", whole.precision), ("recall", whole.recall))
        ]
    return tuple(scores)


def scores_by_label(found: Labels, expected: Labels) -> tuple[LabelScore, ...]:
    """A row for each label, the most frequent first; where labels are BIO or BIOES, a row for each kind of span.

    Raises:
        SeqtasksError: Nothing to score, another number of sentences or of labels in a sentence.
    """
    check(found, expected)
    return count(found, expected, spans if hold_spans(found, expected) else single_words).rows()


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each kind of span is there, was found, and was found where it is."""

    expected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)

    def of(self, kind: str) -> LabelScore:
        """Precision, recall and F1 of one kind of spans."""
        return label_score(kind, self.expected[kind], self.found[kind], self.right[kind])

    def together(self) -> LabelScore:
        """Of all kinds, each span weighing the same."""
        return label_score("", self.expected.total(), self.found.total(), self.right.total())

    def rows(self) -> tuple[LabelScore, ...]:
        """Of each kind that is there or was found, the most frequent first."""
        kinds = self.expected.keys() | self.found.keys()
        return tuple(self.of(kind) for kind in sorted(kinds, key=lambda kind: (-self.expected[kind], kind)))


def label_score(label: str, expected: int, found: int, right: int) -> LabelScore:
    """Scores in percent, 0 where nothing is there to be divided by.

    Args:
        label: What is scored.
        expected: How often the references have it.
        found: How often the outputs have it.
        right: How often both have it at the same place.
    """
    precision = 100 * right / found if found else 0.0
    recall = 100 * right / expected if expected else 0.0
    f1 = 200 * right / (expected + found) if expected + found else 0.0
    return LabelScore(label, precision, recall, f1, expected, found)


def count(found: Iterable[Examined], expected: Iterable[Examined], read: Callable[[Examined], set[Span]]) -> Counts:
    """Counts what `read` sees in the labels of each sentence, or of each document."""
    counts = Counts()
    for own, other in zip(found, expected, strict=True):
        seen, there = read(own), read(other)
        for counter, which in ((counts.found, seen), (counts.expected, there), (counts.right, seen & there)):
            counter.update(span.kind for span in which)
    return counts


def single_words(labels: Sequence[str]) -> set[Span]:
    """Each word as a span of its own."""
    return {Span(label, place, place) for place, label in enumerate(labels)}


def hold_spans(found: Labels, expected: Labels) -> bool:
    """Whether the labels are BIO or BIOES."""
    return are_spans(label for labels in (*found, *expected) for label in labels)


def check_examples(found: Sequence[object], expected: Sequence[object], example: str) -> None:
    """Raises SeqtasksError where there are labels for more examples than expected, or for fewer."""
    if len(found) != len(expected):
        raise SeqtasksError(
            f"There are labels for {counted(len(found), f'{example}s')}, but {len(expected):,} are expected.",
            f"Each {example} needs its labels at the same place.",
        )


def check(found: Labels, expected: Labels) -> None:
    """Raises what is wrong with the numbers of labels."""
    check_examples(found, expected, "sentence")
    for number, (own, other) in enumerate(zip(found, expected, strict=True), 1):
        if len(own) != len(other):
            raise SeqtasksError(
                f"Sentence {number:,} has {counted(len(own), 'labels')}, but {len(other):,} are expected.",
                "Each word needs one label.",
            )
    if not any(expected):
        raise SeqtasksError("There are no labels to score.", "Give sentences whose words have labels.")
