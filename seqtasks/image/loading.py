"""Loading of images: any file gives one upright RGB image; anything else is an error that names the file."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from PIL import ExifTags, Image
from PIL.Image import Transpose

from seqtasks.errors import SeqtasksError
from seqtasks.storage.pipes import open_readable
from seqtasks.storage.tar_archive import TarMember

__all__ = ["ImageError", "open_image"]

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM")
"""As Pillow names them. It reads others too, some by starting a program (EPS) or past every limit (ICO)."""

TEXT_LIKE = ("BMP", "PPM")
"""They are known by two letters, with which words begin as well."""

MAX_PIXELS = 89_478_485
"""Larger images are refused before they are decoded: they would take 4 bytes a pixel. Pillow warns beyond this."""

MAX_SIDE = 2**16 - 1
"""Images that are longer or higher are refused, as the formats of cameras do."""

MAX_BYTES = 2**28
"""Larger files are refused; an endless stream is read no further."""

WHITES = (1, 255, 65535)
"""What the brightest grey may be written as where pixels are wider than a byte."""

WEBP_ANIMATION, WEBP_ALPHA = 0x02, 0x10
"""Flags at byte 20 of an extended WebP (RFC 9649, 2.7)."""

TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What has to be done to an image, by its EXIF orientation."""


@runtime_checkable
class Stream(Protocol):
    """What bytes come from: an open file, a pipe, an answer of a server."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...


class ImageError(SeqtasksError):
    """An image that cannot be had; its message begins with the name of the file."""


def open_image(
    source: str | Path | TarMember | bytes | Stream | Image.Image,
    name: str | None = None,
    *,
    at_least: int | None = None,
) -> Image.Image:
    """An upright RGB image of its own: EXIF orientation applied, on white where it was transparent, the first frame.

    Args:
        source: A path, a file in a tar archive, the bytes of a file, something to read them from, or a Pillow image.
        name: What errors call it; a path and a file in an archive have one already.
        at_least: A JPEG whose shorter side stays at so many pixels or more is decoded at a half, a quarter or an eighth
            of its size, several times as fast.

    Raises:
        ImageError: The file cannot be read, is empty, no image of the `FORMATS`, damaged, truncated, or too large.
    """
    if name is None:
        name = str(source) if isinstance(source, str | Path | TarMember) else "unnamed image"
    try:
        image = source if isinstance(source, Image.Image) else read_header(read(source, name), name)
        check_size(image, name)
        if at_least is not None and image is not source:
            image.draft(None, (at_least, at_least))
        image.load()
        colored = to_rgb(apply_exif_orientation(image))
        if image.format == "GIF" and image.tell() == 0 and (bare := bare_canvas(image)) is not None:
            colored.paste("white", mask=bare)
    except ImageError:
        raise
    except Exception as error:  # bytes that were made to break a decoder can make it raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"{name}: the image is damaged ({reason}).") from error
    colored.info.clear()  # its EXIF data would turn it once more
    return colored


def read(source: str | Path | TarMember | bytes | Stream, name: str) -> bytes:
    """All bytes of a file or a stream, which may be a pipe."""
    if isinstance(source, bytes):
        content = source
    else:
        try:
            with opened(source) as stream:
                content = read_stream(stream)
        except SeqtasksError as error:
            raise ImageError(f"{name}: {error.message}") from None
        except FileNotFoundError:
            raise ImageError(
                f"{name}: there is no such file.", "Relative paths are resolved against the current directory."
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ImageError(f"{name}: the file cannot be read ({reason}).") from None
    if not content:
        raise ImageError(f"{name}: the file is empty.")
    if len(content) > MAX_BYTES:
        limit = f"{MAX_BYTES // 2**20} MiB"
        raise ImageError(f"{name}: the file is larger than {limit}.", "Resize the image first.")
    return content


def opened(source: str | Path | TarMember | Stream) -> AbstractContextManager[Stream]:
    """What bytes are read from; a stream stays open at the end."""
    if isinstance(source, Stream):
        return nullcontext(source)
    return source.open() if isinstance(source, TarMember) else open_readable(source)


def read_stream(stream: Stream) -> bytes:
    """What a stream gives until its end, or until it is too much."""
    gathered = bytearray()
    while len(gathered) <= MAX_BYTES and (piece := stream.read(2**20)):
        gathered += piece
    return bytes(gathered)


def read_header(content: bytes, name: str) -> Image.Image:
    """The image with its size and nothing else read.

    Image.open would look at a limit of its own, which other code may have changed, and print a warning.
    """
    Image.init()
    for factory, accepts in (Image.OPEN[kind] for kind in FORMATS if kind in Image.OPEN):
        if accepts is None or accepts(content[:16]) is True:
            return factory(BytesIO(with_alpha(content)), "")
    raise ImageError(f"{name}: not an image, or of an unknown format.", f"Known formats are {', '.join(FORMATS)}.")


def has_image_signature(head: bytes) -> bool:
    """Whether the first 16 bytes of a file are those of an image; those that text may begin with are not enough."""
    Image.init()
    openers = (Image.OPEN[kind][1] for kind in FORMATS if kind in Image.OPEN and kind not in TEXT_LIKE)
    return any(accepts is not None and accepts(head) is True for accepts in openers)


def with_alpha(content: bytes) -> bytes:
    """An animated WebP that says of itself that it may be transparent; anything else as it is.

    Where the frames are smaller than the canvas, that is transparent, as in browsers; libwebp makes it black where the
    file promises that there is no transparency.
    """
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8X" and len(content) > 20 and content[20] & WEBP_ANIMATION:
        return content[:20] + bytes([content[20] | WEBP_ALPHA]) + content[21:]
    return content


def check_size(image: Image.Image, name: str) -> None:
    """Refuses an image that would take too much memory, before it is decoded.

    Raises:
        ImageError: It has more than MAX_PIXELS, or a side of more than MAX_SIDE.
        ValueError: It has none.
    """
    width, height = image.size
    if width * height == 0:
        raise ValueError("it has no pixels")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise ImageError(
            f"{name}: {width:,} x {height:,} pixels are too many; the limit is {MAX_PIXELS:,}, and {MAX_SIDE:,} "
            "per side.",
            "Resize the image first.",
        )


def apply_exif_orientation(image: Image.Image) -> Image.Image:
    """The image as the camera was held."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        turn = TURNS.get(orientation) if isinstance(orientation, int) else None
    except Exception:  # what is broken is what is said about the image, not the image
        turn = None
    return image if turn is None else image.transpose(turn)


