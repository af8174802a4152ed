"""Video captioning: a description for every frame, by a model that knows the frames before (or around) it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator

from seqtasks.data.captions.captioned_images import (
    CaptionedImage,
    CaptionReadReport,
    CaptionSource,
    read_captioned_images,
)
from seqtasks.data.examples import ReadReport
from seqtasks.data.mixing import MixRatio, describe_mix, draw, mix_weight
from seqtasks.data.videos.frame_sequence import FrameSequence, SyntheticVideo, VideoFile, open_videos
from seqtasks.data.videos.readers import VideoSource, read_captioned_videos
from seqtasks.data.videos.synthetic import SyntheticVideoConfig, synthesize_videos
from seqtasks.encoders import CnnLstmEncoder
from seqtasks.encoders.cnn_lstm import RecurrentState
from seqtasks.image.transforms import evaluation_transform
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models import EncoderDecoder, Loss
from seqtasks.plurals import counted
from seqtasks.registry import ConfigModel, kind_of
from seqtasks.special_tokens import PAD
from seqtasks.tasks.base import PreparedTask
from seqtasks.tasks.captioning.base import SECONDS_APART, BaseCaptioningTask, CaptionConfig
from seqtasks.tasks.data_reports import fingerprint
from seqtasks.tasks.data_warnings import few_examples
from seqtasks.tasks.tbptt import TBPTTState
from seqtasks.tasks.video_captioning.presets import video_preset
from seqtasks.tasks.video_captioning.tbptt_loader import VideoBatch, VideoTBPTTLoader
from seqtasks.text import Tokenizer

TIME = ("encoder.over_time.", "encoder.remembered.")
"""What a captioner of images lacks."""


class VideoData(ConfigModel):
    """What to train on and what to validate on: videos in files, videos made out of captioned images, or both."""

    train: list[VideoSource] = Field(default=[])
    """Videos with timed captions."""
    train_images: list[CaptionSource] = Field(default=[])
    """Captioned images that are made into training videos."""
    validation: list[VideoSource] = Field(default=[])
    """Videos with timed captions to validate on."""
    validation_images: list[CaptionSource] = Field(default=[])
    """Captioned images that are made into validation videos."""
    mix: list[VideoSource] = Field(default=[])
    """Old videos that are trained on beside the new ones, so that a model keeps what it knew."""
    mix_ratio: MixRatio = 1.0
    """Videos of `mix` for each new one in an epoch, at most each of them once."""
    max_validation_videos: int = Field(default=50, gt=0)
    """Maximum number of validation videos that are captioned at each validation."""
    synthetic_video: SyntheticVideoConfig = SyntheticVideoConfig()
    """How images become videos."""
    frame_interval: float = Field(default=SECONDS_APART, gt=0)
    """Seconds between the frames that are used of a video file."""
    num_streams: int = Field(default=4, gt=0)
    """Videos that are read in parallel: the rows of a batch, whatever training.batch_tokens is."""
    bptt_len: int = Field(default=8, gt=0)
    """Frames of each video in a batch; gradients go no further back (truncated backpropagation through time)."""
    max_tokens: int = Field(default=50, gt=0)
    """Captions with more tokens are not trained on."""

    @model_validator(mode="after")
    def has_both(self) -> VideoData:
        """Refuses data without anything to train on, or to validate on."""
        if not (self.train or self.train_images):
            raise ValueError("no training data: set train or train_images")
        if not (self.validation or self.validation_images):
            raise ValueError("no validation data: set validation or validation_images")
        return self


class VideoTask(BaseCaptioningTask[CnnLstmEncoder, VideoBatch]):
    """Videos in, a sentence for each frame out. What it trains is a captioner of images as well."""

    usage = "caption --model {} clip.mp4"
    examples = "videos"
    validation_key = "validation_clips"

    class Config(CaptionConfig):
        encoders = CnnLstmEncoder
        source = "frames"
        kind: Literal["video-captioning"] = "video-captioning"
        data: VideoData
        """What to train on and what to validate on."""

        @model_validator(mode="after")
        def frames_belong_together(self) -> VideoTask.Config:
            """Refuses images that change at random from frame to frame."""
            if self.images.augments:
                raise ValueError("randomly augmented images do not make a video: see data.synthetic_video")
            return self

    config: Config

    def __init__(self, config: Config, processor: Tokenizer) -> None:
        super().__init__(config, processor)
        self.stills: list[CaptionedImage] = []
        self.files: list[VideoFile] = []
        self.weights: list[float] = []
        self.validation_playing: list[FrameSequence] = []

    @classmethod
    def prepare(cls, config: Config, seed: int, processors: Path | None = None) -> PreparedTask[Self]:
        """Reads videos in files, and captioned images that videos are made of."""
        data: VideoData = config.data
        report, video_report = CaptionReadReport(), ReadReport()
        stills = [each for source in data.train_images for each in read_captioned_images(source, report)]
        videos = [each for source in data.train for each in read_captioned_videos(source, video_report)]
        files, broken = open_videos(videos, data.frame_interval)
        old = [each for source in data.mix for each in read_captioned_videos(source, video_report)]
        mixed, also_broken = open_videos(old, data.frame_interval)
        share = mix_weight(len(files) + len(stills), len(mixed), data.mix_ratio)
        captions = [still.captions for still in stills] + [span.captions for video in videos for span in video.captions]
        task = cls.fit_or_load(config, [caption for group in captions for caption in group], processors)
        task.stills, task.files = stills, [*files, *mixed]
        task.weights = [1.0] * len(files) + [share] * len(mixed)
        task.validation_playing, unread = validation_videos(data)
        seen = [
            (f"({data.synthetic_video.fingerprint}, {data.frame_interval!r}, {data.num_streams}, {data.bptt_len})",),
            *((still.image.name, *still.captions) for still in stills),
            *((file.captioned.video.name, repr(file.captioned.captions)) for file in task.files),
        ]
        remarks = [
            f"training images: {len(stills):,} ({report.describe()}); training videos: {len(files):,} "
            f"({video_report.describe()}); validation videos: {len(task.validation_playing):,}",
            f"vocabulary: {task.processor.size:,}",
            *describe_mix(len(mixed), share, "videos"),
            *(f"skipped: {reason}" for reason in (*(each.reason for each in (*broken, *also_broken)), *unread)),
        ]
        counted = {"pictures": len(stills), "clips": len(files), "validation_clips": len(task.validation_playing)}
        few = few_examples(len(stills) + len(files), 100, "images and videos")
        return PreparedTask(
            task, tuple(remarks), {**counted, "fingerprint": fingerprint(seen)}, tuple(few), tuple(report.columns)
        )

    def is_newly_initialized(self, name: str) -> bool:
        """What works over time: a captioner of single images, which training may start from, has none of it."""
        return name.startswith(TIME)

    def on_train_start(self, model: EncoderDecoder[CnnLstmEncoder]) -> Sequence[str]:
        """Makes room for the states that lanes carry from window to window."""
        encoder = model.encoder
        if encoder.remembered is not None:
            side = self.config.images.size
            with torch.no_grad():
                empty = torch.zeros(1, 3, side, side, dtype=torch.uint8, device=next(model.parameters()).device)
                cells = encoder.eval().states(empty).shape[1]
            self.carried = TBPTTState(
                self.config.data.num_streams, [(cells, encoder.memory_dim)] * len(RecurrentState._fields)
            )
        return ()

    def loss(self, model: EncoderDecoder[CnnLstmEncoder], batch: VideoBatch) -> Loss:
        """That of a window of frames, after the states that the window before has left."""
        encoder = model.encoder
        start = None if self.carried is None else RecurrentState(*self.carried.read(batch.streams, batch.is_start))
        memory, carried = encoder.encode(batch.source, batch.mask, start)
        if self.carried is not None and carried is not None:
            self.carried.write(batch.streams, carried)
        target = batch.target.flatten(0, 1)
        real = target != PAD
        if not real.any():
            return Loss(0.0 * memory.summary.sum(), torch.tensor(0, device=memory.summary.device))
        return model.loss_of(memory, target, real)

    def batches(self, batch_tokens: int, seed: int) -> Any:
        """Windows of `bptt_len` frames of `num_streams` lanes; `batch_tokens` does not apply."""
        data: VideoData = self.config.data

        def videos_of(epoch: int) -> list[FrameSequence]:
            shots = synthesize_videos(self.stills, data.synthetic_video, seed + epoch) if self.stills else []
            drawn = draw(self.weights, np.random.default_rng([seed, epoch]))
            return [*(self.files[number] for number in drawn), *(SyntheticVideo(self.stills, video) for video in shots)]

        return VideoTBPTTLoader(
            videos_of, self.processor.encode, evaluation_transform(self.config.images),
            lanes=data.num_streams, window=data.bptt_len, longest=data.max_tokens, seed=seed,
        )  # fmt: skip

    @classmethod
    def preset(cls, data: Sequence[Path], settings: Mapping[str, str]) -> dict[str, Any]:
        """Data and training alone, for a model that is trained further; see `video_preset`."""
        return video_preset(data)

    def validate(self, model: EncoderDecoder[CnnLstmEncoder]) -> Evaluation:
        """Captions every frame of the validation videos, without METEOR."""
        pipeline = self.pipeline([model])
        return self.watched(
            pipeline.evaluate_videos(self.validation_playing, with_meteor=False, **self.validation_options)
        )

    def describe(self, data: Mapping[str, Any]) -> Sequence[str]:
        """Names the CNN, what works over time, the decoder and the data."""
        encoder: Any = self.config.model.encoder
        return (
            "Video captions",
            f"CNN `{encoder.backbone}`, time `{encoder.temporal}`, decoder `{kind_of(self.config.model.decoder)}`, "
            f"vocabulary of {self.processor.size:,}; trained with seqtasks on videos made from "
            f"{counted(data['pictures'], 'images')}, and on {counted(data['clips'], 'video files')}.",
        )


def validation_videos(data: VideoData) -> tuple[list[FrameSequence], list[str]]:
    """The videos that are described at each validation, and what is wrong with others."""
    report, video_report = CaptionReadReport(), ReadReport()
    videos = [each for source in data.validation for each in read_captioned_videos(source, video_report)]
    files, unread = open_videos(videos[: data.max_validation_videos], data.frame_interval)
    broken = [each.reason for each in unread]
    broken += [f"validation videos: {video_report.describe()}"] * bool(video_report.skipped)
    room = data.max_validation_videos - len(files)
    stills = [each for source in data.validation_images for each in read_captioned_images(source, report)]
    broken += [f"validation {report.describe()}"] * (not report.complete)
    shots = synthesize_videos(stills, data.synthetic_video, 0)[:room] if stills and room else []
    return [*files, *(SyntheticVideo(stills, video) for video in shots)], broken
