"""What kinds of videos share: the frames of a video as they come, and what of it was lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.image import loading as images

THUMBNAIL = (64, 48)
"""Width and height of what is compared to find scenes, whatever the shape of the video."""


class VideoError(SeqtasksError):
    """A video that cannot be had; its message begins with the name of the file."""


class LazyFrame(NamedTuple):
    """A frame that was decoded, and no more: most frames are never wanted. It is good until the next one is taken."""

    number: int
    """Its place in the stream, from 0."""
    seconds: float
    """When it is shown, by the clock of players: see `seqtasks.video.timestamps`."""
    until: float | None
    """When it ends, if the file says so."""
    image: Callable[[], Image.Image]
    """Makes the upright RGB image. May raise whatever decoders raise."""
    thumbnail: Callable[[], UInt8[np.ndarray, "high wide 3"]]
    """Makes RGB pixels of the size `THUMBNAIL`, not upright, much faster."""


class DecodeErrors:
    """What of a video could not be read, gathered on the way through it."""

    def __init__(self) -> None:
        self.frames = 0
        self.first = ""
        self.end = ""

    def lose(self, seconds: float, reason: object) -> None:
        """One frame cannot be had; `seconds` is when it was to be shown, or when the last one before was."""
        self.first = self.first or f"after {seconds:.2f} seconds ({describe(reason)})"
        self.frames += 1

    def break_off(self, seconds: float, of: float | None = None) -> None:
        """The video ends before its time."""
        self.end = f"it breaks off after {seconds:.2f}" + (" seconds" if of is None else f" of {of:.2f} seconds")

    def __str__(self) -> str:
        frames = f"{self.frames:,} frames are damaged, the first" if self.frames > 1 else "1 frame is damaged,"
        return " and ".join([*([f"{frames} {self.first}"] if self.frames else []), *([self.end] if self.end else [])])


@runtime_checkable
class FrameReader(Protocol):
    """A file or a folder that frames come out of, as often as they are asked for."""

    duration: float | None
    """When the video ends, in seconds, if the file says so."""
    rate: float | None
    """Frames a second, on average, if the file says so."""
    remark: str | None
    """What is doubtful about the file, without the end of a sentence."""

    def frames(self, losses: DecodeErrors) -> Iterator[LazyFrame]:
        """The frames from the first, in the order in which they are shown, later ones at later times.

        Raises:
            VideoError: The file cannot be opened any more.
        """
        ...


def open_file(path: Path, name: str) -> IO[bytes]:
    """Raises VideoError where there is nothing to read; pipes are refused, since videos are opened more than once."""
    try:
        if path.exists() and not path.is_file():
            raise VideoError(f"{name}: not a file.", "Save the stream as a file first.")
        file = open(path, "rb")  # noqa: SIM115  # whoever asks for it closes it
    except FileNotFoundError:
        raise VideoError(
            f"{name}: there is no such file.", "Relative paths are resolved against the current directory."
        ) from None
    except (OSError, ValueError) as error:
        raise VideoError(f"{name}: the file cannot be read ({describe(error)}).") from None
    if os.fstat(file.fileno()).st_size == 0:
        file.close()
        raise VideoError(f"{name}: the file is empty.")
    return file


def read_exactly(file: IO[bytes], size: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: There are fewer.
    """
    content = file.read(size)
    if len(content) < size:
        raise EOFError("the file is truncated")
    return content


def describe(reason: object) -> str:
    """An exception, or words, as a part of a sentence."""
    said = getattr(reason, "strerror", None) or reason  # without the number of the error
    return " ".join(str(said).split()).removesuffix(".") or type(reason).__name__


def check_size(width: int, height: int, name: str) -> None:
    """Refuses frames larger than images may be, before they are decoded."""
    if width * height > images.MAX_PIXELS or max(width, height) > images.MAX_SIDE:
        raise VideoError(
            f"{name}: frames of {width:,} x {height:,} pixels are too many; "
            f"the limit is {images.MAX_PIXELS:,}, and {images.MAX_SIDE:,} per side.",
            "Resize the video first.",
        )
