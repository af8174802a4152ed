"""Writes frames as MP4 files that any player shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import IO, TYPE_CHECKING, cast

import numpy as np
from PIL import Image, ImageOps

from seqtasks.errors import require_package
from seqtasks.video.caption_spans import LONE_SECONDS
from seqtasks.video.reader import Frame

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
"""Of the file's images: captions in smaller ones could not be read, larger ones not be played."""


def video_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the video for frames of this size: even, as H.264 with chroma subsampling needs them."""
    scale = min(max(1, SHORTEST_SIDE / min(size)), LONGEST_SIDE / max(size))
    width, height = (max(2, round(side * scale) // 2 * 2) for side in size)
    return width, height


class VideoWriter:
    """Encodes frames into an MP4 file that begins with the first, with the colors of BT.709, which players assume."""

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
        self.first: float | None = None

    def add(self, frame: Frame) -> None:
        """Encodes a frame; where nothing says how long it lasts, it lasts as long as the one before."""
        from av import VideoFrame
        from av.video.reformatter import Colorspace

        self.first = frame.seconds if self.first is None else self.first  # without sound nothing comes before
        begins = max(self.begins + 1, round((frame.seconds - self.first) * TICKS))  # broken times may stand still
        if self.begins >= 0:
            self.step = begins - self.begins
        self.begins = begins
        length = 0 if frame.until is None else round((frame.until - self.first) * TICKS) - begins
        self.lengths.append(length if length > 0 else self.step)
        encoded = VideoFrame.from_ndarray(np.asarray(letterbox(frame.image, self.size))).reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709
        )
        encoded.pts, encoded.time_base = begins, self.tick
        self.write(self.stream.encode(encoded))

    def write(self, packets: Iterable[Packet[VideoStream]]) -> None:
        """Gives each packet the length of its frame, which encoders leave out, and writes it."""
        for packet in packets:
            packet.duration = self.lengths.popleft()
            self.container.mux(packet)


@contextmanager
def open_mp4(file: IO[bytes], size: tuple[int, int]) -> Iterator[VideoWriter]:
    """Takes frames for an MP4 file of this size.

    Raises:
        SeqtasksError: PyAV is not installed.
    """
    require_package("av", "Writing a video needs PyAV.", "video")
    import av

    with av.open(file, "w", format="mp4") as container:
        writer = VideoWriter(container, size)
        yield writer
        writer.write(writer.stream.encode(None))


def letterbox(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A copy of an image in this size: cropped by a row or column, scaled, or scaled with black margins."""
    if all(0 <= have - want <= 1 for have, want in zip(image.size, size, strict=True)):
        return image.crop((0, 0, *size))
    if video_size(image.size) == size:
        return image.resize(size)
    return ImageOps.pad(image, size, color="black")
