"""Captioning: an image is looked at, then a sentence is written."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, Self
from zlib import crc32

import numpy as np
from pydantic import Field, model_validator
from torch import Tensor

from seqtasks.data.captions.captioned_images import (
    CaptionedImage,
    CaptionReadReport,
    CaptionSource,
    caption_source,
    read_captioned_images,
    split_captioned_images,
)
from seqtasks.data.captions.tar_shards import STREAMED
from seqtasks.data.examples import ReadReport
from seqtasks.data.feature_cache import AHEAD, CachedFeatures, FeatureCache, in_order
from seqtasks.data.holdout import ValidationSplit
from seqtasks.data.mixing import MixRatio, describe_mix, mix_weight
from seqtasks.device import available_cores
from seqtasks.encoders import CnnEncoder
from seqtasks.image.blank import blank_images, describe_blank
from seqtasks.image.loading import ImageError, open_image
from seqtasks.image.transforms import ImageConfig, evaluation_transform, training_transform
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models import EncoderDecoder, Seq2SeqBatch
from seqtasks.plurals import counted
from seqtasks.registry import ConfigModel, kind_of
from seqtasks.storage.tar_archive import TarMember
from seqtasks.storage.user_cache import user_cache
from seqtasks.tasks.base import PreparedTask
from seqtasks.tasks.captioning.base import BaseCaptioningTask, CaptionConfig
from seqtasks.tasks.captioning.collate import CaptionLoader
from seqtasks.tasks.captioning.presets import captioning_preset
from seqtasks.tasks.data_reports import fingerprint
from seqtasks.tasks.data_warnings import few_examples, other_language, seen_in_training
from seqtasks.tasks.presets import chosen_kinds, source_options
from seqtasks.tasks.self_critical import SelfCriticalConfig
from seqtasks.text import Tokenizer


class CaptioningData(ConfigModel):
    """What to train on and what to validate on."""

    train: list[CaptionSource] = Field(min_length=1)
    """Images and their captions."""
    validation: list[CaptionSource] = Field(default=[])
    """By default, a part of the training images is held out."""
    validation_split: ValidationSplit = 0.1
    """A share (below 1) or a number of images (at most a tenth of all)."""
    mix: list[CaptionSource] = Field(default=[])
    """Old images that are trained on beside the new ones, so that a model keeps what it knew; none are held out."""
    mix_ratio: MixRatio = 1.0
    """Examples of `mix` for each new one in an epoch, at most each of them once."""
    max_tokens: int = Field(default=50, gt=0)
    """Captions with more tokens are not trained on."""
    feature_cache_dir: Path | None = None
    """Directory for the features of a frozen CNN; default: seqtasks/features in the user's cache directory."""
    num_augmented_views: int = Field(default=1, gt=0)
    """Number of randomly augmented versions of each training image whose features a frozen CNN computes; see
    `images`."""
    streaming: bool | None = None
    """Whether images are opened only when they are trained on, so that training begins at once: a frozen CNN computes
    their features anew in every epoch, changed at random each time where `images` says so, and none are cached. By
    default from 20,000 training images in tar shards on."""


