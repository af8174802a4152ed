"""Frames of animated images laid over each other as browsers do: where nothing was drawn there is nothing.

Pillow's own canvas is as opaque as the first frame. What no frame draws, or what one gives back to the background, has
there the first or another color of a GIF's palette, black in a PNG, or the image for programs that cannot show it
moving.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from PIL import Image

from seqtasks.video.source import check_size

Shown = Iterator[tuple[Image.Image, float]]
"""An image at each of its frames, and for how many seconds that is shown. The image is good until the next is taken."""


class Disposal(Enum):
    """What becomes of the place of a frame when its time is over."""

    KEEP = "it stays"
    BACKGROUND = "it is empty again"
    PREVIOUS = "it is as it was before"


class CanvasFrame(NamedTuple):
    """A frame, and what is to be done with it."""

    image: Image.Image
    """RGB or RGBA."""
    left: int
    top: int
    seconds: float
    disposal: Disposal
    over: bool = True
    """Whether what is on the canvas is seen where the frame is transparent; else the frame takes its place."""
    binary: bool = False
    """Whether each pixel is either opaque or not there, which is faster."""


def laid_over(frames: Iterator[CanvasFrame], width: int, height: int, name: str) -> Shown:
    """The canvas after each frame, in RGBA. It grows where a frame does not fit on it.

    Raises:
        VideoError: It gets too large.
    """
    canvas = Image.new("RGBA", (width, height))
    for frame in frames:
        left, top, right, bottom = place = (
            frame.left, frame.top, frame.left + frame.image.width, frame.top + frame.image.height,
        )  # fmt: skip
        size = max(canvas.width, right), max(canvas.height, bottom)
        check_size(*size, name)
        if size != canvas.size:
            canvas = canvas.crop((0, 0, *size))
        before = canvas.crop(place) if frame.disposal is Disposal.PREVIOUS else None
        if frame.over and frame.image.mode == "RGBA" and not frame.binary:
            canvas.alpha_composite(frame.image, (left, top))
        else:
            canvas.paste(frame.image, place, frame.image if frame.over and frame.image.mode == "RGBA" else None)
        yield canvas, frame.seconds
        if frame.disposal is not Disposal.KEEP:
            canvas.paste(before or (0, 0, 0, 0), place)
