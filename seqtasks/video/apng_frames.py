"""The frames of an animated PNG (https://www.w3.org/TR/png-3/#apng-frame-based-animation), which Pillow decodes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import IO

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from seqtasks.image.loading import MAX_BYTES, to_8_bit
from seqtasks.video.animation_canvas import CanvasFrame, Disposal, Shown, laid_over
from seqtasks.video.source import check_size, read_exactly

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SHARED = (b"PLTE", b"tRNS")
"""What is once in the file and holds for all frames."""
DATA = (b"IDAT", b"fdAT")
"""What has a checksum of its own inside."""
ENDS = (b"IEND", b"")
"""The end of the image, and of a file that was cut off between two chunks."""
DISPOSALS = {1: Disposal.BACKGROUND, 2: Disposal.PREVIOUS}


def apng_frames(file: IO[bytes], name: str) -> Shown:
    """The image at each of its frames; see `Shown`.

    Raises:
        EOFError: There are fewer frames than the file states.
        VideoError: A frame is too large.
        Exception: what Pillow makes of bytes that are no image.
    """
    read_exactly(file, len(SIGNATURE))
    _, header = next(chunks(file))
    width, height = struct.unpack(">II", header[:8])
    check_size(width, height, name)
    return laid_over(frames_in(file, name, header), width, height, name)


def frames_in(file: IO[bytes], name: str, header: bytes) -> Iterator[CanvasFrame]:
    """What is behind the header. A first image without a control is for programs that cannot show it moving."""
    stated = made = 0
    shared, control, data = b"", b"", bytearray()
    for kind, content in chunks(file):
        if kind == b"acTL":
            [stated] = struct.unpack(">I", content[:4])
        elif kind in SHARED:
            shared += chunk(kind, content)
        elif kind in DATA and control:
            data += content if kind == b"IDAT" else content[4:]
            if len(data) > MAX_BYTES:
                raise OSError("a frame is too long")
        elif kind in (b"fcTL", *ENDS):
            if control:
                yield frame_of(header, shared, control, bytes(data), name)
                made += 1
            if made == stated:
                return
            if kind in ENDS:
                raise EOFError("the file is truncated")
            control, data = content, bytearray()


def frame_of(header: bytes, shared: bytes, control: bytes, data: bytes, name: str) -> CanvasFrame:
    """The frame after a frame control chunk, from a PNG of its own."""
    width, height, left, top, shown, of, disposal, blend = struct.unpack(">IIIIHHBB", control[4:26])
    check_size(width, height, name)
    parts = [(b"IHDR", control[4:12] + header[8:]), (b"IDAT", data), (b"IEND", b"")]
    first, *others = (chunk(*part) for part in parts)
    image: Image.Image = PngImageFile(BytesIO(SIGNATURE + first + shared + b"".join(others)), "")
    image.load()
    if image.mode.startswith("I"):
        image = to_8_bit(image)
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return CanvasFrame(image, left, top, shown / (of or 100), DISPOSALS.get(disposal, Disposal.KEEP), over=blend == 1)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file: its length, kind, content and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and contents up to one of the `ENDS`.

    Raises:
        ValueError: One is damaged.
        EOFError: The file is cut off within one.
    """
    kind = b"none"
    while kind not in ENDS:
        start = file.read(4)
        if len(start) < 4:
            yield b"", b""
            return
        [length] = struct.unpack(">I", start)
        if length > MAX_BYTES:
            raise ValueError("a part of it is too long")
        kind, content = read_exactly(file, 4), read_exactly(file, length)
        [checksum] = struct.unpack(">I", read_exactly(file, 4))
        if kind not in DATA and checksum != zlib.crc32(kind + content):
            raise ValueError("a part of it is damaged")
        yield kind, content
