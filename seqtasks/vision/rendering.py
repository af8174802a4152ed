"""A clip with its captions in the picture, as an MP4 file that any player shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from seqtasks.errors import SeqtasksError
from seqtasks.files import whole_file
from seqtasks.vision.lettering import font_for, wrapped
from seqtasks.vision.timeline import LONE_SECONDS, Span
from seqtasks.vision.video import Frame

if TYPE_CHECKING:
    from av import Packet, VideoStream
    from av.container import OutputContainer

ENCODERS = {
    "libx264": {"preset": "veryfast", "crf": "20", "bf": "0"},
    "mpeg4": {"qmin": "3", "qmax": "3"},
}
"""The first that PyAV was built with is taken. No frame refers to later ones: packets keep the order of frames."""

TICKS = 60_000
"""A second in the file's own time: even for 24, 25, 30, 50 and 60 frames, for 30,000/1,001, and for milliseconds."""

SHORTEST_SIDE, LONGEST_SIDE = 240, 4096
"""Of the file's pictures: captions in smaller ones could not be read, larger ones not be played."""

DARKNESS = 0.65
"""How much darker the picture is behind letters: white on white becomes white on a grey, 7 to 1 in contrast."""
LETTERS = 0.055
"""Size of letters by the picture's shorter side."""
SMALLEST_LETTERS = 11
"""In pixels."""
LEADING = 1.3
"""From line to line, in sizes of letters."""
MARGIN = 0.6
"""Around the text, in sizes of letters."""
SHARE = 0.5
"""The part of the picture's height that a caption may hide; it is cut beyond that."""


def render(frames: Iterable[Frame], spans: Iterable[Span], path: Path) -> None:
    """Writes the frames as MP4, each at its time, at the bottom of each the text of the span that it falls into.

    Frames and spans are taken as they come, in the order of their times, and none is kept. The sound is left out. The
    first frame gives the size: sides are made even, very small and very large pictures scaled; frames of another size
    get black margins. The file appears whole or not at all.

    Raises:
        SeqtasksError: PyAV is not installed, there is no frame, or the path is a pipe.
        OSError: the file cannot be written.
    """
    try:
        import av
    except ImportError:
        raise SeqtasksError("Writing a video needs PyAV.", "Install it: pip install 'seqtasks[video]'") from None
    shown = iter(captioned(frames, spans))
    first = next(shown, None)
    if first is None:
        raise SeqtasksError(f"{path}: there is no frame to write.")
    with whole_file(path) as file:
        if not file.seekable():
            raise SeqtasksError(f"{path}: a video cannot be written to a pipe.", "Name a file.")
        with av.open(file, "w", format="mp4") as container:
            track = Track(container, canvas(first[0].picture.size))
            for frame, text in chain([first], shown):
                track.add(frame, text)
            track.finish()


def captioned(frames: Iterable[Frame], spans: Iterable[Span]) -> Iterator[tuple[Frame, str]]:
    """Each frame with the text of its span, which is empty where there is none."""
    coming = iter(spans)
    span = next(coming, None)
    for frame in frames:
        while span is not None and span.end <= frame.seconds:
            span = next(coming, None)
        yield frame, span.text if span is not None and span.start <= frame.seconds else ""


def canvas(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the file for pictures of this size: even, as H.264 with half the colours needs them."""
    scale = min(max(1, SHORTEST_SIDE / min(size)), LONGEST_SIDE / max(size))
    width, height = (max(2, round(side * scale) // 2 * 2) for side in size)
    return width, height


class Track:
    """The pictures of an MP4 file, in the colours of BT.709, which players take for granted."""

    def __init__(self, container: OutputContainer, size: tuple[int, int]) -> None:
        import av
        from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

        name = next(name for name in ENCODERS if name in av.codecs_available)
        self.container = container
        self.size = size
        self.stream = cast("VideoStream", container.add_stream(name, options=ENCODERS[name]))
        self.stream.width, self.stream.height = size
        self.stream.pix_fmt = "yuv420p"
        self.stream.time_base = self.tick = Fraction(1, TICKS)
        encoder = self.stream.codec_context
        encoder.time_base = self.tick
        encoder.colorspace, encoder.color_range = Colorspace.ITU709, ColorRange.MPEG
        encoder.color_primaries, encoder.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        self.lengths: deque[int] = deque()
        """Of the frames that the encoder has not given back, in ticks."""
        self.begins, self.step = -1, round(LONE_SECONDS * TICKS)

    def add(self, frame: Frame, text: str) -> None:
        """Encodes a frame; where nothing says how long it lasts, it lasts as long as the one before."""
        from av import VideoFrame
        from av.video.reformatter import Colorspace

        begins = max(self.begins + 1, round(frame.seconds * TICKS))  # broken times may stand still
        if self.begins >= 0:
            self.step = begins - self.begins
        self.begins = begins
        length = 0 if frame.until is None else round(frame.until * TICKS) - begins
        self.lengths.append(length if length > 0 else self.step)
        picture = burnt_in(fitted(frame.picture, self.size), text)
        encoded = VideoFrame.from_ndarray(np.asarray(picture)).reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709
        )
        encoded.pts, encoded.time_base = begins, self.tick
        self.write(self.stream.encode(encoded))

    def finish(self) -> None:
        self.write(self.stream.encode(None))

    def write(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            packet.duration = self.lengths.popleft()
            self.container.mux(packet)


def fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A copy of the picture in this size: less the last row or column, scaled, or scaled with black margins."""
    if all(0 <= have - want <= 1 for have, want in zip(picture.size, size, strict=True)):
        return picture.crop((0, 0, *size))
    if canvas(picture.size) == size:
        return picture.resize(size)
    return ImageOps.pad(picture, size, color="black")


class Lettering(NamedTuple):
    """A caption, drawn."""

    letters: Image.Image
    """White on black, in greys."""
    left: int
    top: int


def burnt_in(picture: Image.Image, text: str) -> Image.Image:
    """The picture itself, changed: the text in white letters at the bottom, on ground that is darker than it was."""
    if not text.strip():
        return picture
    letters, left, top = lettering(text, picture.size)
    place = (left, top, left + letters.width, top + letters.height)
    dark = Image.blend(picture.crop(place), Image.new("RGB", letters.size, "black"), DARKNESS)
    dark.paste("white", mask=letters)
    picture.paste(dark, place)
    return picture


@lru_cache(maxsize=4)
def lettering(text: str, size: tuple[int, int]) -> Lettering:
    """The text in lines at the bottom of a picture of this size, in the middle."""
    width, height = size
    letter = max(SMALLEST_LETTERS, round(LETTERS * min(size)))
    step, margin = round(LEADING * letter), round(MARGIN * letter)
    most = max(1, int((SHARE * height - margin) / step))
    font = font_for(text, letter)
    lines = wrapped(text, font, width - 4 * margin, most)
    widest = min(width, round(max(font.getlength(line) for line in lines)) + 2 * margin)
    room = min(height, step * len(lines) + margin)
    letters = Image.new("L", (widest, room))
    draw = ImageDraw.Draw(letters)
    for number, line in enumerate(lines):
        draw.text((widest / 2, margin / 2 + step * number + letter), line, fill="white", font=font, anchor="ms")
    return Lettering(letters, (width - widest) // 2, max(0, height - room - margin))
