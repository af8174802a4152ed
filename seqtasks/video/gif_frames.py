"""The frames of a GIF (GIF89a, CompuServe 1990), which Pillow decodes one by one."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import IO, NamedTuple

from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from seqtasks.image.loading import MAX_BYTES
from seqtasks.video.animation_canvas import CanvasFrame, Disposal, Shown, laid_over
from seqtasks.video.source import check_size, read_exactly

END, EXTENSION, IMAGE, CONTROL = b";", b"!", b",", b"\xf9"
DISPOSALS = {2: Disposal.BACKGROUND, 3: Disposal.PREVIOUS}


class Control(NamedTuple):
    """What a graphic control extension says of the frame behind it."""

    disposal: Disposal = Disposal.KEEP
    seconds: float = 0.0
    block: bytes = b""
    """For the decoder, which has to know what is transparent."""


def gif_frames(file: IO[bytes], name: str) -> Shown:
    """The image at each of its frames; see `Shown`.

    Raises:
        EOFError: The file ends without its last byte.
        VideoError: A frame is too large.
        Exception: what Pillow makes of bytes that are no image.
    """
    header = read_exactly(file, 13)
    width, height, flags = struct.unpack("<HHB", header[6:11])
    check_size(width, height, name)
    palette = read_exactly(file, palette_size(flags))
    return laid_over(frames_in(file, name, header, palette), width, height, name)


def frames_in(file: IO[bytes], name: str, header: bytes, palette: bytes) -> Iterator[CanvasFrame]:
    """What is behind the header and the palette of all frames."""
    control = Control()
    while (kind := read_exactly(file, 1)) != END:
        if kind == EXTENSION:
            label, content = read_exactly(file, 1), blocks(file)
            control = control_of(content) if label == CONTROL else control
        elif kind == IMAGE:
            left, top, width, height, flags = struct.unpack("<HHHHB", read_exactly(file, 9))
            check_size(width, height, name)
            own_palette = read_exactly(file, palette_size(flags))
            screen = header[:6] + struct.pack("<HH", width, height) + header[10:] + palette
            place = struct.pack("<HHHHB", 0, 0, width, height, flags)
            data = read_exactly(file, 1) + blocks(file)
            image = decoded(screen + control.block + IMAGE + place + own_palette + data + END)
            yield CanvasFrame(image, left, top, control.seconds, control.disposal, binary=True)
            control = Control()


def palette_size(flags: int) -> int:
    """The bytes of the palette behind a descriptor with these flags."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def control_of(content: bytes) -> Control:
    """What a graphic control extension says of the next frame; the defaults where it is too short."""
    if len(content) < 5:
        return Control()
    flags, hundredths = struct.unpack("<BH", content[1:4])
    disposal = DISPOSALS.get(flags >> 2 & 7, Disposal.KEEP)
    return Control(disposal, hundredths / 100, EXTENSION + CONTROL + content)


def decoded(content: bytes) -> Image.Image:
    """A GIF of one frame, in RGBA where something in it may be transparent."""
    image = GifImageFile(BytesIO(content), "")
    image.load()
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def blocks(file: IO[bytes]) -> bytes:
    """A series of blocks, each after its length, up to the empty one; all as they are in the file."""
    gathered = bytearray()
    while length := read_exactly(file, 1):
        gathered += length
        if length == b"\0":
            return bytes(gathered)
        gathered += read_exactly(file, length[0])
        if len(gathered) > MAX_BYTES:
            break
    raise OSError("a frame is too long")
