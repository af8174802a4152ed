"""Translations of a model and reference translations, side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seqtasks.data.examples import Pair
from seqtasks.metrics.evaluation import Evaluation, validation_examples
from seqtasks.metrics.translation import translation_scores

if TYPE_CHECKING:
    from seqtasks.inference.translation.pipeline import TranslationPipeline


def evaluate_pairs(
    pipeline: TranslationPipeline,
    pairs: Sequence[Pair],
    *,
    lowercase: bool | None,
    metrics: Sequence[str],
    **options: Any,
) -> Evaluation:
    """See `TranslationPipeline.evaluate`."""
    decoding = pipeline.decoding(**options)
    started = time.perf_counter()
    sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
    outputs = [found.text for found in pipeline.translate(sources, split_sentences=False, protect=None, **options)]
    seconds = time.perf_counter() - started
    lowercase = pipeline.lowercase if lowercase is None else lowercase
    scores = translation_scores(outputs, targets, lowercase=lowercase, language=pipeline.languages[1], metrics=metrics)
    samples = validation_examples(zip(sources, targets, outputs, strict=True))
    return Evaluation(
        tuple(scores), samples, pipeline.signature(decoding.signature()), len(pairs), seconds,
        unit="sentences", language=pipeline.languages[1], outputs=outputs, references=[[target] for target in targets],
    )  # fmt: skip
