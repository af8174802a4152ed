"""Scores by name, those of a user among them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.score import Score
from seqtasks.registry import Component


class Metric(Component, ABC):
    """One number for a whole corpus; `seqtasks evaluate --metric own` finds `class OwnMetric(Metric, kind="own")`.

    Args:
        lowercase: Ignore case, where the metric can.
        language: The code of the outputs' language, where it is known: what words are depends on it.
    """

    def __init__(self, *, lowercase: bool = False, language: str = "") -> None:
        self.lowercase = lowercase
        self.language = language

    @abstractmethod
    def compute(self, outputs: Sequence[Any], references: Sequence[Sequence[Any]]) -> tuple[float, str]:
        """The score of all outputs together.

        Args:
            outputs: Texts; of taggers and classifiers the labels of each sentence or document.
            references: For each output one or several of the same type.

        Returns:
            The number, and its signature: all choices that it depends on.
        """


def find_metrics(kinds: Sequence[str]) -> list[type[Metric]]:
    """The metrics of these kinds, in their order.

    Raises:
        SeqtasksError: One is unknown; the message lists those that there are.
    """
    try:
        return [Metric.of_kind(kind) for kind in kinds]
    except KeyError as error:
        known = f"Available: {', '.join(Metric.known())} (your own: --code FILE)."
        raise SeqtasksError(f"There is no metric {error.args[0]}.", known) from None


def compute_scores(
    kinds: Sequence[str],
    outputs: Sequence[Any],
    references: Sequence[Sequence[Any]],
    *,
    lowercase: bool = False,
    language: str = "",
) -> list[Score]:
    """The scores of all outputs together.

    Args:
        kinds: Of the metrics.
        outputs: As in `Metric.compute`.
        references: As in `Metric.compute`.
        lowercase: Ignore case, where a metric can.
        language: The code of the outputs' language, where it is known.

    Returns:
        A score for each of the metrics, in their order.

    Raises:
        SeqtasksError: There is no such metric.
    """
    return [
        Score(kind, *metric(lowercase=lowercase, language=language).compute(outputs, references))
        for kind, metric in zip(kinds, find_metrics(kinds), strict=True)
    ]
