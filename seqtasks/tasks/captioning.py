"""Captioning: a picture is looked at, then a sentence is written."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from seqtasks.component import OneOf, Settings, kind_of
from seqtasks.data.batching import TokenBatches
from seqtasks.data.captions import CaptionedImage, CaptionReport, CaptionSource, hold_out, read_captioned_images
from seqtasks.data.collate import pad
from seqtasks.data.features import CachedFeatures, FeatureCache
from seqtasks.decoding import Decoding
from seqtasks.encoders import CnnEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.metrics.captions import caption_scores
from seqtasks.metrics.score import Score
from seqtasks.models import Generator, Pairs
from seqtasks.tasks.base import Evaluation, Prepared, Sample, Task
from seqtasks.tasks.captioner import BATCH, Caption, Captioner, picture_encoder
from seqtasks.text import TextProcessor, Words
from seqtasks.vision.images import ImageError, open_image
from seqtasks.vision.transforms import ImageSettings, training_transform

IMAGES = "image.json"
WATCHED = ("cider-d", "bleu-4", "distinct")
"""The scores that are shown while training."""


class CaptioningData(Settings):
    """What to train on and what to validate on."""

    train: list[CaptionSource] = Field(min_length=1)
    validation: list[CaptionSource] = Field(default=[])
    """Without any, a part of the training pictures is held out."""
    held_out: float = Field(default=0.1, gt=0, lt=1)
    """Share of the pictures that are held out."""
    max_tokens: int = Field(default=50, gt=0)
    """Longer captions are not trained on."""
    features: Path | None = None
    """Where the features of a frozen CNN are kept; else in the user's cache, seqtasks/features."""


class CaptioningTask(Task):
    """Pictures in, sentences out."""

    class Config(Settings):
        kind: Literal["captioning"] = "captioning"
        text: Annotated[Settings, OneOf(TextProcessor)] = Words.Config(language="en", minimum_count=5, size=50_000)
        images: ImageSettings = ImageSettings()
        data: CaptioningData
        model: Generator.Config
        decoding: Decoding = Decoding(beam=3, max_length="40")
        """How the trained model describes unless it is told otherwise."""
        validation_beam: int = Field(default=1, gt=0)

        @model_validator(mode="after")
        def sees(self) -> CaptioningTask.Config:
            if not isinstance(self.model.encoder, CnnEncoder.Config):
                raise ValueError('model.encoder has to read pictures: kind = "cnn"')
            if self.images.augments and self.model.encoder.train_from is None:
                raise ValueError("images that change in training need a CNN that is trained: model.encoder.train_from")
            return self

    def __init__(self, config: Config, processor: TextProcessor) -> None:
        self.config = config
        self.processor = processor
        self.train: list[CaptionedImage] = []
        self.validation: list[CaptionedImage] = []
        self.features: dict[str, CachedFeatures] = {}
        """Those of the training and the validation pictures, where the CNN is frozen."""

    @classmethod
    def prepare(cls, config: Config, seed: int, processors: Path | None = None) -> Prepared:
        report = CaptionReport()
        train = [each for source in config.data.train for each in read_captioned_images(source, report)]
        validation = [
            each for source in config.data.validation for each in read_captioned_images(source, CaptionReport())
        ]
        if not validation:
            train, validation = hold_out(train, config.data.held_out, seed)
        if processors is None:
            captions = [caption for each in train for caption in each.captions]
            task = cls(config, TextProcessor.of(config.text).fit(captions, config.text))
        else:
            task = cls.load(config, processors)
        task.train, task.validation = train, validation
        captions_read = sum(len(each.captions) for each in train)
        digest = hashlib.sha256()
        for each in (*train, *validation):
            digest.update("\t".join([each.image.name, *each.captions, "\n"]).encode())
        remarks = (
            f"training pictures: {len(train):,} with {captions_read:,} captions ({report.describe()}); "
            f"validation pictures: {len(validation):,}",
            f"vocabulary: {task.processor.size:,}",
        )
        data = {
            "pictures": len(train), "captions": captions_read, "validation_pictures": len(validation),
            "fingerprint": digest.hexdigest(),
        }  # fmt: skip
        return Prepared(task, remarks, data)

    @classmethod
    def load(cls, config: Config, processors: Path) -> CaptioningTask:
        kind = TextProcessor.of(config.text)
        images = ImageSettings.load(processors / IMAGES)
        processor = kind.load(processors / f"target{kind.extension}", config.text)
        return cls(config.model_copy(update={"images": images}), processor)

    def save_processors(self, folder: Path) -> None:
        self.config.images.save(folder / IMAGES)
        self.processor.save(folder / f"target{self.processor.extension}")

    def build_model(self) -> Generator:
        return Generator(self.config.model, 0, self.processor.size)

    def begin(self, model: nn.Module) -> None:
        """Loads the CNN's weights and computes the features of all pictures, where they are not on disk already."""
        assert isinstance(model, Generator)
        encoder = picture_encoder(model)
        encoder.load_pretrained()
        if not encoder.frozen:
            return
        captioner = Captioner([model], self.config.images, self.processor)
        made_by = encoder.fingerprint(), self.config.images.model_dump_json(include={"size", "fit"})
        cache = FeatureCache(features_folder(self.config.data), *made_by)
        for name, images in (("train", self.train), ("validation", self.validation)):
            found = cache.features(
                [each.image for each in images],
                lambda content, picture: captioner.pixels(content, picture),
                lambda pixels: encoder.features(pixels.to(captioner.device)),
            )
            self.features[name] = found

    def batches(self, batch_tokens: int, seed: int) -> PictureBatches:
        return PictureBatches(self, batch_tokens, seed)

    def validate(self, model: nn.Module) -> Evaluation:
        assert isinstance(model, Generator)
        decoding = Decoding(
            beam=self.config.validation_beam,
            penalty=self.config.decoding.penalty,
            max_length=self.config.decoding.max_length,
        )
        features = self.features.get("validation")
        found = self.evaluate([model], self.validation, decoding, features=features, with_meteor=False)
        return replace(found, scores=tuple(score for score in found.scores if score.metric in WATCHED))

    def evaluate(
        self,
        models: Sequence[Generator],
        images: Sequence[CaptionedImage],
        decoding: Decoding,
        *,
        features: CachedFeatures | None = None,
        with_meteor: bool = True,
    ) -> Evaluation:
        """Describes the pictures and compares with their captions; those that cannot be read are left out.

        METEOR takes seconds to start, and needs Java.
        """
        captioner = Captioner(models, self.config.images, self.processor)
        started = time.perf_counter()
        found: list[Caption | SeqtasksError]
        if features is None:
            found = [*captioner.caption([each.image for each in images], decoding)]
        else:
            found = [*from_features(captioner, features, decoding)]
        seconds = time.perf_counter() - started
        pairs = [(each, caption) for each, caption in zip(images, found, strict=True) if isinstance(caption, Caption)]
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

    def card(self, scores: tuple[Score, ...], data: dict[str, Any]) -> str:
        encoder = self.config.model.encoder
        signatures = [score.signature.replace("|", "\\|") for score in scores]
        table = "\n".join(
            f"| {score.metric} | {score.value:.2f} | `{signature}` |"
            for score, signature in zip(scores, signatures, strict=True)
        )
        return (
            f"# Captions\n\n"
            f"CNN `{encoder.backbone}`, decoder `{kind_of(self.config.model.decoder)}`, vocabulary of "
            f"{self.processor.size:,}; trained with seqtasks on {data.get('captions', 0):,} captions of "
            f"{data.get('pictures', 0):,} pictures.\n\n"
            f"| metric on {data.get('validation_pictures', 0):,} validation pictures | value | signature |\n"
            f"|---|---|---|\n{table}\n\n"
            "Use it: `seqtasks caption --model DIRECTORY photo.jpg`. `config.toml` trains it again.\n"
        )


