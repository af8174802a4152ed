"""Which validation found the best model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.metrics.score import FALLBACKS, LOWER_IS_BETTER, Score, format_score, metric_name

UNCHANGED = 3
"""Validations with one and the same score that are worth a warning."""


class BestModel:
    """The best of the validations so far.

    Args:
        metric: The name of the score that decides; None for the first one of an evaluation.
    """

    def __init__(self, metric: str | None) -> None:
        self.metric = metric
        self.value: float | None = None
        """The best value, None before the first validation that had one."""
        self.fallback: float | None = None
        """The value then of the score that decides between equal ones."""
        self.unimproved = 0
        """Validations since."""
        self.latest: float | None = None
        """The score of the last validation, and at how many in a row it was this."""
        self.unchanged = 0

    def update(self, evaluation: Evaluation) -> bool:
        """Takes the next validation; whether it is the best so far.

        Raises:
            SeqtasksError: It has no score of the name that decides.
        """
        score, fallback = self.deciding_scores(evaluation)
        self.unchanged = self.unchanged + 1 if score.value == self.latest else 1
        self.latest = score.value
        if not self.improves(evaluation, score, fallback):
            self.unimproved += 1
            return False
        self.value, self.fallback, self.unimproved = score.value, fallback, 0
        return True

    def improves(self, evaluation: Evaluation, score: Score, fallback: float | None) -> bool:
        """Whether a score is better than all before, or the same with a better fallback. NaN never is."""
        if self.value is None:
            return not math.isnan(score.value)
        if score.value == self.value and fallback is not None and self.fallback is not None:
            return fallback > self.fallback
        first = score is evaluation.scores[0]
        lower = evaluation.lower_is_better if first else score.metric in LOWER_IS_BETTER
        return score.value < self.value if lower else score.value > self.value

    def deciding_scores(self, evaluation: Evaluation) -> tuple[Score, float | None]:
        """The score that decides, and the value of the one that does where that is the same."""
        scores = {score.metric: score for score in evaluation.scores}
        name = self.metric or evaluation.scores[0].metric
        if name not in scores:
            raise SeqtasksError(
                f"training.metric_for_best_model = {name!r} is not a validation metric.",
                f"Available: {', '.join(scores)}.",
            )
        fallback = scores.get(FALLBACKS.get(name, ""))
        return scores[name], None if fallback is None else fallback.value

    def warning(self, evaluation: Evaluation) -> str:
        """A warning where the deciding score has now been the same for some validations, else an empty string."""
        if self.unchanged != UNCHANGED:
            return ""
        score, _ = self.deciding_scores(evaluation)
        return (
            f"{metric_name(score.metric)} was {format_score(score.metric, score.value)} at {UNCHANGED} validations: "
            "check the outputs; training.metric_for_best_model can select another metric"
        )

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "best": self.value,
            "best_fallback": self.fallback,
            "unimproved": self.unimproved,
            "latest_score": self.latest,
            "unchanged": self.unchanged,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from what a checkpoint kept; those of version 0.1 have the best value alone."""
        self.value, self.unimproved = state["best"], state["unimproved"]
        self.fallback, self.latest = state.get("best_fallback"), state.get("latest_score")
        self.unchanged = state.get("unchanged", 0)
