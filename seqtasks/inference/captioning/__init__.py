"""Captioning: a pipeline for images and for the frames of videos."""

from seqtasks.inference.captioning.pipeline import BATCH, BATCH_FRAMES, BATCH_LOOKAHEAD, CaptioningPipeline

__all__ = ["BATCH", "BATCH_FRAMES", "BATCH_LOOKAHEAD", "CaptioningPipeline"]
