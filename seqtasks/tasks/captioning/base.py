"""What tasks that describe images and frames have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Self

from typing_extensions import TypeVar

from seqtasks.data.captions.captioned_images import CaptionReadReport, caption_source, read_captioned_images
from seqtasks.data.examples import ReadReport
from seqtasks.data.videos.frame_sequence import open_videos
from seqtasks.data.videos.readers import VideoSource, is_video_dataset, read_captioned_videos
from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import CnnEncoder, Encoder
from seqtasks.image.transforms import ImageConfig
from seqtasks.inference.captioning import CaptioningPipeline
from seqtasks.inference.logits_processors import ParsedDecodingConfig
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.metrics.meteor import meteor_unavailable_reason
from seqtasks.models import EncoderDecoder
from seqtasks.registry import ConfigModel, PolymorphicField
from seqtasks.tasks.base import EvaluationRequest, load_tokenizer
from seqtasks.tasks.data_loader import BatchT
from seqtasks.tasks.data_reports import Warn, skipped_in, warn_skipped
from seqtasks.tasks.seq2seq import Seq2SeqConfig, Seq2SeqTask
from seqtasks.text import Tokenizer, WordTokenizer

ImageEncoderT = TypeVar("ImageEncoderT", bound=CnnEncoder, default=CnnEncoder)

IMAGES = "image.json"
SECONDS_APART = 1.0
"""From frame to frame of a video in a file."""
WATCHED = ("cider-d", "bleu-4", "distinct")
"""The scores that are shown while training."""


class CaptionConfig(Seq2SeqConfig):
    """The settings that tasks have in common that describe images and frames."""

    encoders: ClassVar[type[Encoder]] = CnnEncoder
    source = "images"
    text: Annotated[ConfigModel, PolymorphicField(Tokenizer)] = WordTokenizer.Config(
        language="en", min_freq=5, oov="unknown", vocab_size=50_000
    )
    """How captions become tokens."""
    images: ImageConfig = ImageConfig()
    """How images become the input of the CNN."""
    decoding: ParsedDecodingConfig = DecodingConfig(beam_size=3, max_length="40")
    """Default decoding options of the trained model."""


class BaseCaptioningTask(Seq2SeqTask[ImageEncoderT, BatchT], Generic[ImageEncoderT, BatchT]):
    """Images in, sentences out; what it trains on, the subclass says."""

    evaluation_options = ("decoding", "split")

    config: CaptionConfig

    def __init__(self, config: CaptionConfig, processor: Tokenizer) -> None:
        self.config = config
        self.processor = processor

    @classmethod
    def load(cls, config: CaptionConfig, processors: Path) -> Self:
        """Reads how images become pixels, and the processor of captions."""
        images = ImageConfig.load(processors / IMAGES)
        return cls(config.model_copy(update={"images": images}), load_tokenizer(processors, "target", config.text))

    @classmethod
    def fit_or_load(cls, config: Any, captions: Iterable[str], processors: Path | None) -> Self:
        """The task with a vocabulary of the captions, or with the one in the folder `processors`."""
        if processors is not None:
            return cls.load(config, processors)
        return cls(config, Tokenizer.of(config.text).train(captions, config.text))

    def save_processors(self, folder: Path) -> None:
        """Writes how images become pixels, and the processor of captions."""
        self.config.images.save(folder / IMAGES)
        self.processor.save(folder / f"target{self.processor.extension}")

    def build_model(self) -> EncoderDecoder[ImageEncoderT]:
        """An encoder-decoder whose source has no vocabulary."""
        return EncoderDecoder(self.config.model, 0, self.processor.size)

    def initialize(self, model: EncoderDecoder[ImageEncoderT]) -> None:
        """Gets the pretrained weights of the CNN that the settings name."""
        model.encoder.load_pretrained()

    @staticmethod
    def watched(evaluation: Evaluation) -> Evaluation:
        """With the scores alone that are shown while training."""
        return replace(evaluation, scores=tuple(score for score in evaluation.scores if score.metric in WATCHED))

    def pipeline(self, models: Sequence[EncoderDecoder]) -> CaptioningPipeline:
        """Captions images and the frames of videos."""
        return CaptioningPipeline(models, self.config.images, self.processor, decoding=self.config.decoding)

    def evaluate(self, pipeline: CaptioningPipeline, request: EvaluationRequest, warn: Warn) -> Evaluation:
        """Measures on captioned images, or on one data set of videos, as what the data are."""
        if len(request.data) == 1 and is_video_dataset(request.data[0]):
            return self.evaluate_videos(pipeline, request, warn)
        skipped = CaptionReadReport()
        source = caption_source(request.data, request.split).model_copy(update=request.columns)
        images = read_captioned_images(source, skipped)
        found = pipeline.evaluate(images, skipped=skipped, **request.decoding)
        if not skipped.complete:
            warn(skipped.describe())
        for warning in skipped.images.warnings:
            warn(warning)
        if found.examples == 1:
            warn("CIDEr-D of a single image is always 0: it weights n-grams by how rare they are in the other images")
        if missing := meteor_unavailable_reason():
            warn(missing)
        return replace(found, skipped=skipped_in(skipped, skipped.images))

    def evaluate_videos(self, pipeline: CaptioningPipeline, request: EvaluationRequest, warn: Warn) -> Evaluation:
        """Captions the frames of videos, as far apart as in training."""
        skipped = ReadReport()
        videos = read_captioned_videos(VideoSource(path=request.data[0], split=request.split), skipped)
        data = getattr(self.config, "data", None)  # of captions of images it says nothing of time
        files, broken = open_videos(videos, getattr(data, "frame_interval", SECONDS_APART))
        warn_skipped(skipped, warn)
        for video, reason in broken:
            warn(reason)
            skipped.skip("unreadable or damaged video", video)
        return replace(pipeline.evaluate_videos(files, **request.decoding), skipped=skipped_in(skipped))
