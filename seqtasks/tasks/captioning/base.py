"""What tasks that describe images and frames have in common."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Generic, Self

import torch
from pydantic import Field
from typing_extensions import TypeVar

from seqtasks.component import OneOf, Settings
from seqtasks.data.captions import CaptionedImage, CaptionReport
from seqtasks.data.features import CachedFeatures
from seqtasks.decoding import Decoding
from seqtasks.encoders import CnnEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.metrics.captions import caption_scores
from seqtasks.models import Generator
from seqtasks.tasks.base import BatchT, Evaluation, Sample, Task
from seqtasks.tasks.captioning.captioner import BATCH, Caption, Captioner
from seqtasks.text import TextProcessor, Words
from seqtasks.vision.transforms import ImageSettings

ImageEncoderT = TypeVar("ImageEncoderT", bound=CnnEncoder, default=CnnEncoder)

IMAGES = "image.json"
WATCHED = ("cider-d", "bleu-4", "distinct")
"""The scores that are shown while training."""


class CaptionSettings(Settings):
    """What tasks that describe pictures have in common."""

    text: Annotated[Settings, OneOf(TextProcessor)] = Words.Config(
        language="en", minimum_count=5, rare="unknown", size=50_000
    )
    """How captions become tokens."""
    images: ImageSettings = ImageSettings()
    """How images become the input of the CNN."""
    model: Generator.Config
    """The network."""
    decoding: Decoding = Decoding(beam=3, max_length="40")
    """How the trained model describes unless it is told otherwise."""
    validation_beam: int = Field(default=1, gt=0)
    """Beam size while training is validated."""


class BaseCaptioningTask(Task[Generator[ImageEncoderT], BatchT], Generic[ImageEncoderT, BatchT]):
    """Images in, sentences out; what it trains on, the subclass says."""

    def __init__(self, config: Any, processor: TextProcessor) -> None:
        self.config = config
        self.processor = processor

    @classmethod
    def load(cls, config: Any, processors: Path) -> Self:
        kind = TextProcessor.of(config.text)
        images = ImageSettings.load(processors / IMAGES)
        processor = kind.load(processors / f"target{kind.extension}", config.text)
        return cls(config.model_copy(update={"images": images}), processor)

    def save_processors(self, folder: Path) -> None:
        self.config.images.save(folder / IMAGES)
        self.processor.save(folder / f"target{self.processor.extension}")

    def build_model(self) -> Generator[ImageEncoderT]:
        return Generator(self.config.model, 0, self.processor.size)

    def initialise(self, model: Generator[ImageEncoderT]) -> None:
        model.encoder.load_pretrained()

    def evaluate(
        self,
        models: Sequence[Generator],
        images: Sequence[CaptionedImage],
        decoding: Decoding,
        *,
        features: CachedFeatures | None = None,
        with_meteor: bool = True,
        skipped: CaptionReport | None = None,
    ) -> Evaluation:
        """Describes the pictures and compares with their captions.

        Those that cannot be read are left out and counted in `skipped`. METEOR takes seconds to start, and needs Java.
        """
        captioner = Captioner(models, self.config.images, self.processor)
        started = time.perf_counter()
        found: list[Caption | SeqtasksError]
        if features is None:
            found = [*captioner.caption([each.image for each in images], decoding)]
        else:
            found = [*from_features(captioner, features, [each.image.name for each in images], decoding)]
        seconds = time.perf_counter() - started
        pairs = []
        for each, caption in zip(images, found, strict=True):
            if isinstance(caption, Caption):
                pairs.append((each, caption))
            elif skipped is not None:
                skipped.skip_picture("broken", each.image.name)
        if not pairs:
            raise SeqtasksError("None of the pictures can be read.", "Look at the folder of the pictures.")
        scores = caption_scores(
            [caption.text for _, caption in pairs], [each.captions for each, _ in pairs], with_meteor=with_meteor
        )
        samples = tuple(
            Sample(pairs[row][0].image.name, pairs[row][0].captions[0], pairs[row][1].text)
            for row in range(0, len(pairs), max(1, len(pairs) // 3))[:3]
        )
        return Evaluation(tuple(scores), samples, decoding.signature(), len(pairs), seconds)


def from_features(
    captioner: Captioner, features: CachedFeatures, names: Sequence[str], decoding: Decoding
) -> Iterator[Caption | SeqtasksError]:
    """A caption for each picture whose features are known, the reason for each other."""
    good = [number for number in range(len(features)) if number not in features.unreadable]
    said: dict[int, Caption] = {}
    for start in range(0, len(good), 4 * BATCH):
        part = good[start : start + 4 * BATCH]
        with torch.no_grad():
            shown = [names[number] for number in part]
            said.update(zip(part, captioner.describe(features.rows(part), shown, decoding, part), strict=True))
    for number in range(len(features)):
        yield said[number] if number in said else features.unreadable[number]
