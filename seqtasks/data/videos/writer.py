"""Images to videos on disk: MP4 through PyAV, GIF through Pillow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.storage.atomic import atomic_file
from seqtasks.video.reader import Frame
from seqtasks.video.writer import letterbox, open_mp4

__all__ = ["write_video"]

FASTEST = {".mp4": 1000, ".gif": 50}
"""Frames a second that players still show, by the ending of the file's name."""


def write_video(path: Path, frames: Iterable[Image.Image], rate: float) -> None:
    """Writes a video, which appears whole or not at all.

    `.mp4` is H.264 where PyAV has it, else MPEG-4, and keeps no frame; sides are made even by leaving out the last row
    or column. `.gif` has 256 colors a frame, keeps all until the end, and holds equal neighbors as one frame that lasts
    longer.

    Args:
        path: Its ending says what is written.
        frames: RGB images. The first gives the size; others are scaled, with black margins.
        rate: Frames a second.

    Raises:
        SeqtasksError: Another ending, a rate that such a file cannot show, no frames, a path that is no file's, PyAV
            is not installed.
        OSError: The file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in FASTEST:
        raise SeqtasksError(f"{path}: videos are written as {' or '.join(FASTEST)}.", "Use one of these suffixes.")
    if not 0 < rate <= FASTEST[ending]:
        raise SeqtasksError(
            f"{path}: {rate:g} frames per second are not possible.", f"Use more than 0, and at most {FASTEST[ending]}."
        )
    coming = iter(frames)
    first = next(coming, None)
    if first is None:
        raise SeqtasksError(f"{path}: there is no frame to write.")
    if path.exists() and not path.is_file():
        raise SeqtasksError(f"{path}: a video cannot be written here.", "Name a file.")
    with atomic_file(path) as file:
        (write_mp4 if ending == ".mp4" else write_gif)(file, first, coming, rate)


def write_mp4(file: BinaryIO, first: Image.Image, others: Iterator[Image.Image], rate: float) -> None:
    """Writes frames one by one; `first` gives the size, with even sides."""
    width, height = (max(2, side // 2 * 2) for side in first.size)
    with open_mp4(file, (width, height)) as track:
        for number, image in enumerate(chain([first], others)):
            track.add(Frame(number, number / rate, (number + 1) / rate, image))


def write_gif(file: BinaryIO, first: Image.Image, others: Iterator[Image.Image], rate: float) -> None:
    """Writes all frames at the end; `first` gives the size."""
    timed = in_hundredths(chain([first], others), first.size, rate)
    next(timed).save(file, "GIF", save_all=True, append_images=timed, loop=0)


def in_hundredths(images: Iterable[Image.Image], size: tuple[int, int], rate: float) -> Iterator[Image.Image]:
    """Copies of the images that say how long each lasts, in whole hundredths of a second, without drifting."""
    for number, image in enumerate(images):
        shown = letterbox(image, size)
        shown.info = {"duration": 10 * (round((number + 1) * 100 / rate) - round(number * 100 / rate))}
        yield shown
