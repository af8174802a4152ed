"""Which validation found the best model."""

from __future__ import annotations

import math

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.metrics.score import FALLBACKS, LOWER_IS_BETTER, Score


def improves(evaluation: Evaluation, metric: str | None, best: float | None, best_fallback: float | None) -> bool:
    """Whether the deciding score is better than all before, or the same and its fallback is better.

    One that is no number never is.

    Args:
        evaluation: What a validation found.
        metric: The score that decides; None for the first one.
        best: The best value so far, None before the first validation.
        best_fallback: The value of its fallback then.
    """
    score, fallback = deciding_scores(evaluation, metric)
    if best is None:
        return not math.isnan(score.value)
    if score.value == best and fallback is not None and best_fallback is not None:
        return fallback > best_fallback
    first = score is evaluation.scores[0]
    lower = evaluation.lower_is_better if first else score.metric in LOWER_IS_BETTER
    return score.value < best if lower else score.value > best


def deciding_scores(evaluation: Evaluation, metric: str | None) -> tuple[Score, float | None]:
    """The score that says which model is the best, and the value of the one that decides where that is the same.

    Raises:
        SeqtasksError: There is no score of the name that the configuration gives.
    """
    scores = {score.metric: score for score in evaluation.scores}
    name = metric or evaluation.scores[0].metric
    if name not in scores:
        raise SeqtasksError(
            f"training.metric_for_best_model = {name!r} is no score of the validation.",
            f"There are {', '.join(scores)}.",
        )
    fallback = scores.get(FALLBACKS.get(name, ""))
    return scores[name], None if fallback is None else fallback.value
