"""Captions of a model and human captions, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from seqtasks.metrics.captioning import caption_scores
from seqtasks.metrics.evaluation import Evaluation, validation_examples

CaptionedSource = tuple[str, Sequence[str], str]
"""The name of an image or a frame, its references and the caption that a model gave it."""


def compare_captions(
    captioned: Sequence[CaptionedSource],
    samples: Sequence[CaptionedSource],
    signature: str,
    unit: str,
    seconds: float,
    *,
    with_meteor: bool,
) -> Evaluation:
    """The scores of captions, and three samples.

    Args:
        captioned: What is scored.
        samples: What samples are taken from.
        signature: Of all that the captions depend on.
        unit: What was captioned: "images" or "frames".
        seconds: How long captioning took.
        with_meteor: METEOR takes seconds to start, and needs Java.
    """
    outputs = [text for _, _, text in captioned]
    references = [captions for _, captions, _ in captioned]
    shown = validation_examples((name, captions[0], text) for name, captions, text in samples)
    return Evaluation(
        caption_scores(outputs, references, with_meteor=with_meteor), shown, signature,
        len(outputs), seconds, unit=unit, outputs=outputs, references=references,
    )  # fmt: skip
