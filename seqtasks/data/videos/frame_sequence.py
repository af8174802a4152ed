"""Videos as training plays them: images one after the other, each with what people say of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol, runtime_checkable

from PIL import Image

from seqtasks.data.captions.captioned_images import CaptionedImage
from seqtasks.data.videos.readers import CaptionedVideo, captions_at
from seqtasks.data.videos.synthetic import Shot
from seqtasks.errors import SeqtasksError
from seqtasks.image.loading import open_image
from seqtasks.video.corruptions import corrupt
from seqtasks.video.reader import TOLERANCE, IntervalSampler, open_video
from seqtasks.video.source import VideoError

__all__ = ["SyntheticVideo"]


@runtime_checkable
class FrameSequence(Protocol):
    """A video whose frames are known by number."""

    @property
    def captions(self) -> Sequence[Sequence[str]]:
        """Of each frame; none where nobody said anything."""
        ...

    def pictures(self, start: int) -> Iterator[Image.Image]:
        """The frames from this one on."""
        ...


@dataclass(frozen=True)
class SyntheticVideo:
    """A video out of stills; no frame exists before it is asked for."""

    images: Sequence[CaptionedImage]
    """All images there are."""
    shots: tuple[Shot, ...]

    @property
    def captions(self) -> Sequence[Sequence[str]]:
        """What people say of each frame: the captions of the image that it shows."""
        return [self.images[shot.image].captions for shot in self.shots for _ in shot.changes]

    def pictures(self, start: int) -> Iterator[Image.Image]:
        """The frames from number `start` on, each made when it is asked for."""
        passed = 0
        for shot in self.shots:
            wanted = shot.changes[max(0, start - passed) :]
            passed += len(shot.changes)
            if wanted:
                still = open_image(self.images[shot.image].image)
                for change in wanted:
                    yield corrupt(still, change)


@dataclass(frozen=True)
class VideoFile:
    """A video in a file, of which a frame is seen every some seconds."""

    clip: CaptionedVideo
    every: float
    times: tuple[float, ...]
    """When the frames that are seen begin, in seconds."""

    @property
    def captions(self) -> Sequence[Sequence[str]]:
        """What people say of each frame that is seen; nothing where no caption stands at its time."""
        return [captions_at(self.clip, seconds + TOLERANCE) for seconds in self.times]

    def pictures(self, start: int) -> Iterator[Image.Image]:
        """The frames from number `start` on; the file is read from its beginning."""
        frames = open_video(self.clip.video).frames(IntervalSampler(self.every))
        return (frame.image for frame in islice(frames, start, len(self.times)))


class BrokenVideo(NamedTuple):
    """A video that cannot be read, or not to its end."""

    name: str
    reason: str
    """A sentence, which names the file."""


def open_clips(clips: Sequence[CaptionedVideo], every: float) -> tuple[list[VideoFile], list[BrokenVideo]]:
    """The videos that can be read, and why others cannot. Each is read once, to know its frames.

    Of a damaged one, which is among both, what can be read is used.
    """
    files, broken = list[VideoFile](), list[BrokenVideo]()
    for clip in clips:
        try:
            video = open_video(clip.video)
            files.append(VideoFile(clip, every, tuple(frame.seconds for frame in video.frames(IntervalSampler(every)))))
        except VideoError as error:
            broken.append(BrokenVideo(str(clip.video), error.message))
            continue
        if video.damage is not None:
            broken.append(BrokenVideo(str(clip.video), f"{clip.video}: {video.damage}; what can be read is used."))
    if clips and not files:
        raise SeqtasksError(f"None of the {len(clips):,} videos can be read: {broken[0].reason}", "Check the videos.")
    return files, broken
