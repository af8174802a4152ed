"""Captions of a model and human captions, side by side."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from seqtasks.data.captions.captioned_images import CaptionedImage, CaptionReadReport
from seqtasks.data.feature_cache import CachedFeatures
from seqtasks.data.videos.frame_sequence import FrameSequence
from seqtasks.errors import SeqtasksError
from seqtasks.image.blank import describe_blank
from seqtasks.inference.outputs import Caption
from seqtasks.metrics.captioning import caption_scores
from seqtasks.metrics.evaluation import Evaluation, validation_examples

if TYPE_CHECKING:
    from seqtasks.inference.captioning.pipeline import CaptioningPipeline

BATCH_FEATURES = 256
"""Images whose features are known that are captioned at a time."""

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


def evaluate_images(
    pipeline: CaptioningPipeline,
    images: Sequence[CaptionedImage],
    *,
    features: CachedFeatures | None,
    skipped: CaptionReadReport | None,
    with_meteor: bool,
    **options: Any,
) -> Evaluation:
    """See `CaptioningPipeline.evaluate`."""
    decoding, names = pipeline.decoding(**options), [each.image.name for each in images]
    started = time.perf_counter()
    found: Iterable[Caption | SeqtasksError]
    if features is None:
        found = pipeline.iter_captions([each.image for each in images], **options)
    else:
        found = pipeline.caption_readable(iter(features), names, decoding, batch_size=BATCH_FEATURES)
    captioned: list[CaptionedSource] = []
    blank: list[str] = []
    for each, name, caption in zip(images, names, found, strict=True):
        if isinstance(caption, Caption):
            captioned.append((name, each.captions, caption.text))
            blank += [name] * caption.blank
        elif skipped is not None:
            skipped.images.skip("broken", name)
    seconds = time.perf_counter() - started
    if not captioned:
        raise SeqtasksError("None of the images can be read.", "Check the folder of the images.")
    if blank and skipped is not None:
        skipped.images.warnings.append(describe_blank(blank, len(captioned)))
    signature = pipeline.signature(decoding.signature())
    return compare_captions(captioned, captioned, signature, "images", seconds, with_meteor=with_meteor)


def evaluate_videos(
    pipeline: CaptioningPipeline, videos: Sequence[FrameSequence], *, with_meteor: bool, **options: Any
) -> Evaluation:
    """See `CaptioningPipeline.evaluate_videos`."""
    decoding = pipeline.decoding(**options)
    captioned, samples = list[CaptionedSource](), list[CaptionedSource]()
    started = time.perf_counter()
    for number, video in enumerate(videos):
        found = pipeline.caption_playing(video.frames(0), decoding, name=f"video {number}")
        told = [
            (caption.image, captions, caption.text)
            for caption, captions in zip(found, video.captions, strict=False)
            if captions
        ]
        captioned += told
        samples += told[-1:]
    seconds = time.perf_counter() - started
    if not captioned:
        raise SeqtasksError("No frame of the videos has a caption.", "Check the times of the captions.")
    signature = pipeline.signature(decoding.signature())
    return compare_captions(captioned, samples[:3], signature, "frames", seconds, with_meteor=with_meteor)
