"""Captioning: from images and the frames of videos to captions by a trained model, or several."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice, tee
from pathlib import Path
from typing import Any, TypeVar, overload

import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from seqtasks.data.captions.captioned_images import CaptionedImage, CaptionReadReport
from seqtasks.data.feature_cache import CachedFeatures, in_order
from seqtasks.data.videos.frame_sequence import FrameSequence
from seqtasks.decoding import DecodingConfig, Stepper, decode
from seqtasks.device import available_cores, release_freed_memory
from seqtasks.errors import SeqtasksError
from seqtasks.image.loading import ImageError, Stream, open_image
from seqtasks.image.transforms import ImageConfig, evaluation_transform
from seqtasks.inference.base import DecodingPipeline, ensemble
from seqtasks.inference.captioning.evaluation import evaluate_images, evaluate_videos
from seqtasks.inference.captioning.frames import caption_playing
from seqtasks.inference.captioning.image_inputs import ImageInput, mark_blank, name_of
from seqtasks.inference.constraints.lexical_constraints import LexicalRules, continuation_tokens, lexical_rules
from seqtasks.inference.constraints.stop_strings import before_stop, with_stop
from seqtasks.inference.outputs import Caption, attention_of, hypothesis_fields
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models import EncoderDecoder
from seqtasks.storage.tar_archive import TarMember
from seqtasks.text import Tokenizer
from seqtasks.video.reader import Frame

BATCH = 64
"""Images that go through the network at a time."""
Unreadable = TypeVar("Unreadable", bound=SeqtasksError)
"""Why an image cannot be captioned."""


class CaptioningPipeline(DecodingPipeline):
    """Captions images and the frames of videos, and measures how good it is at it.

    Args:
        models: One model, or the members of an ensemble.
        images: How images become pixels.
        processor: The text processor of the captions, which the models share.
        decoding: The decoding options that hold where a call gives no others.
    """

    models: list[EncoderDecoder]

    def __init__(
        self,
        models: Sequence[EncoderDecoder],
        images: ImageConfig,
        processor: Tokenizer,
        *,
        decoding: DecodingConfig = DecodingConfig(),  # noqa: B008
    ) -> None:
        super().__init__(models, decoding)
        self.images = images.without_augmentation
        self.transform = evaluation_transform(self.images)
        self.processor = processor

    @overload
    def caption(self, images: ImageInput, *, attention: bool = ..., **options: Any) -> Caption: ...
    @overload
    def caption(self, images: Sequence[ImageInput], *, attention: bool = ..., **options: Any) -> list[Caption]: ...

    def caption(self, images: ImageInput | Sequence[ImageInput], **options: Any) -> Caption | list[Caption]:
        """Captions one image, or each of a list, in their order.

        Args:
            images: A path, bytes, an open file or a Pillow image, or a list of them.
            **options: Those of `iter_captions`: `attention`, `first_number`, `force_words`, `bad_words`, `stop`, and of
                `DecodingConfig` beam_size, nbest, sample, temperature and so on.

        Returns:
            A caption for each image; `alternatives` hold the others of `nbest`.

        Raises:
            ImageError: Something is no image; `iter_captions` reports it and goes on.
        """
        if isinstance(images, str | Path | TarMember | bytes | Stream | Image.Image):
            for name in ("force_words", "bad_words"):
                if options.get(name) is not None:
                    options[name] = [options[name]]
            return self.caption([images], **options)[0]
        found = list(self.iter_captions(images, **options))
        for each in found:
            if isinstance(each, ImageError):
                raise each
        return [each for each in found if isinstance(each, Caption)]

    __call__ = caption

    def iter_captions(
        self,
        images: Sequence[ImageInput],
        *,
        attention: bool = False,
        first_number: int = 0,
        force_words: Sequence[Any] | None = None,
        bad_words: Sequence[Any] | None = None,
        stop: str = "",
        **options: Any,
    ) -> Iterator[Caption | ImageError]:
        """As `caption`, as they are made; images are read in threads while others are captioned.

        Args:
            images: As in `caption`.
            attention: Adds where the model looked.
            first_number: The number of the first image in a longer input that comes in parts: samples depend on it.
            force_words: For each image the words and phrases that its caption contains: strings, or lists of forms of
                which one is enough. For beam search.
            bad_words: For each image the words and phrases that its caption does not contain.
            stop: A caption ends before this comes in it.
            **options: Those of `DecodingConfig`.

        Returns:
            A caption for each image, in their order, or the reason why it cannot be read.
        """
        if isinstance(images, str | bytes):
            raise SeqtasksError("images is one image, not a list of images.", "Pass a list.")
        names = [name_of(image) for image in images]
        rules = lexical_rules([[]] * len(names), force_words, bad_words, None, first_number)
        decoding = self.stopping(self.decoding(**options), stop, any(force_words or ()))
        found = self.caption_readable(
            self.read_pixels(images), names, decoding, first_number=first_number, attention=attention, rules=rules
        )
        return (each if isinstance(each, ImageError) else before_stop(each, stop) for each in found)

    def stopping(self, decoding: DecodingConfig, stop: str, force_words: bool = False) -> DecodingConfig:
        """The options of a search that ends with `stop`."""
        return with_stop(decoding, stop, self.processor.decode, force_words=force_words)

    def read_pixels(self, images: Sequence[ImageInput]) -> Iterator[Tensor | ImageError]:
        """The images as the network sees them, read ahead of their captions."""
        with ThreadPoolExecutor(available_cores()) as pool:
            for future in in_order(pool, self.pixels, images, 2 * BATCH):
                try:
                    yield future.result()
                except ImageError as error:
                    yield error

    def pixels(self, image: ImageInput) -> UInt8[Tensor, "3 height width"]:
        """An image as the network sees it. Raises ImageError for what is no image."""
        return self.transform(open_image(image, name_of(image), at_least=self.images.at_least))

    @torch.no_grad()
    def caption_readable(
        self,
        inputs: Iterator[Tensor | Unreadable],
        names: Sequence[str],
        decoding: DecodingConfig,
        *,
        first_number: int = 0,
        attention: bool = False,
        batch_size: int = BATCH,
        rules: LexicalRules = LexicalRules(),  # noqa: B008
    ) -> Iterator[Caption | Unreadable]:
        """A caption for each image, given as pixels or, where the CNN is frozen, as features; errors are passed on."""
        for start in range(0, len(names), batch_size):
            batch = list(islice(inputs, batch_size))
            rows = [start + place for place, each in enumerate(batch) if isinstance(each, Tensor)]
            captions: list[Caption] = []
            if rows:
                stacked = self.to_device(torch.stack([each for each in batch if isinstance(each, Tensor)]))
                steppers = [model.make_stepper(stacked) for model in self.models]
                numbers = [first_number + row for row in rows]
                found = self.decode(steppers, [names[row] for row in rows], decoding, numbers, attention, rules)
                captions = mark_blank(found, stacked)
            coming = iter(captions)
            for each in batch:
                yield next(coming) if isinstance(each, Tensor) else each

    def decode(
        self,
        steppers: Sequence[Stepper],
        names: Sequence[str],
        decoding: DecodingConfig,
        numbers: Sequence[int],
        attention: bool = False,
        rules: LexicalRules = LexicalRules(),  # noqa: B008
    ) -> list[Caption]:
        """A caption for each row of the models' steppers."""
        stepper = ensemble(steppers)
        nothing = torch.zeros(len(names), dtype=torch.long)  # no source text: lengths do not depend on it
        texts = [""] * len(names)
        forced = [rules.forced("", number, self.processor) for number in numbers]
        found = decode(
            stepper,
            source_lengths=nothing,
            options=decoding,
            row_numbers=numbers,
            sources=texts,
            force_words_ids=forced,
            bad_words_ids=[rules.bad(number, self.processor) for number in numbers],
            continuation_tokens=continuation_tokens(self.processor) if any(forced) else None,
        )
        looks = attention_of(stepper, found, [sys.maxsize] * len(found)) if attention else [None] * len(found)
        captions = []
        for name, hypotheses, look in zip(names, found, looks, strict=True):
            first, *others = [Caption(image=name, **hypothesis_fields(each, self.processor)) for each in hypotheses]
            captions.append(replace(first, alternatives=tuple(others), attention=look))
        release_freed_memory()
        return captions

    def caption_frames(
        self,
        frames: Iterable[Frame],
        *,
        together: int | None = None,
        force_words: Sequence[Any] = (),
        bad_words: Sequence[str] = (),
        stop: str = "",
        **options: Any,
    ) -> Iterator[tuple[Frame, Caption]]:
        """Each frame of a video with its caption, as they come; `seqtasks.video.reader.open_video` gives frames.

        Models that were trained on videos know the frames before, others see single images.

        Args:
            frames: In the order in which they are shown; they are taken as they are needed.
            together: Frames that are taken before the first of them is captioned: 1 for a live stream, else what is
                fast. A model that does not look ahead says the same for any number of them. However long the video
                is, no more frames than these are kept.
            force_words: The words and phrases that every caption contains, as for an image.
            bad_words: Those that no caption contains.
            stop: A caption ends before this comes in it.
            **options: Those of `DecodingConfig`.
        """
        frames, shown = tee(frames)
        images = (frame.image for frame in shown)
        rules = LexicalRules(common_force_words=force_words, common_bad_words=bad_words)
        decoding = self.stopping(self.decoding(**options), stop, bool(force_words))
        found = self.caption_playing(images, decoding, together=together, rules=rules)
        return zip(frames, (before_stop(each, stop) for each in found), strict=False)

    def caption_playing(
        self,
        frames: Iterable[Image.Image],
        decoding: DecodingConfig,
        *,
        together: int | None = None,
        name: str = "",
        rules: LexicalRules = LexicalRules(),  # noqa: B008
    ) -> Iterator[Caption]:
        """As `caption_frames`; the frames are named `name#number` from 0."""
        return caption_playing(self, frames, decoding, together=together, name=name, rules=rules)

    def evaluate(
        self,
        images: Sequence[CaptionedImage],
        *,
        features: CachedFeatures | None = None,
        skipped: CaptionReadReport | None = None,
        with_meteor: bool = True,
        **options: Any,
    ) -> Evaluation:
        """Captions the images and compares with their captions: CIDEr-D, BLEU, ROUGE-L, METEOR, how different.

        Args:
            images: Images with their reference captions.
            features: Those of the images, where the CNN is frozen and they are known.
            skipped: Counts images that cannot be read, which are left out, and warns of blank ones, which are not.
            with_meteor: METEOR takes seconds to start, and needs Java.
            **options: Those of `DecodingConfig`.

        Raises:
            SeqtasksError: None of the images can be read.
        """
        return evaluate_images(self, images, features=features, skipped=skipped, with_meteor=with_meteor, **options)

    def evaluate_videos(
        self, videos: Sequence[FrameSequence], *, with_meteor: bool = True, **options: Any
    ) -> Evaluation:
        """Captions every frame of the videos and compares with their captions; frames without any do not count.

        Raises:
            SeqtasksError: No frame has a caption.
        """
        return evaluate_videos(self, videos, with_meteor=with_meteor, **options)