def to_rgb(image: Image.Image) -> Image.Image:
    """The image in RGB, on white where it is transparent."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = to_8_bit(image)
    if image.has_transparency_data and not is_opaque(image):
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    return image.convert("RGB")


def is_opaque(image: Image.Image) -> bool:
    """Whether an image that can be transparent is so nowhere; False where that is not quickly seen."""
    return image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255)


def bare_canvas(image: Image.Image) -> Image.Image | None:
    """Where the first frame of a GIF does not draw: it is transparent there, as in browsers.

    Pillow shows the first color of the palette there. The background color that GIF89a has for it is as arbitrary: all
    programs that show GIFs ignore it.

    Args:
        image: The GIF at its first frame, which was loaded.

    Returns:
        A mask of the canvas' size, True where it is bare; None where no place is.
    """
    drawn = cast("tuple[int, int, int, int] | None", getattr(image, "dispose_extent", None))
    if drawn is None:
        return None
    bare = Image.new("1", image.size, 1)
    bare.paste(0, drawn)
    return bare if bare.getbbox() is not None else None


def to_8_bit(image: Image.Image) -> Image.Image:
    """Greys of 16 or 32 bits as greys of 8: from 0, or the darkest below it, to the white that holds the brightest."""
    wide = image if image.mode == "F" else image.convert("I")
    low, high = cast(tuple[float, float], wide.getextrema())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("its gray values are not finite")
    black = min(0.0, low)
    scale = 255 / (next((white for white in WHITES if high <= white), high) - black)
    narrow = wide.point(lambda grey: grey * scale - black * scale).convert("L")
    narrow.info.pop("transparency", None)
    return narrow
