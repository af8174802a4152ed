"""Videos of any kind, frame by frame, as streams: a film of two hours takes no more memory than a short one."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.video import animated_image_reader as animation
from seqtasks.video import pyav_reader as film
from seqtasks.video.animated_image_reader import AnimatedImageReader, ImageSequenceReader
from seqtasks.video.pyav_reader import PyAVReader
from seqtasks.video.source import DecodeErrors, FrameReader, LazyFrame, VideoError, open_file

FOLDER_RATE = 25.0
"""Frames a second of a folder of images, which does not say; FFmpeg takes the same."""

TOLERANCE = 0.001
"""How much too early a frame may be, in seconds: times in Matroska are rounded so."""


class Frame(NamedTuple):
    """A frame of a video, as it is seen."""

    number: int
    """Its place in the stream, from 0."""
    seconds: float
    """When it is shown, by the clock of players: later than 0 where the sound begins earlier."""
    until: float | None
    """When the next frame of the file begins, wanted or not; for the last when it ends. None if that is not known."""
    image: Image.Image
    """Upright RGB."""


@runtime_checkable
class FrameSampler(Protocol):
    """Which frames are wanted."""

    def begin(self) -> Callable[[LazyFrame], bool]:
        """A question to be asked for each frame in turn, once for a whole video: is it wanted?"""
        ...


@dataclass(frozen=True)
class IntervalSampler:
    """The first frame, and after each further `seconds` the first frame that begins then or later.

    A frame that stands for longer comes once.

    Raises:
        SeqtasksError: The seconds are not above 0.
    """

    seconds: float

    def __post_init__(self) -> None:
        if not 0 < self.seconds < math.inf:
            raise SeqtasksError(f"Invalid frame interval: {self.seconds:g} seconds.", "Use more than 0, such as 1.")

    def begin(self) -> Callable[[LazyFrame], bool]:
        """A new count from the first frame that is shown to it."""
        first: float | None = None

        def period(frame: LazyFrame) -> int:
            nonlocal first
            first = frame.seconds if first is None else first
            return math.floor((frame.seconds - first + TOLERANCE) / self.seconds)

        return first_of_each(period)


@dataclass(frozen=True)
class StrideSampler:
    """The first frame and each `frames`-th after it; 1 is all.

    Raises:
        SeqtasksError: It is less than 1.
    """

    frames: int = 1

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise SeqtasksError(f"Invalid frame step: {self.frames}.", "Use 1 for all frames, or more.")

    def begin(self) -> Callable[[LazyFrame], bool]:
        """A new count by the numbers of frames."""
        return first_of_each(lambda frame: frame.number // self.frames)


def first_of_each(period: Callable[[LazyFrame], int]) -> Callable[[LazyFrame], bool]:
    """Wants the first frame of each period; periods are numbered from 0."""
    last = -1

    def wanted(frame: LazyFrame) -> bool:
        nonlocal last
        before, last = last, max(last, period(frame))
        return last > before

    return wanted


class Video:
    """The frames of a file or a folder, as often as they are asked for. `open_video` makes one."""

    def __init__(self, source: FrameReader, name: str) -> None:
        self.source = source
        self.name = name
        self.duration = source.duration
        """When it ends, in seconds, if the file says so: a file that breaks off says when it would have ended."""
        self.rate = source.rate
        """Frames a second, on average, if the file says so."""
        self.remark = source.remark
        """What is doubtful about the file, such as several videos in it; None where nothing is."""
        self.losses = DecodeErrors()
        self.reached: float | None = None
        first = next((image for _, image in self.passed(StrideSampler()) if image is not None), None)
        if first is None:
            raise VideoError(f"{name}: no frame can be read{f'; {self.damage}' if self.damage else ''}.")
        self.size = first.size
        """Width and height of the first frame, upright; others may differ."""

    @property
    def damage(self) -> str | None:
        """What could not be read, as far as frames were taken the last time; None where all is well."""
        return str(self.losses) or None

    @property
    def end(self) -> float | None:
        """When the video ends, in seconds, after all its frames were taken: as the file says, or with its last frame.

        None where neither is known. A damaged video ends with the last frame that could be read. Sound that goes on
        does not count.
        """
        if self.damage or self.duration is None or self.reached is None:
            return self.reached
        return max(self.reached, self.duration)

    def frames(self, choice: FrameSampler) -> Iterator[Frame]:
        """The frames that are wanted. Those that cannot be read are left out, and `damage` says so.

        Each is given as soon as the one after it in the file is decoded.

        Raises:
            VideoError: The file is gone.
        """
        held: Frame | None = None
        for moment, image in self.passed(choice):
            if held is not None:
                yield held._replace(until=moment.seconds)
            held = None if image is None else Frame(moment.number, moment.seconds, moment.until, image)
        if held is not None:
            yield held

    def passed(self, choice: FrameSampler) -> Iterator[tuple[LazyFrame, Image.Image | None]]:
        """Every frame of the file; those that are wanted with their images."""
        self.losses = losses = DecodeErrors()
        wanted = choice.begin()
        for moment in self.source.frames(losses):
            image = None
            try:
                if wanted(moment):
                    image = moment.image()
            except Exception as error:  # a decoder may raise anything
                losses.lose(moment.seconds, error)
            self.reached = moment.until
            yield moment, image


def open_video(path: str | Path, name: str | None = None, *, rate: float = FOLDER_RATE) -> Video:
    """A video, an animated GIF, PNG, WebP or AVIF, or a folder of numbered images.

    What it is is seen in the file, not in its name. The first frame is read at once.

    Args:
        path: The file or folder.
        name: What errors call it; its path where it is None.
        rate: Frames a second of a folder of images; other videos have times of their own.

    Raises:
        VideoError: It cannot be read, is empty, no video, damaged from its beginning, or its frames are too large.
        SeqtasksError: It is a video, and PyAV is not installed; or there is no such rate.
    """
    path, name = Path(path), str(path) if name is None else name
    if not 0 < rate < math.inf:
        raise SeqtasksError(f"{name}: invalid frame rate: {rate:g}.", "Use more than 0, such as 25.")
    if os.path.isdir(path):
        return Video(ImageSequenceReader(path, name, rate), name)
    with open_file(path, name) as file:
        moving = animation.format_of(file) is not None
    return Video(AnimatedImageReader(path, name) if moving else PyAVReader(path, name), name)


def is_video(path: str | Path) -> bool:
    """Whether a file has the name of a video, or is an image with more than one frame. A folder is none."""
    if os.path.isdir(path):
        return False
    ending = Path(path).suffix.lower()
    return ending in film.ENDINGS or (ending in animation.ENDINGS and animation.is_animated(path))
