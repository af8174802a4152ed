"""Translation: a pipeline, and what can decode in it in place of our own search."""

from seqtasks.inference.base import BATCH_TOKENS
from seqtasks.inference.translation.pipeline import TranslationPipeline
from seqtasks.inference.translation.scoring import MAX_SCORED
from seqtasks.inference.translation.search import BATCH_HYPOTHESES

__all__ = ["BATCH_HYPOTHESES", "BATCH_TOKENS", "MAX_SCORED", "TranslationPipeline"]