class PictureBatches:
    """Training batches: every caption once an epoch, beside the pixels or the features of its picture."""

    def __init__(self, task: CaptioningTask, batch_tokens: int, seed: int) -> None:
        self.task = task
        self.seed = seed
        self.features = task.features.get("train")
        self.transform = training_transform(task.config.images)
        left_out = set() if self.features is None else set(self.features.unreadable)
        pairs = [
            (number, np.array(ids, dtype=np.int32))
            for number, each in enumerate(task.train)
            if number not in left_out
            for ids in task.processor.encode_all(each.captions)
            if 0 < len(ids) <= task.config.data.max_tokens
        ]
        if not pairs:
            raise SeqtasksError("No caption is left to train on.", "Look at the pictures and the captions.")
        self.pictures = np.array([number for number, _ in pairs])
        self.targets = [ids for _, ids in pairs]
        lengths = np.array([len(ids) + 2 for ids in self.targets])
        self.order = TokenBatches(np.ones_like(lengths), lengths, batch_tokens, seed=seed)

    def __iter__(self) -> Iterator[Pairs]:
        for batch in self.order:
            random = np.random.default_rng([self.seed, batch.epoch, batch.index])
            target = pad([self.targets[row] for row in batch.examples.tolist()], begin=True, end=True)
            yield Pairs(self.sources(self.pictures[batch.examples].tolist(), random), None, target, target != 0)

    def sources(self, pictures: list[int], random: np.random.Generator) -> Tensor:
        if self.features is not None:
            return self.features.rows(pictures)
        settings = self.task.config.images
        shown = []
        for number in pictures:
            path = self.task.train[number].image
            try:
                picture = open_image(path, at_least=settings.at_least)
            except ImageError as error:
                raise SeqtasksError(error.message, "Take it out of the captions, or mend it.") from error
            shown.append(self.transform(picture, random))
        return torch.stack(shown)

    def state_dict(self) -> dict[str, int]:
        return self.order.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.order.load_state_dict(state)


def from_features(
    captioner: Captioner, features: CachedFeatures, decoding: Decoding
) -> Iterator[Caption | SeqtasksError]:
    """A caption for each picture whose features are known, the reason for each other."""
    good = [number for number in range(len(features)) if number not in features.unreadable]
    said: dict[int, Caption] = {}
    for start in range(0, len(good), 8 * BATCH):
        part = good[start : start + 8 * BATCH]
        with torch.no_grad():
            said.update(zip(part, captioner.describe(features.rows(part), decoding, part), strict=True))
    for number in range(len(features)):
        yield said[number] if number in said else features.unreadable[number]


def features_folder(data: CaptioningData) -> Path:
    """Where features are kept from one training to the next."""
    if data.features is not None:
        return data.features
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seqtasks" / "features"