class CaptioningTask(BaseCaptioningTask[CnnEncoder, Seq2SeqBatch]):
    """Images in, sentences out."""

    usage = "caption --model {} photo.jpg"
    examples = "images"
    validation_key = "validation_pictures"
    example_data = "photos/ captions.csv"

    class Config(CaptionConfig):
        kind: Literal["captioning"] = "captioning"
        data: CaptioningData
        """What to train on and what to validate on."""
        self_critical: SelfCriticalConfig | None = None
        """Self-critical training on rewarded samples instead of the captions' cross-entropy."""

        @model_validator(mode="after")
        def augments_what_it_sees_again(self) -> CaptioningTask.Config:
            """Refuses augmented images where features are computed once."""
            encoder: Any = self.model.encoder
            computed_once = encoder.trainable_from_block is None and not self.data.streaming
            if self.images.augments and computed_once and self.data.num_augmented_views == 1:
                raise ValueError(
                    "random augmentation requires a CNN that is trained (model.encoder.trainable_from_block) "
                    "or data.num_augmented_views"
                )
            if self.data.num_augmented_views > 1 and not self.images.augments:
                raise ValueError(
                    f"data.num_augmented_views = {self.data.num_augmented_views} requires random augmentation, "
                    "such as horizontal_flip"
                )
            return self

    config: Config

    def __init__(self, config: Config, processor: Tokenizer) -> None:
        super().__init__(config, processor)
        self.train: list[CaptionedImage] = []
        self.weights: list[float] = []
        self.validation: list[CaptionedImage] = []
        self.train_features: list[CachedFeatures] = []
        """One for each view, where the CNN is frozen; else none."""
        self.validation_features: CachedFeatures | None = None
        self.broken: set[int] = set()
        """The training images that cannot be read."""

    @classmethod
    def prepare(cls, config: Config, seed: int, processors: Path | None = None) -> PreparedTask[Self]:
        """Reads captioned images; holds some out where no validation data are given."""
        report, unread = CaptionReadReport(), CaptionReadReport()
        train = [each for source in config.data.train for each in read_captioned_images(source, report)]
        validation = [each for source in config.data.validation for each in read_captioned_images(source, unread)]
        if not validation:
            train, validation = split_captioned_images(train, config.data.validation_split, seed)
        new = len(train)
        train += [each for source in config.data.mix for each in read_captioned_images(source, report)]
        share = mix_weight(new, len(train) - new, config.data.mix_ratio)
        task = cls.fit_or_load(config, [caption for each in train for caption in each.captions], processors)
        task.train, task.validation = train, validation
        task.weights = [1.0] * new + [share] * (len(train) - new)
        captions_read = sum(len(each.captions) for each in train)
        remarks = (
            f"training images: {len(train):,} with {counted(captions_read, 'captions')} ({report.describe()}); "
            f"validation images: {len(validation):,}{unread.note}",
            f"vocabulary: {task.processor.size:,}",
            *describe_mix(len(train) - new, share, "images"),
        )
        data = {
            "pictures": len(train), "captions": captions_read, "validation_pictures": len(validation),
            "fingerprint": fingerprint((each.image.name, *each.captions) for each in (*train, *validation)),
        }  # fmt: skip
        warnings = (
            *few_examples(len(train), 100, "images"),
            *seen_in_training((each.image for each in train), (each.image for each in validation), "images"),
            *other_language(config.text, [caption for each in train for caption in each.captions], "captions"),
        )
        return PreparedTask(task, remarks, data, warnings, (*report.columns, *unread.columns))

    def on_train_start(self, model: EncoderDecoder[CnnEncoder]) -> Sequence[str]:
        """Computes the features of all images, where the CNN is frozen and they are not on disk already.

        Tells of images that cannot be read, which are left out, and of blank ones, which are not.
        """
        if self.streams:
            self.start_self_critical(self.processor, (self.processor.encode_all(each.captions) for each in self.train))
            return [self.describe_streaming(model.encoder)]
        if model.encoder.frozen:
            views = [
                self.compute_features(model, self.train, view) for view in range(self.config.data.num_augmented_views)
            ]
            self.train_features, self.validation_features = views, self.compute_features(model, self.validation, 0)
            self.broken = {number for view in views for number in view.unreadable}
            broken = set(self.validation_features.unreadable)
            blank, also_blank = views[0].blank, self.validation_features.blank
        else:
            self.broken, blank = unreadable_and_blank(self.train, self.config.images)
            broken, also_blank = unreadable_and_blank(self.validation, self.config.images)
        self.start_self_critical(self.processor, (self.processor.encode_all(each.captions) for each in self.train))
        report = ReadReport()
        report.read = len(self.train) + len(self.validation)
        for images, numbers in ((self.train, self.broken), (self.validation, broken)):
            for number in sorted(numbers):
                report.skip("broken", images[number].image.name)
        remarks = [f"images opened: {report.describe()}"] if report.skipped else []
        if blank or also_blank:
            parts = ((self.train, blank), (self.validation, also_blank))
            names = [images[number].image.name for images, numbers in parts for number in sorted(numbers)]
            remarks.append(describe_blank(names, report.read))
        return remarks

    @property
    def streams(self) -> bool:
        """Whether images are opened only when they are trained on."""
        asked = self.config.data.streaming
        return asked if asked is not None else sum(isinstance(each.image, TarMember) for each in self.train) >= STREAMED

    def describe_streaming(self, encoder: CnnEncoder) -> str:
        """A remark on what streaming costs."""
        cost = ""
        if encoder.frozen:
            cost = ", and the CNN computes their features in every epoch; data.streaming = false computes them once"
        return f"images are opened when they are trained on (data.streaming){cost}"

    def compute_features(
        self, model: EncoderDecoder[CnnEncoder], images: Sequence[CaptionedImage], view: int
    ) -> CachedFeatures:
        """The features of the images as they are (view 0), or as they have changed at random in another view."""
        encoder = model.encoder
        settings = self.config.images if view else self.config.images.without_augmentation
        transform = training_transform(settings)
        device = next(model.parameters()).device

        def pixels(content: bytes, name: str) -> Tensor:
            image = open_image(content, name, at_least=settings.at_least)
            return transform(image, np.random.default_rng([view, crc32(content)]))

        made_by = encoder.fingerprint(), settings.fingerprint, f"view {view}"
        cache = FeatureCache(self.config.data.feature_cache_dir or user_cache("features"), *made_by)
        return cache.features([each.image for each in images], pixels, lambda shown: encoder.features(shown.to(device)))

    def batches(self, batch_tokens: int, seed: int) -> CaptionLoader:
        """Features where the CNN is frozen, else pixels; each image with all its captions."""
        captions = [self.processor.encode_all(each.captions) for each in self.train]
        return CaptionLoader(
            [each.image for each in self.train],
            captions,
            self.train_features,
            self.config.images,
            weights=self.weights,
            left_out=self.broken,
            batch_tokens=batch_tokens,
            longest=self.config.data.max_tokens,
            seed=seed,
            tolerant=self.streams and self.config.self_critical is None,
        )

    @classmethod
    def preset(cls, data: Sequence[Path], settings: Mapping[str, str]) -> dict[str, Any]:
        """A frozen CNN where there are few images; see `captioning_preset`."""
        kinds = chosen_kinds(settings, "text", "model.encoder", "model.decoder")
        options = source_options(settings, 0, CaptionSource)
        return captioning_preset(caption_source(data).model_copy(update=options), **kinds)

    def validate(self, model: EncoderDecoder[CnnEncoder]) -> Evaluation:
        """Captions the validation images, without METEOR, which takes seconds to start."""
        report = CaptionReadReport()
        found = self.pipeline([model]).evaluate(
            self.validation,
            features=self.validation_features,
            skipped=report,
            with_meteor=False,
            **self.validation_options,
        )
        if self.streams and report.images.skipped:
            warnings.warn(f"Validation images: {report.images.describe()}.", stacklevel=2)
        return self.watched(found)

    def describe(self, data: Mapping[str, Any]) -> Sequence[str]:
        """Names the CNN, the decoder and the data."""
        encoder: Any = self.config.model.encoder
        return (
            "Captions",
            f"CNN `{encoder.backbone}`, decoder `{kind_of(self.config.model.decoder)}`, vocabulary of "
            f"{self.processor.size:,}; trained with seqtasks on {counted(data['captions'], 'captions')} of "
            f"{counted(data['pictures'], 'images')}.",
        )


def unreadable_and_blank(images: Sequence[CaptionedImage], settings: ImageConfig) -> tuple[set[int], frozenset[int]]:
    """The numbers of images that cannot be read, and of those with nothing to see. Opens all of them, in threads."""
    transform = evaluation_transform(settings)

    def look(each: CaptionedImage) -> Tensor:
        return transform(open_image(each.image, at_least=1))

    unreadable, blank = set(), set()
    with ThreadPoolExecutor(available_cores()) as pool:
        for number, future in enumerate(in_order(pool, look, images, AHEAD * available_cores())):
            try:
                if blank_images(future.result().unsqueeze(0)).any():
                    blank.add(number)
            except ImageError:
                unreadable.add(number)
    return unreadable, frozenset(blank)
