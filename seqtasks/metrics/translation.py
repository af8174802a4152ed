"""Scores of translations against references, as sacrebleu computes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.score import Score

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric


def translation_scores(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]] | Sequence[str],
    *,
    lowercase: bool = False,
    metrics: Sequence[str] = ("bleu", "chrf", "ter"),
) -> list[Score]:
    """Scores a whole corpus of detokenized text, in percent, one `Score` for each of `metrics`, in their order.

    `references` is one text a hypothesis, or several such sequences: one for each set of references, as files are.
    With `lowercase` BLEU and chrF ignore case; TER always does, as is usual. Higher is better but for TER.

    BLEU: Papineni et al. 2002; chrF: Popović 2015; TER: Snover et al. 2006; signatures: Post 2018.

    Raises:
        SeqtasksError: nothing to score, a set of references of another length, a metric that does not exist.
    """
    sets = reference_sets(references)
    if not hypotheses:
        raise SeqtasksError("There are no translations to score.")
    if not sets:
        raise SeqtasksError("There are no references to score against.")
    for number, texts in enumerate(sets, 1):
        if len(texts) != len(hypotheses):
            name = f"reference set {number}" if len(sets) > 1 else "the reference"
            raise SeqtasksError(
                f"There are {len(hypotheses):,} translations, but {name} has {len(texts):,} lines.",
                "Each translation needs its reference on the same line.",
            )
    unknown = [metric for metric in metrics if metric not in METRICS]
    if unknown:
        raise SeqtasksError(f"There is no metric {', '.join(unknown)}.", f"There are {', '.join(METRICS)}.")
    scores = []
    for name in metrics:
        metric = METRICS[name](lowercase)
        value = metric.corpus_score(hypotheses, sets).score
        scores.append(Score(name, value, str(metric.get_signature())))
    return scores


def reference_sets(references: Sequence[Sequence[str]] | Sequence[str]) -> list[Sequence[str]]:
    """One set or several, as a list of sets."""
    if any(isinstance(texts, str) for texts in references):
        return [cast("Sequence[str]", references)]
    return list(references)


def bleu(lowercase: bool) -> Metric:
    """Up to four-grams, 13a tokens, exponential smoothing."""
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(lowercase=lowercase)


def chrf(lowercase: bool) -> Metric:
    """F2 over up to six characters, without words."""
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(lowercase=lowercase)


def ter(lowercase: bool) -> Metric:
    """Edits and shifts a reference word, without case whatever is asked."""
    from sacrebleu.metrics.ter import TER

    return TER()


METRICS: dict[str, Callable[[bool], Metric]] = {"bleu": bleu, "chrf": chrf, "ter": ter}
