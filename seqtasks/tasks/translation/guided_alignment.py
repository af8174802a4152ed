"""What guided alignment can be told."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from seqtasks.registry import ConfigModel


class GuidedAlignmentConfig(ConfigModel):
    """Teaches the decoder's attention where a word aligner looks (Garg et al. 2019), so that words can be traced.

    With `model.decoder.alignment_heads = 1` one head of a Transformer learns it, and the others stay free.
    """

    weight: float = Field(default=0.1, gt=0)
    """Of the cross-entropy of the attention, beside that of the target tokens."""
    cache_dir: Path | None = None
    """Where alignments are kept; else in the user's cache, seqtasks/alignments."""
