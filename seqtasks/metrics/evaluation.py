"""The result of measuring a model on data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from seqtasks.metrics.confusion_matrix import ConfusionMatrix
from seqtasks.metrics.score import Score
from seqtasks.metrics.tagging import LabelScore


@dataclass(frozen=True)
class ValidationExample:
    """One example of the data, to look at."""

    source: str
    reference: str
    output: str


@dataclass(frozen=True)
class Skipped:
    """Examples of the data that were left out for one reason."""

    reason: str
    count: int
    places: tuple[str, ...]
    """Places of the first of them."""


@dataclass(frozen=True)
class Evaluation:
    """How good a model is on some data. The first score is the one to improve."""

    scores: tuple[Score, ...]
    samples: tuple[ValidationExample, ...] = ()
    decoding: str = ""
    """Signature of all that the outputs depend on."""
    examples: int = 0
    seconds: float = 0.0
    """Time for decoding alone."""
    unit: str = field(default="examples", kw_only=True)
    """What `examples` counts."""
    lower_is_better: bool = field(default=False, kw_only=True)
    """The first score is a loss."""
    outputs: Sequence[Any] = field(default=(), kw_only=True, repr=False)
    """What was compared, where outputs were: texts, or the labels of each sentence or document."""
    references: Sequence[Sequence[Any]] = field(default=(), kw_only=True, repr=False)
    """With what: one or several for each output."""
    language: str = field(default="", kw_only=True)
    """The code of the outputs' language, where they are texts and it is known."""
    labels: tuple[LabelScore, ...] = field(default=(), kw_only=True)
    """The scores of each label or kind of span, of taggers and classifiers."""
    confusion: ConfusionMatrix | None = field(default=None, kw_only=True)
    """The confusion matrix of a classifier where documents have one label each."""
    skipped: tuple[Skipped, ...] = field(default=(), kw_only=True)
    """What of the data could not be read or compared, and does not count in the scores."""

    @property
    def skipped_examples(self) -> int:
        """How many examples were left out."""
        return sum(each.count for each in self.skipped)


def validation_examples(examples: Iterable[tuple[str, str, str]]) -> tuple[ValidationExample, ...]:
    """At most three of these sources, references and outputs, spread over all."""
    every = list(examples)
    return tuple(ValidationExample(*each) for each in every[:: max(1, len(every) // 3)][:3])
