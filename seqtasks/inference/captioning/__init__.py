"""Captioning: a pipeline for images and for the frames of videos."""

from seqtasks.inference.captioning.frames import BATCH_FRAMES, BATCH_LOOKAHEAD
from seqtasks.inference.captioning.pipeline import BATCH, CaptioningPipeline

__all__ = ["BATCH", "BATCH_FRAMES", "BATCH_LOOKAHEAD", "CaptioningPipeline"]
