"""Scores of translations against references, as sacrebleu computes them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import zip_longest
from typing import Any, ClassVar, cast

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.metric import Metric, compute_scores
from seqtasks.metrics.score import Score
from seqtasks.plurals import counted

WITHOUT_WORDS = frozenset({"th", "lo", "km", "my", "bo", "dz"})
"""Languages that are written without blanks, and that sacrebleu cannot cut into words."""


def translation_scores(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]] | Sequence[str],
    *,
    lowercase: bool = False,
    language: str = "",
    metrics: Sequence[str] = ("bleu", "chrf", "ter"),
) -> list[Score]:
    """Scores a whole corpus of detokenized text, in percent.

    BLEU: Papineni et al. 2002; chrF: Popović 2015; TER: Snover et al. 2006; signatures: Post 2018. Higher is better but
    for TER.

    Args:
        hypotheses: The outputs.
        references: One text a hypothesis, or several such sequences: one for each set of references, as files are.
        lowercase: BLEU and chrF ignore case; TER always does, as is usual.
        language: The code of the outputs' language, which decides on how BLEU and TER cut words; TER is left out where
            it has no words to count.
        metrics: Kinds of metrics.

    Returns:
        A score for each of the metrics, in their order.

    Raises:
        SeqtasksError: Nothing to score, a set of references of another length, a metric that does not exist.
    """
    sets = reference_sets(references)
    if not hypotheses:
        raise SeqtasksError("There are no translations to score.")
    if not sets:
        raise SeqtasksError("There are no references to score against.")
    for number, texts in enumerate(sets, 1):
        if len(texts) != len(hypotheses):
            name = f"Reference set {number}" if len(sets) > 1 else "The reference"
            raise SeqtasksError(
                f"{name} has {counted(len(texts), 'lines')} for {counted(len(hypotheses), 'translations')}.",
                "Each translation needs its reference on the same line.",
            )
    if primary(language) in WITHOUT_WORDS:
        metrics = [metric for metric in metrics if metric != "ter"]
    return compute_scores(metrics, hypotheses, list(zip(*sets, strict=True)), lowercase=lowercase, language=language)


def primary(language: str) -> str:
    """The code of a language without its script and region."""
    return language.replace("_", "-").partition("-")[0].lower()


def bleu_tokenizer(language: str) -> str:
    """The tokenizer of sacrebleu that finds the words of a language.

    Japanese and Korean are cut by a dictionary where it is installed (the extras ja and ko); Japanese by characters
    where it is not, and so are Thai, Lao, Khmer, Burmese and Tibetan, for which sacrebleu has none.
    """
    code = primary(language)
    if code in ("zh", "yue", "cmn"):
        return "zh"
    if code == "ja":
        return "ja-mecab" if find_spec("MeCab") and find_spec("ipadic") else "char"
    if code == "ko":
        return "ko-mecab" if find_spec("mecab_ko") else "13a"
    return "char" if code in WITHOUT_WORDS else "13a"


def reference_sets(references: Sequence[Sequence[str]] | Sequence[str]) -> list[Sequence[str]]:
    """One set or several, as a list of sets."""
    if any(isinstance(texts, str) for texts in references):
        return [cast("Sequence[str]", references)]
    return list(references)


class SacrebleuMetric(Metric):
    """A metric of sacrebleu's."""

    name: ClassVar[str]

    def options(self) -> dict[str, Any]:
        """Those of sacrebleu's class."""
        return {"lowercase": self.lowercase}

    def compute(self, outputs: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[float, str]:
        """The corpus score of sacrebleu, with its own signature."""
        from sacrebleu import metrics

        if len(outputs) != len(references):  # sacrebleu would score as many as there are of both
            raise ValueError(f"{len(outputs)} outputs need as many references, not {len(references)}")
        metric = getattr(metrics, self.name)(**self.options())
        score = metric.corpus_score(outputs, list(zip_longest(*references))).score
        return score, str(metric.get_signature())


class BLEU(SacrebleuMetric, kind="bleu"):
    """Up to four-grams, exponential smoothing; 13a tokens, or those of the language."""

    name = "BLEU"

    def options(self) -> dict[str, Any]:
        """Case, and sacrebleu's tokenizer for the language: see `bleu_tokenizer`."""
        return {"lowercase": self.lowercase, "tokenize": bleu_tokenizer(self.language)}


class CHRF(SacrebleuMetric, kind="chrf"):
    """F2 over up to six characters, without words."""

    name = "CHRF"


class TER(SacrebleuMetric, kind="ter"):
    """Edits and shifts a reference word, without case whatever is asked; a Chinese or Japanese character is a word."""

    name = "TER"

    def options(self) -> dict[str, Any]:
        """Characters as words for Chinese and Japanese."""
        asian = primary(self.language) in ("zh", "yue", "cmn", "ja")
        return {"normalized": True, "asian_support": True} if asian else {}
