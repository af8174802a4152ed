"""Scores of translations against references, as sacrebleu computes them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar, cast

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.metric import Metric, compute_scores
from seqtasks.metrics.score import Score


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
    return compute_scores(metrics, hypotheses, list(zip(*sets, strict=True)), lowercase=lowercase)


def reference_sets(references: Sequence[Sequence[str]] | Sequence[str]) -> list[Sequence[str]]:
    """One set or several, as a list of sets."""
    if any(isinstance(texts, str) for texts in references):
        return [cast("Sequence[str]", references)]
    return list(references)


class SacrebleuMetric(Metric):
    """A metric of sacrebleu's."""

    name: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ("lowercase",)

    def compute(self, outputs: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[float, str]:
        from sacrebleu import metrics

        metric = getattr(metrics, self.name)(**{option: getattr(self, option) for option in self.options})
        score = metric.corpus_score(outputs, list(zip_longest(*references))).score
        return score, str(metric.get_signature())


class BLEU(SacrebleuMetric, kind="bleu"):
    """Up to four-grams, 13a tokens, exponential smoothing."""

    name = "BLEU"


class CHRF(SacrebleuMetric, kind="chrf"):
    """F2 over up to six characters, without words."""

    name = "CHRF"


class TER(SacrebleuMetric, kind="ter"):
    """Edits and shifts a reference word, without case whatever is asked."""

    name = "TER"
    options = ()
