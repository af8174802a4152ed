"""Animated GIFs and PNGs of 4 x 4 pixels, made block by block, and what is seen of them."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from PIL import Image

COLORS = {"R": (255, 0, 0), "G": (0, 255, 0), "B": (0, 0, 255), "K": (0, 0, 0), ".": (255, 255, 255)}
SIDE = 4
GIF_PALETTE = "RGBK"
"""The background that a GIF states is its last color."""


class Drawn(NamedTuple):
    """A frame: rows of colors at a place; blanks are transparent."""

    left: int
    top: int
    rows: list[str]
    disposal: int = 0
    """As the format numbers them: a GIF from 1, "keep"; a PNG from 0."""
    blend: int = 1
    """PNG alone: 0 takes the place of what was there."""


def rows_of(image: Image.Image) -> list[str]:
    """What is seen; other colors are question marks."""
    names = {color: name for name, color in COLORS.items()}
    return ["".join(names.get(image.getpixel((x, y)), "?") for x in range(SIDE)) for y in range(SIDE)]  # type: ignore[arg-type]


def drawn_gif(frames: list[Drawn]) -> bytes:
    palette = b"".join(bytes(COLORS[name]) for name in GIF_PALETTE)
    parts = [b"GIF89a", struct.pack("<HHBBB", SIDE, SIDE, 0x81, 3, 0), palette]
    for frame in frames:
        seen = "".join(frame.rows)
        clear = " " in seen
        indices = [GIF_PALETTE.index("K" if color == " " else color) for color in seen]
        parts += [
            b"!\xf9\x04" + struct.pack("<BHBB", frame.disposal << 2 | clear, 10, 3, 0),
            b"," + struct.pack("<HHHHB", frame.left, frame.top, len(frame.rows[0]), len(frame.rows), 0),
            uncompressed(indices),
        ]
    return b"".join([*parts, b";"])


def uncompressed(indices: list[int]) -> bytes:
    """Indices below 4 as LZW codes of three bits, cleared before they would get longer."""
    codes = [code for place, index in enumerate(indices) for code in ([4, index] if place % 2 == 0 else [index])]
    bits = "".join(f"{code:03b}"[::-1] for code in [*codes, 5])
    data = bytes(int(bits[place : place + 8][::-1], 2) for place in range(0, len(bits), 8))
    return b"\x02" + bytes([len(data)]) + data + b"\0"


def drawn_png(frames: list[Drawn], *, alpha: bool) -> bytes:
    """An animated PNG; programs that cannot show it moving see gray."""
    size = struct.pack(">II", SIDE, SIDE)
    parts = [
        chunk(b"IHDR", size + bytes([8, 6 if alpha else 2, 0, 0, 0])),
        chunk(b"acTL", struct.pack(">II", len(frames), 0)),
        chunk(b"IDAT", zlib.compress((b"\0" + bytes([99, 99, 99, 255][: 4 if alpha else 3]) * SIDE) * SIDE)),
    ]
    for number, frame in enumerate(frames):
        sides = len(frame.rows[0]), len(frame.rows), frame.left, frame.top
        control = struct.pack(">IIIIIHHBB", 2 * number, *sides, 1, 10, frame.disposal, frame.blend)
        rows = b"".join(b"\0" + b"".join(png_pixel(color, alpha=alpha) for color in row) for row in frame.rows)
        data = struct.pack(">I", 2 * number + 1) + zlib.compress(rows)
        parts += [chunk(b"fcTL", control), chunk(b"fdAT", data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def png_pixel(color: str, *, alpha: bool) -> bytes:
    pixel = bytes(COLORS.get(color, (9, 9, 9)))
    return pixel + bytes([0 if color == " " else 255]) if alpha else pixel


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
