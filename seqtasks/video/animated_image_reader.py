"""Videos that are images: animated GIF, PNG, WebP and AVIF, and folders of numbered frames. Pillow is enough."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from seqtasks.image import folders
from seqtasks.image import loading as images
from seqtasks.image.loading import open_image, with_alpha
from seqtasks.video.animation_canvas import Shown
from seqtasks.video.apng_frames import apng_frames
from seqtasks.video.gif_frames import gif_frames
from seqtasks.video.source import THUMBNAIL, DecodeErrors, LazyFrame, VideoError, check_size, describe, open_file

FORMATS = ("GIF", "PNG", "WEBP", "AVIF")
"""As Pillow names them. A GIF or a PNG is read as it goes; the others are held as they are in the file."""

ENDINGS = frozenset((".apng", ".avif", ".gif", ".png", ".webp"))

NO_TIME, USUAL_TIME = 0.01, 0.1
"""A frame that lasts no longer than the first, in seconds, lasts as long as the second: browsers do so."""

NUMBER = re.compile(r"(\d+)\D*\Z")
"""The number of a frame: the last in its name."""


class AnimatedImageReader:
    """An image that moves."""

    duration: float | None = None
    rate: float | None = None
    remark: str | None = None

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name

    def frames(self, losses: DecodeErrors) -> Iterator[LazyFrame]:
        """Frames with the durations that the file gives; what comes after one that cannot be decoded is lost."""
        with open_file(self.path, self.name) as file:
            shown: Shown | None = None
            seconds = 0.0
            for number in count():
                try:
                    shown = frames_of(file, self.name) if shown is None else shown
                    image, length = next(shown)
                except StopIteration:
                    return
                except EOFError:
                    losses.break_off(seconds)
                    return
                except Exception as error:  # bytes that were made to break a decoder can make it raise anything
                    losses.lose(seconds, error)
                    return
                until = seconds + (length if length > NO_TIME else USUAL_TIME)
                yield lazy_frame(number, seconds, until, partial(open_image, image, self.name))
                seconds = until


def frames_of(file: IO[bytes], name: str) -> Shown:
    """The image at each of its frames. Raises what the functions for its format raise."""
    kind = format_of(file)
    if kind == "GIF":
        return gif_frames(file, name)
    image = open_animation(file, name)
    if kind == "PNG" and getattr(image, "is_animated", False):
        file.seek(0)
        return with_exif(apng_frames(file, name), image)
    return pillow_frames(image, name)


def with_exif(shown: Shown, image: Image.Image) -> Shown:
    """The frames, which say as the image does how the camera was held."""
    for frame, seconds in shown:
        if (exif := image.info.get("exif")) is not None:
            frame.info["exif"] = exif
        yield frame, seconds


def pillow_frames(image: Image.Image, name: str) -> Shown:
    """The image at each of its frames, as Pillow composes them.

    Raises:
        EOFError: There are fewer frames than the file states.
        VideoError: A frame is too large.
        Exception: what Pillow makes of bytes that are no image.
    """
    for number in count():
        try:
            image.seek(number)
        except EOFError:
            if number < getattr(image, "n_frames", 0):
                raise
            return
        check_size(*image.size, name)
        image.load()
        yield image, float(image.info.get("duration", 0)) / 1000


class ImageSequenceReader:
    """A folder of images with a number in their names; the number decides on the order alone.

    Args:
        folder: Where the images are.
        name: What errors call it.
        rate: Images a second.

    Raises:
        VideoError: There is none, one has no number, or two have the same.
    """

    remark: str | None = None

    def __init__(self, folder: Path, name: str, rate: float) -> None:
        self.name = name
        self.rate: float | None = rate
        self.paths = numbered(folder, name)
        self.duration: float | None = len(self.paths) / rate

    def frames(self, losses: DecodeErrors) -> Iterator[LazyFrame]:
        """An image of the folder each, `rate` of them a second."""
        assert self.rate is not None
        for number, path in enumerate(self.paths):
            yield lazy_frame(number, number / self.rate, (number + 1) / self.rate, partial(open_image, path))


def lazy_frame(number: int, seconds: float, until: float, image: Callable[[], Image.Image]) -> LazyFrame:
    """A frame of an image that Pillow makes.

    Args:
        number: Its place in the stream, from 0.
        seconds: When it is shown.
        until: When it ends, in seconds.
        image: Makes it; also asked for the thumbnail.
    """
    return LazyFrame(number, seconds, until, image, lambda: np.asarray(image().resize(THUMBNAIL, Image.Resampling.BOX)))


def open_animation(file: IO[bytes], name: str) -> Image.Image:
    """The image with its first frame not yet decoded. Raises VideoError."""
    kind = format_of(file)
    assert kind is not None
    factory, _ = Image.OPEN[kind]
    if kind in ("WEBP", "AVIF") and os.fstat(file.fileno()).st_size > images.MAX_BYTES:
        raise VideoError(f"{name}: the file is larger than {images.MAX_BYTES // 2**20} MiB.", "Resize it first.")
    try:
        image = factory(BytesIO(with_alpha(file.read())) if kind == "WEBP" else file, "")
    except Exception as error:
        raise VideoError(f"{name}: the image is damaged ({describe(error)}).") from error
    check_size(*image.size, name)
    return image


def format_of(file: IO[bytes]) -> str | None:
    """Which of the `FORMATS` a file has by its first bytes."""
    Image.init()
    head = file.read(16)
    file.seek(0)
    for kind in FORMATS:
        _, accepts = Image.OPEN.get(kind, (None, None))
        if accepts is not None and accepts(head) is True:
            return kind
    return None


def is_animated(path: str | Path) -> bool:
    """Whether a file is an image with more than one frame. False where it cannot be read."""
    try:
        with open(path, "rb") as file:
            if format_of(file) is None:
                return False
            return bool(getattr(open_animation(file, str(path)), "is_animated", False))
    except Exception:  # whoever opens it as an image is told what is wrong
        return False


def numbered(folder: Path, name: str) -> list[Path]:
    """The images of a folder by their numbers."""
    try:
        known = folders.ENDINGS | folders.UNSUPPORTED
        entries = (entry for entry in os.scandir(folder) if folders.is_image_name(entry.name, known))
        files = sorted(entry.name for entry in entries if entry.is_file())
    except OSError as error:
        raise VideoError(f"{name}: the folder cannot be read ({describe(error)}).") from None
    if not files:
        raise VideoError(f"{name}: this folder contains no image.", folders.known_endings(folders.ENDINGS))
    series: dict[int, str] = {}
    for file in files:
        match = NUMBER.search(Path(file).stem)
        if match is None:
            raise VideoError(f"{name}: {file} has no number.", "Name frames like 0001.png or frame-1.jpg.")
        number = int(match[1])
        other = series.setdefault(number, file)
        if other != file:
            raise VideoError(f"{name}: {other} and {file} have the same number.", "Keep one video per folder.")
    return [folder / series[number] for number in sorted(series)]
