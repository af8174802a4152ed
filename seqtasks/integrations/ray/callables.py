"""A callable class a task, for `ray.data.Dataset.map_batches`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.inference.captioning import CaptioningPipeline
from seqtasks.inference.classification import ClassificationPipeline
from seqtasks.inference.outputs import Caption as CaptionResult
from seqtasks.inference.outputs import Classification, TaggedSentence, Translation
from seqtasks.inference.tagging import TaggingPipeline
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.integrations.ray.predictor import Model, Predictor
from seqtasks.video.caption_spans import CaptionSpan, merge_captions, timed
from seqtasks.video.reader import IntervalSampler, open_video


class Translate(Predictor[TranslationPipeline, Translation]):
    """Translates texts.

    Adds the columns `translation`, `translation_score` (normalized) and `translation_error`.

    Samples (`sample=True`) depend on the place of a text in its batch.

    Args:
        model: See `Predictor`.
        column: See `Predictor`.
        output: See `Predictor`.
        **options: See `Predictor`, and those of `TranslationPipeline.translate`.
    """

    task = "translation"
    results: ClassVar = {"": (lambda found: found.text, ""), "_score": (lambda found: found.normalized_score, math.nan)}

    def __init__(self, model: Model, *, column: str = "text", output: str = "translation", **options: Any) -> None:
        super().__init__(model, column=column, output=output, **options)

    def check(self) -> None:
        """Raises SeqtasksError for options that the pipeline does not have."""
        self.pipeline.decoding(**self.options)

    def predict(self, items: Sequence[str]) -> Sequence[Translation]:
        """A translation for each text."""
        return self.pipeline.translate(items, **self.options)


class Caption(Predictor[CaptioningPipeline, CaptionResult]):
    """Captions images.

    Adds the columns `caption`, `caption_score` (normalized) and `caption_error`.

    An image is a path or a URL that each node can read, the bytes of a file (also as Hugging Face stores them: a
    dictionary with `bytes`), or pixels (height, width, 3), as `ray.data.read_images` gives them.

    Args:
        model: See `Predictor`.
        column: See `Predictor`.
        output: See `Predictor`.
        **options: See `Predictor`, and those of `CaptioningPipeline.iter_captions`.
    """

    task = "captioning"
    results: ClassVar = {"": (lambda found: found.text, ""), "_score": (lambda found: found.normalized_score, math.nan)}

    def __init__(self, model: Model, *, column: str = "image", output: str = "caption", **options: Any) -> None:
        super().__init__(model, column=column, output=output, **options)

    def check(self) -> None:
        """Raises SeqtasksError for options that the pipeline does not have."""
        self.pipeline.decoding(**self.options)

    def item(self, value: Any) -> Any:
        """A value of the column as the pipeline takes it. Raises SeqtasksError where it cannot."""
        if isinstance(value, dict):
            value = value.get("bytes") or value.get("path")
        if isinstance(value, np.ndarray):
            return Image.fromarray(value)
        if not isinstance(value, str | bytes):
            raise SeqtasksError(f"{'null' if value is None else type(value).__name__} is not an image.")
        return value

    def predict(self, items: Sequence[Any]) -> Sequence[CaptionResult | SeqtasksError]:
        """A caption for each image, or why it cannot be read."""
        return list(self.pipeline.iter_captions(items, **self.options))


class CaptionVideo(Predictor[CaptioningPipeline, list[CaptionSpan]]):
    """Captions videos.

    Adds the columns `captions` (texts), `captions_start` and `captions_end` (in seconds), which hold a list for each
    video, and `captions_error`.

    A video is a path that each node can read. A batch is a few of them: `batch_size=1` is as fast as more.

    Args:
        model: See `Predictor`.
        column: See `Predictor`.
        output: See `Predictor`.
        frame_interval: The time between frames, in seconds.
        **options: See `Predictor`, and those of `DecodingConfig`.
    """

    task = "captioning"
    results: ClassVar = {
        "": (lambda spans: [span.text for span in spans], []),
        "_start": (lambda spans: [span.start for span in spans], []),
        "_end": (lambda spans: [span.end for span in spans], []),
    }

    def __init__(
        self,
        model: Model,
        *,
        column: str = "path",
        output: str = "captions",
        frame_interval: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(model, column=column, output=output, **options)
        self.sampler = IntervalSampler(frame_interval)

    def check(self) -> None:
        """Raises SeqtasksError for options that the pipeline does not have."""
        self.pipeline.decoding(**self.options)

    def predict(self, items: Sequence[str]) -> Sequence[list[CaptionSpan]]:
        """The captions of each video."""
        return [self.spans(path) for path in items]

    def spans(self, path: str) -> list[CaptionSpan]:
        """The captions of one video."""
        video = open_video(path)
        captions = (
            timed(frame, caption.text, caption.log_probabilities, blank=caption.blank)
            for frame, caption in self.pipeline.caption_frames(video.frames(self.sampler), **self.options)
        )
        spans = list(merge_captions(captions, lambda: video.end))
        if video.damage is not None:
            raise SeqtasksError(f"{path}: {video.damage}.")
        return spans


class Tag(Predictor[TaggingPipeline, list[TaggedSentence]]):
    """Labels the words of texts.

    Adds the columns `tags` (labels), `tags_words`, `tags_confidence` and `tags_sentence` (the number of each word's
    sentence, from 0), which hold a list for each text, and `tags_error`.

    Args:
        model: See `Predictor`.
        column: Texts, which are split into sentences and words by rules, or lists of words, each a sentence.
        output: See `Predictor`.
        **options: See `Predictor`.
    """

    task = "tagging"
    results: ClassVar = {
        "": (lambda found: [label for each in found for label in each.labels], []),
        "_words": (lambda found: [word for each in found for word in each.words], []),
        "_confidence": (lambda found: [sure for each in found for sure in each.confidences], []),
        "_sentence": (lambda found: [number for number, each in enumerate(found) for _ in each.words], []),
    }

    def __init__(self, model: Model, *, column: str = "text", output: str = "tags", **options: Any) -> None:
        super().__init__(model, column=column, output=output, **options)

    def item(self, value: Any) -> list[list[str]]:
        """The sentences of a text, or the one that a list of words is."""
        if isinstance(value, list | np.ndarray):
            return [[str(word) for word in value]] if len(value) else []
        return [[word for word, _ in sentence] for sentence in self.pipeline.sentences(super().item(value))]

    def predict(self, items: Sequence[list[list[str]]]) -> Sequence[list[TaggedSentence]]:
        """The sentences of each text, tagged."""
        found = iter(self.pipeline.tag([sentence for text in items for sentence in text]))
        return [[next(found) for _ in text] for text in items]


class Classify(Predictor[ClassificationPipeline, Classification]):
    """Classifies texts.

    Adds the columns `label`, `label_probability`, `label_all` (a list: those that hold) and `label_error`.

    Args:
        model: See `Predictor`.
        column: See `Predictor`.
        output: See `Predictor`.
        **options: See `Predictor`.
    """

    task = "classification"
    results: ClassVar = {
        "": (lambda found: found.label, ""),
        "_probability": (lambda found: found.probability, math.nan),
        "_all": (lambda found: list(found.labels), []),
    }

    def __init__(self, model: Model, *, column: str = "text", output: str = "label", **options: Any) -> None:
        super().__init__(model, column=column, output=output, **options)

    def predict(self, items: Sequence[str]) -> Sequence[Classification]:
        """The labels of each text."""
        return self.pipeline.classify(items)
