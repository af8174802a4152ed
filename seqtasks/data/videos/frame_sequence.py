"""Videos as training uses them: sequences of images with captions."""

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

    def frames(self, start: int) -> Iterator[Image.Image]:
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
        """The captions of each frame: those of the image that it shows."""
        return [self.images[shot.image].captions for shot in self.shots for _ in shot.changes]

    def frames(self, start: int) -> Iterator[Image.Image]:
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

    captioned: CaptionedVideo
    every: float
    times: tuple[float, ...]
    """When the frames that are seen begin, in seconds."""

    @property
    def captions(self) -> Sequence[Sequence[str]]:
        """The captions of each frame that is used; none between spans."""
        return [captions_at(self.captioned, seconds + TOLERANCE) for seconds in self.times]

    def frames(self, start: int) -> Iterator[Image.Image]:
        """The frames from number `start` on; the file is read from its beginning."""
        frames = open_video(self.captioned.video).frames(IntervalSampler(self.every))
        return (frame.image for frame in islice(frames, start, len(self.times)))


class BrokenVideo(NamedTuple):
    """A video that cannot be read, or not to its end."""

    name: str
    reason: str
    """A sentence, which names the file."""


def open_videos(videos: Sequence[CaptionedVideo], every: float) -> tuple[list[VideoFile], list[BrokenVideo]]:
    """The videos that can be read, and why others cannot. Each is read once, to know its frames.

    Of a damaged one, which is among both, what can be read is used.
    """
    files, broken = list[VideoFile](), list[BrokenVideo]()
    for captioned in videos:
        try:
            video = open_video(captioned.video)
            times = tuple(frame.seconds for frame in video.frames(IntervalSampler(every)))
            files.append(VideoFile(captioned, every, times))
        except VideoError as error:
            broken.append(BrokenVideo(str(captioned.video), error.message))
            continue
        if video.damage is not None:
            broken.append(
                BrokenVideo(str(captioned.video), f"{captioned.video}: {video.damage}; what can be read is used.")
            )
    if videos and not files:
        raise SeqtasksError(f"None of the videos can be read: {broken[0].reason}", "Check the videos.")
    return files, broken
