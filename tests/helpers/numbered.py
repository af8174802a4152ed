"""Clips whose frames show their numbers, so that a frame that was read can be told from any other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (96, 64)
COLUMNS, ROWS = 4, 2
"""Of the fields of a frame: each is a bit, black or white. The largest number is 254: a frame is never all white."""

TICKS = 90_000
"""A second in the time of the frames."""


def numbered_picture(number: int, size: tuple[int, int] = SIZE) -> Image.Image:
    bits = (number + 1) >> np.arange(COLUMNS * ROWS) & 1  # not 0, which looks the same however it is turned
    fields = Image.fromarray((bits * 255).astype(np.uint8).reshape(ROWS, COLUMNS))
    return fields.resize(size, Image.Resampling.NEAREST).convert("RGB")


def number_in(picture: Image.Image) -> int:
    """What `numbered_picture` drew, whatever the size, after any lossy compression. -1 where nothing can be told."""
    width, height = picture.size
    light = np.asarray(picture.convert("L"), dtype=float)
    rows, columns = (np.array_split(np.arange(side), parts) for side, parts in ((height, ROWS), (width, COLUMNS)))
    # the middle of each field: compression smears edges
    means = [light[middle(row)][:, middle(column)].mean() for row in rows for column in columns]
    if any(60 < mean < 195 for mean in means):
        return -1
    return sum(1 << place for place, mean in enumerate(means) if mean > 127) - 1


def middle(places: np.ndarray) -> np.ndarray:
    return places[len(places) // 4 : -(len(places) // 4) or None]


def evenly(frames: int, rate: float = 25) -> list[float]:
    return [number / rate for number in range(frames)]


def write_film(
    path: Path,
    codec: str = "mpeg4",
    times: Sequence[float] | None = None,
    *,
    frames: int = 30,
    form: str | None = None,
    pictures: Iterable[Image.Image] | None = None,
    size: tuple[int, int] = SIZE,
    rate: int = 25,
    pixels: str = "yuv420p",
    shape: Fraction | None = None,
    options: dict[str, str] | None = None,
    form_options: dict[str, str] | None = None,
) -> Path:
    """A film with a frame at each of the times, in seconds; without times, so many `frames` at the rate."""
    import av

    even = times is None
    times = evenly(frames, rate) if times is None else times
    pictures = (numbered_picture(number, size) for number in range(len(times))) if pictures is None else pictures
    with av.open(str(path), "w", format=form, options=form_options or {}) as container:
        stream: Any = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        if shape is not None:
            stream.codec_context.sample_aspect_ratio = shape
        base = Fraction(1, rate if even else TICKS)
        if not even:
            stream.codec_context.time_base = base
        for seconds, picture in zip(times, pictures, strict=True):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = round(seconds / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
