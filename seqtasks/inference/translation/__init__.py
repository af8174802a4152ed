"""Translation: a pipeline, and what can decode in it in place of our own search."""

from seqtasks.inference.base import BATCH_TOKENS
from seqtasks.inference.translation.pipeline import BATCH_HYPOTHESES, TranslationPipeline
from seqtasks.inference.translation.scoring import MAX_SCORED

__all__ = ["BATCH_HYPOTHESES", "BATCH_TOKENS", "MAX_SCORED", "TranslationPipeline"]
