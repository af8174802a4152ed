"""Captions of pictures and clips by a trained model, or several."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from PIL import Image

from seqtasks.data.captions import CaptionedImage, CaptionReport
from seqtasks.data.playing import Playing
from seqtasks.errors import SeqtasksError
from seqtasks.models import Generator
from seqtasks.predictor.base import WritingPredictor
from seqtasks.tasks.base import Evaluation
from seqtasks.tasks.captioning.base import BaseCaptioningTask
from seqtasks.tasks.captioning.captioner import Caption, Captioner, Picture
from seqtasks.tasks.video.clip_captioner import ClipCaptioner, evaluate_clips
from seqtasks.vision.images import ImageError
from seqtasks.vision.video import Frame


class CaptioningPredictor(WritingPredictor):
    """Says what pictures show, and measures how good it is at it. See `load`."""

    task: BaseCaptioningTask

    def __init__(self, task: BaseCaptioningTask, models: Sequence[Generator]) -> None:
        super().__init__(task, models)
        self.captioner = Captioner(self.models, task.config.images, task.processor)

    def caption(
        self, pictures: Sequence[Picture], *, attention: bool = False, first_number: int = 0, **options: Any
    ) -> list[Caption]:
        """One caption for each picture (a path, bytes, an open file, a Pillow image), in their order.

        `options` are those of `Decoding`: beam, nbest, penalty, sample, temperature and so on; `alternatives` hold
        the others of `nbest`. `attention` adds where the model looked. `first_number` is the number of the first
        picture in a longer input that comes in parts: samples depend on it. Raises ImageError for what is no picture;
        `captions` tells of those and goes on.
        """
        found = list(self.captions(pictures, attention=attention, first_number=first_number, **options))
        for each in found:
            if isinstance(each, ImageError):
                raise each
        return [each for each in found if isinstance(each, Caption)]

    def captions(
        self, pictures: Sequence[Picture], *, attention: bool = False, first_number: int = 0, **options: Any
    ) -> Iterator[Caption | ImageError]:
        """As `caption`, as they are made; for a picture that cannot be read, the reason."""
        if isinstance(pictures, str | bytes):
            raise SeqtasksError("pictures is one picture, not a list of pictures.", "Put it into a list.")
        return self.captioner.caption(
            pictures, self.decoding(**options), first_number=first_number, attention=attention
        )

    def frames(
        self, frames: Iterable[Frame], *, together: int | None = None, **options: Any
    ) -> Iterator[tuple[Frame, Caption]]:
        """Each frame of a clip with its caption, as they come; `seqtasks.vision.video.open_clip` gives frames.

        Models that were trained on clips know the frames before. `together` frames are taken before the first of them
        is described: 1 for a live stream, else what is fast. `options` as in `caption`.
        """
        waiting: deque[Frame] = deque()

        def pictures() -> Iterator[Image.Image]:
            for frame in frames:
                waiting.append(frame)
                yield frame.picture

        describer = ClipCaptioner(self.captioner)
        for caption in describer.describe(pictures(), self.decoding(**options), together=together):
            yield waiting.popleft(), caption

    def evaluate_clips(self, clips: Sequence[Playing], **options: Any) -> Evaluation:
        """Describes the frames of the clips and compares with what people said of them."""
        return self.signed(evaluate_clips(self.captioner, clips, self.decoding(**options)))

    def evaluate(
        self, images: Sequence[CaptionedImage], *, skipped: CaptionReport | None = None, **options: Any
    ) -> Evaluation:
        """Describes the pictures and compares with their captions: CIDEr-D, BLEU, ROUGE-L, METEOR, how different.

        Pictures that cannot be read are left out and counted in `skipped`.
        """
        return self.signed(self.task.evaluate(self.models, images, self.decoding(**options), skipped=skipped))
