"""Videos that FFmpeg decodes, through PyAV: a stream of upright frames at their true times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PIL.Image import Transpose

from seqtasks.device import available_cores
from seqtasks.errors import require_package
from seqtasks.image import loading as images
from seqtasks.video.frame_pixels import alpha_counts, image_of, shape_of, shown_size, thumbnail_of, turn_of
from seqtasks.video.source import DecodeErrors, LazyFrame, VideoError, check_size, open_file
from seqtasks.video.timestamps import TimestampNormalizer, stated_duration

if TYPE_CHECKING:
    from av import Packet, VideoCodecContext, VideoStream
    from av.container import InputContainer

FORMATS = ("mov", "mp4", "matroska", "webm", "avi", "mpegts", "mpeg", "ogg", "flv", "asf", "ivf")
"""As FFmpeg names them. It reads hundreds; among them are lists of files and addresses, which are never followed."""

ENDINGS = frozenset((
    ".3g2", ".3gp", ".asf", ".avi", ".flv", ".ivf", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts",
    ".ogv", ".qt", ".ts", ".vob", ".webm", ".wmv",
))  # fmt: skip

MAX_THREADS = 4
"""Each thread that decodes holds a frame."""

MISSING = "a part of it is missing"

ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""What decodes the transparency of WebM, which FFmpeg's own decoders leave out, by the codec's name."""


class PyAVReader:
    """A file that FFmpeg decodes.

    Raises:
        SeqtasksError: PyAV is not installed.
        VideoError: The file is no video of the `FORMATS`, has no video, is damaged, or its frames are too large.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        with self.opened() as (container, stream):
            self.duration = stated_duration(container, stream)
            self.remark = remark_on(container, stream)
            rate = stream.average_rate or stream.guessed_rate
            self.rate = float(rate) if rate else None

    @contextmanager
    def opened(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        """The open container and its first video, for a `with` block.

        Raises:
            SeqtasksError: PyAV is not installed.
            VideoError: The file is no video, holds none, or is gone.
        """
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
        """Frames at the times of players, upright; damaged packets are counted by `losses` and skipped."""
        with self.opened() as (container, stream):
            clock = TimestampNormalizer(container, stream)
            decoder = decoder_of(stream, self.name)
            alpha = alpha_counts(stream)
            turn: Transpose | None = None
            number = 0
            for packet in packets_in(container, clock, losses):
                try:
                    if packet is not None and packet.is_corrupt:
                        raise ValueError(MISSING)
                    frames = decoder.decode(packet)
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
                        make = partial(image_of, frame, shape_of(stream), turn, self.name, alpha)
                        yield LazyFrame(number, seconds, until, make, partial(thumbnail_of, frame, alpha))
                    number += 1
            if (end := clock.missing()) is not None:
                losses.break_off(clock.now, end)


def packets_in(
    container: InputContainer, clock: TimestampNormalizer, losses: DecodeErrors
) -> Iterator[Packet[VideoStream] | None]:
    """What the video is coded in, and at the end, also after an error, what makes the decoder give its last frames."""
    try:
        for packet in container.demux():
            clock.pass_by(packet)
            if packet.stream.index == clock.stream.index:
                yield cast("Packet[VideoStream]", packet)
    except Exception as error:
        losses.lose(clock.now, error)
        yield None


def videos_in(container: InputContainer) -> list[VideoStream]:
    """The streams that are videos, and no image of a record's sleeve; those that a player shows first come first."""
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails
    found = [stream for stream in container.streams.video if not stream.disposition & still]
    return sorted(found, key=lambda stream: not stream.disposition & Disposition.default)


def video_in(container: InputContainer, name: str) -> VideoStream:
    """The stream that a player shows.

    Raises:
        VideoError: There is none.
    """
    stream = next(iter(videos_in(container)), None)
    if stream is None:
        raise VideoError(f"{name}: it contains no video stream.")
    if stream.codec_context is None:
        raise VideoError(f"{name}: there is no decoder for its codec.", "Convert it first, to H.264 for example.")
    if stream.width * stream.height == 0:  # FFmpeg forgets a size that is over the limit
        raise VideoError(
            f"{name}: its frames have more than {images.MAX_PIXELS:,} pixels, or no size at all.",
            "Resize the video first.",
        )
    check_size(*shown_size(stream.width, stream.height, shape_of(stream)), name)
    return stream


def remark_on(container: InputContainer, stream: VideoStream) -> str | None:
    """What to say where a file holds several videos."""
    videos = len(videos_in(container))
    return f"it contains {videos} video streams; stream {stream.index} is read" if videos > 1 else None


def decoder_of(stream: VideoStream, name: str) -> VideoStream | VideoCodecContext:
    """What decodes a stream, its transparency included.

    Raises:
        VideoError: Nothing does.
    """
    import av

    decoder = ALPHA_DECODERS.get(stream.codec_context.name) if stream.metadata.get("alpha_mode") == "1" else None
    if decoder is None:
        return stream
    if decoder not in av.codecs_available:
        raise VideoError(
            f"{name}: it is transparent, and this PyAV has no decoder for that ({decoder}).",
            "Install PyAV from its wheels, which have one.",
        )
    made = cast("VideoCodecContext", av.CodecContext.create(decoder, "r"))
    made.options = {"max_pixels": str(images.MAX_PIXELS)}
    made.thread_count = stream.codec_context.thread_count
    return made


def not_opened(name: str, head: bytes) -> VideoError:
    """What is said of a file that FFmpeg does not open, by its first bytes."""
    if head[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip"):
        return VideoError(
            f"{name}: the video's index is missing or damaged, as after an interrupted recording or copy."
        )
    return VideoError(
        f"{name}: not a video, of an unknown format, or damaged at its beginning.",
        f"Known formats are {', '.join(FORMATS)}.",
    )
