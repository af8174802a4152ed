"""How probable given translations are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqtasks.decoding import Hypothesis, score
from seqtasks.errors import SeqtasksError
from seqtasks.inference.base import BATCH_TOKENS, in_sorted_batches, require_equal
from seqtasks.inference.outputs import Translation
from seqtasks.text import normalize

if TYPE_CHECKING:
    from seqtasks.inference.translation.pipeline import TranslationPipeline

MAX_SCORED = 4_096
"""Tokens of a text, or of its translation, that are scored: a score is that of both as a whole, never of parts."""


def score_pairs(pipeline: TranslationPipeline, texts: Sequence[str], translations: Sequence[str]) -> list[Translation]:
    """See `TranslationPipeline.score`."""
    require_equal(len(translations), "translations", len(texts))
    sources = pipeline.source.encode_all([normalize(text) for text in texts])
    wanted = pipeline.target.encode_all([normalize(text) for text in translations])

    for number, both in enumerate(zip(sources, wanted, strict=True), 1):
        if (longest := max(map(len, both))) > pipeline.max_scored_length:
            raise SeqtasksError(
                f"Pair {number} has {longest:,} tokens; {pipeline.max_scored_length:,} can be scored.",
                "Score its sentences one by one.",
            )

    def score_rows(rows: list[int]) -> list[Hypothesis]:
        chosen, targets = [sources[row] for row in rows], [wanted[row] for row in rows]
        length_penalty = pipeline.default_decoding.length_penalty
        if pipeline.engine is not None and not pipeline.models:
            return pipeline.engine.score(chosen, targets, length_penalty)
        return score(pipeline.stepper(chosen), targets, length_penalty=length_penalty)

    lengths = [max(len(source), len(target)) + 2 for source, target in zip(sources, wanted, strict=True)]
    scored = in_sorted_batches(score_rows, lengths, BATCH_TOKENS)
    return [pipeline.translation(text, hypothesis) for text, hypothesis in zip(texts, scored, strict=True)]
