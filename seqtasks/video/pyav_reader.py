"""Videos that FFmpeg decodes, through PyAV: a stream of upright frames at their true times."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from PIL.Image import Transpose

from seqtasks.device import available_cores
from seqtasks.errors import require_package
from seqtasks.image import loading as images
from seqtasks.video.source import THUMBNAIL, DecodeErrors, LazyFrame, VideoError, check_size, open_file

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer
    from av.stream import Stream

FORMATS = ("mov", "mp4", "matroska", "webm", "avi", "mpegts", "mpeg", "ogg", "flv", "asf", "ivf")
"""As FFmpeg names them. It reads hundreds; among them are lists of files and addresses, which are never followed."""

ENDINGS = frozenset((
    ".3g2", ".3gp", ".asf", ".avi", ".flv", ".ivf", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts",
    ".ogv", ".qt", ".ts", ".vob", ".webm", ".wmv",
))  # fmt: skip

STATING = ("mov", "matroska", "flv", "asf", "avi", "ivf")
"""What the names of the formats begin with that state how long they are. Of the others FFmpeg guesses it."""

MAX_THREADS = 4
"""Each thread that decodes holds a frame."""

USUAL_RATE = 25
"""Frames a second where neither times nor a rate are known."""

JUMP = 1.0
"""Times that go back by more than these seconds begin anew: two recordings were joined."""

NUDGE = 0.001
"""How much later than the frame before a frame is whose time is not later, in seconds."""

MISSING = "a part of it is missing"

TURNS = {
    (False, True, False): Transpose.FLIP_LEFT_RIGHT,
    (False, False, True): Transpose.FLIP_TOP_BOTTOM,
    (False, True, True): Transpose.ROTATE_180,
    (True, False, False): Transpose.TRANSPOSE,
    (True, True, False): Transpose.ROTATE_270,
    (True, False, True): Transpose.ROTATE_90,
    (True, True, True): Transpose.TRANSVERSE,
}
"""What has to be done to a frame: whether its sides change places, and which of the new ones run backwards."""


class PyAVReader:
    """A file that FFmpeg decodes.

    Raises:
        SeqtasksError: PyAV is not installed.
        VideoError: the file is no video of the `FORMATS`, has no video, is damaged, or its frames are too large.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        with self.opened() as (container, stream):
            self.duration = stated_end(container, stream)
            rate = stream.average_rate or stream.guessed_rate
            self.rate = float(rate) if rate else None

    @contextmanager
    def opened(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        require_package("av", f"{self.name}: PyAV, which reads videos, is not installed.", "video")
        import av

        limits = {
            "format_whitelist": ",".join(FORMATS),
            "protocol_whitelist": "none",  # whatever a file asks for, no other is opened
            "max_pixels": str(images.MAX_PIXELS),
        }
        with open_file(self.path, self.name) as file:
            head = file.read(16)
            file.seek(0)
            try:
                container = av.open(file, "r", options=limits, metadata_errors="replace")
            except Exception as error:
                raise not_opened(self.name, head) from error
            with container:
                if not (container.streams.video or container.streams.audio):
                    raise not_opened(self.name, head)
                stream = video_in(container, self.name)
                stream.codec_context.options = {"max_pixels": limits["max_pixels"]}
                stream.codec_context.thread_type = "AUTO"  # frames at once where the codec knows no parts of frames
                stream.codec_context.thread_count = min(MAX_THREADS, available_cores())
                yield container, stream

    def frames(self, losses: DecodeErrors) -> Iterator[LazyFrame]:
        with self.opened() as (container, stream):
            clock = TimestampNormalizer(container, stream)
            turn: Transpose | None = None
            number = 0
            for packet in packets_in(container, clock, losses):
                try:
                    if packet is not None and packet.is_corrupt:
                        raise ValueError(MISSING)
                    frames = stream.decode(packet)
                except EOFError:
                    break
                except Exception as error:  # bytes that were made to break a decoder can make it raise anything
                    losses.lose(clock.now, error)
                    continue
                for frame in frames:
                    seconds = clock.place(frame)
                    if number == 0:  # the same for all; whoever asks a frame for it makes the frame stay in memory
                        turn = turn_of(frame)
                    if frame.is_corrupt:
                        losses.lose(seconds, MISSING)
                    else:
                        until = seconds + clock.length(frame)
                        make = partial(image_of, frame, shape_of(stream), turn, self.name)
                        yield LazyFrame(number, seconds, until, make, partial(thumbnail_of, frame))
                    number += 1
            if clock.is_early():
                losses.break_off(clock.now, clock.stated)


class TimestampNormalizer:
    """When the frames of a stream are shown, in seconds from the first, each later than the one before."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.stream = stream
        self.stated = stated_end(container, stream)
        self.in_order = container.format.name == "avi"  # it knows when frames are decoded, and no other times
        self.step = float(1 / (stream.average_rate or stream.guessed_rate or USUAL_RATE))
        self.longest = self.step
        self.unsure = 0.0
        """How much longer than assumed the last frame may be, in seconds."""
        self.reached = 0.0
        self.offset: float | None = None
        self.now = 0.0

    def pass_by(self, packet: Packet[Stream]) -> None:
        """Looks how far another stream reaches, where the length is stated for all streams at once."""
        if self.stream.duration is None and packet.pts is not None:
            self.reached = max(self.reached, float((packet.pts + (packet.duration or 0)) * packet.time_base))

    def place(self, frame: VideoFrame) -> float:
        """When a frame is shown; frames are given in the order in which they are shown."""
        stamp = frame.dts if self.in_order else frame.pts
        seconds = None if stamp is None or frame.time_base is None else float(stamp * frame.time_base)
        if self.offset is None:
            self.offset = seconds or 0.0
        else:
            before = self.now
            if seconds is None:
                self.now += self.step
            elif seconds - self.offset < before - JUMP:
                self.now += self.step
                self.offset = seconds - self.now
            else:
                self.now = max(seconds - self.offset, before + NUDGE)
            self.longest = max(self.longest, self.now - before)
        self.unsure = self.step / 2 if frame.duration > 0 else 1.5 * self.longest
        self.reached = max(self.reached, self.offset + self.now + self.length(frame))
        return self.now

    def length(self, frame: VideoFrame) -> float:
        """For how long a frame is shown: as its file says, or as is usual in it."""
        return float(frame.duration * frame.time_base) if frame.duration > 0 and frame.time_base else self.step

    def is_early(self) -> bool:
        """Whether the file ended before its time: by more than can be due to its last frame."""
        return self.stated is not None and self.reached < self.stated - self.unsure


def packets_in(
    container: InputContainer, clock: TimestampNormalizer, losses: DecodeErrors
) -> Iterator[Packet[VideoStream] | None]:
    """What the video is coded in, and at the end, also after an error, what makes the decoder give its last frames."""
    try:
        for packet in container.demux():
            if packet.stream.index == clock.stream.index:
                yield cast("Packet[VideoStream]", packet)
            else:
                clock.pass_by(packet)
    except Exception as error:
        losses.lose(clock.now, error)
        yield None


def video_in(container: InputContainer, name: str) -> VideoStream:
    """The first stream that is a video, and no image of a record's sleeve. Raises VideoError where there is none."""
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails
    stream = next((stream for stream in container.streams.video if not stream.disposition & still), None)
    if stream is None:
        raise VideoError(f"{name}: there is no video in it.")
    if stream.codec_context is None:
        raise VideoError(f"{name}: there is no decoder for its video.", "Convert it first, to H.264 for example.")
    if stream.width * stream.height == 0:  # FFmpeg forgets a size that is over the limit
        raise VideoError(
            f"{name}: its frames have more than {images.MAX_PIXELS:,} pixels, or no size at all.",
            "Make the video smaller first.",
        )
    check_size(*shown_size(stream.width, stream.height, shape_of(stream)), name)
    return stream


def not_opened(name: str, head: bytes) -> VideoError:
    """What is said of a file that FFmpeg does not open, by its first bytes."""
    if head[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip"):
        return VideoError(
            f"{name}: the video's index is missing or damaged, as where a recording or a copy was cut off."
        )
    return VideoError(
        f"{name}: this is no video, of an unknown format, or damaged at its beginning.",
        f"Known formats are {', '.join(FORMATS)}.",
    )


def stated_end(container: InputContainer, stream: VideoStream) -> float | None:
    """When the video ends, in seconds, if its file says so."""
    if not container.format.name.startswith(STATING):
        return None
    if container.format.name == "avi":  # FFmpeg corrects the other numbers by the size of the file
        return float(stream.frames / stream.average_rate) if stream.frames and stream.average_rate else None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1_000_000


def shape_of(stream: VideoStream) -> Fraction:
    """How many times as wide as high a pixel is."""
    return stream.sample_aspect_ratio or Fraction(1)


def shown_size(width: int, height: int, shape: Fraction) -> tuple[int, int]:
    """The size with square pixels; neither side gets shorter."""
    return (round(width * shape), height) if shape > 1 else (width, round(height / shape))


def image_of(frame: VideoFrame, shape: Fraction, turn: Transpose | None, name: str) -> Image.Image:
    """The frame as it is meant to be seen. Raises VideoError where it became too large on the way."""
    width, height = shown_size(frame.width, frame.height, shape)
    check_size(width, height, name)
    image: Image.Image = frame.to_image(width=width, height=height)  # type: ignore[no-untyped-call]
    return image if turn is None else image.transpose(turn)


def turn_of(frame: VideoFrame) -> Transpose | None:
    """How the camera was held, to the nearest right angle, by the display matrix (ISO 14496-12, 6.2.2)."""
    matrix = cast("Mapping[str, bytes]", frame.side_data).get("DISPLAYMATRIX")
    if matrix is None:
        return None
    across, down, _, right, below, *_ = struct.unpack("=9i", matrix)
    if abs(down) > abs(across):
        return TURNS[True, right < 0, down < 0]
    return TURNS.get((False, across < 0, below < 0))


def thumbnail_of(frame: VideoFrame) -> UInt8[np.ndarray, "high wide 3"]:
    width, height = THUMBNAIL
    return np.asarray(frame.reformat(width, height, "rgb24", interpolation="AREA").to_ndarray())
