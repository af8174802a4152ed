"""Pictures: every kind of file gives the picture that its maker saw; what is broken is told by name."""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from seqtasks.image import loading as images
from seqtasks.image.loading import FORMATS, TURNS, ImageError, open_image

ORIENTATION = 0x0112
WHITE, BLACK, RED, LIME, BLUE = (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255)
LOSSLESS: dict[str, dict[str, Any]] = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}, "BMP": {}, "PPM": {}}


def quarters(width: int = 32, height: int = 16) -> Image.Image:
    """Four colors, so that every way of turning it shows."""
    picture = Image.new("RGB", (width, height), "white")
    picture.paste("red", (0, 0, width // 2, height // 2))
    picture.paste("lime", (width // 2, 0, width, height // 2))
    picture.paste("blue", (0, height // 2, width // 2, height))
    return picture


def noise(width: int = 24, height: int = 20) -> Image.Image:
    """A picture that no format can make small."""
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8))


def written(picture: Image.Image, kind: str, **options: Any) -> bytes:
    stream = BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, bits: int, color: int, rows: bytes, *more: bytes) -> bytes:
    """A PNG file with any header; `more` chunks come before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def outcome(content: bytes, **options: Any) -> Image.Image | str:
    """The picture, or what is said of it."""
    try:
        return open_image(content, "a.jpg", **options)
    except ImageError as error:
        return error.message


def close(left: Image.Image, right: Image.Image) -> bool:
    """The same picture, but for what a format loses."""
    difference = np.asarray(left, dtype=int) - np.asarray(right, dtype=int)
    return left.size == right.size and bool(np.abs(difference).mean() < 12)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "no ending"
    path.write_bytes(written(quarters(), kind))
    picture = open_image(path)
    assert (picture.mode, picture.size) == ("RGB", (32, 16))
    assert close(picture, quarters())


def test_every_source(tmp_path: Path) -> None:
    content = written(quarters(), "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with path.open("rb") as file:
        for source in (path, str(path), content, BytesIO(content), file, quarters()):
            assert open_image(source) == quarters()


def test_a_pipe_gives_few_bytes_at_a_time() -> None:
    content = written(noise(200, 200), "BMP")
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as stream, open(writing, "wb") as sink:
        writer = threading.Thread(target=lambda: (sink.write(content), sink.close()))
        writer.start()
        assert open_image(stream) == noise(200, 200)
        writer.join()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_pictures_stand_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = written(quarters(), kind, exif=exif)
    picture = open_image(content)
    assert close(picture, ImageOps.exif_transpose(Image.open(BytesIO(content))).convert("RGB"))
    corners = [picture.getpixel((x, y)) for y in (3, picture.height - 4) for x in (3, picture.width - 4)]
    expected = {
        1: [RED, LIME, BLUE, WHITE], 2: [LIME, RED, WHITE, BLUE], 3: [WHITE, BLUE, LIME, RED],
        4: [BLUE, WHITE, RED, LIME], 5: [RED, BLUE, LIME, WHITE], 6: [BLUE, RED, WHITE, LIME],
        7: [WHITE, LIME, BLUE, RED], 8: [LIME, WHITE, RED, BLUE],
    }  # fmt: skip
    assert np.abs(np.subtract(corners, expected[orientation])).max() < 12


def test_nothing_turns_twice() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    once = open_image(written(quarters(), "PNG", exif=exif))
    assert once.info == {}
    assert open_image(once) == once


@pytest.mark.parametrize("value", [0, 9, 65535, "6", 6.5, (6, 6), b"\x06"])
def test_a_strange_orientation_is_none(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "getexif", lambda picture: {ORIENTATION: value})
    assert open_image(quarters()) == quarters()


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0nothing", b"\xff" * 64])
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_broken_exif_does_not_break_the_picture(exif: bytes, kind: str) -> None:
    assert open_image(written(quarters(), kind, exif=exif, **LOSSLESS[kind])) == quarters()


def palette(transparency: int | bytes | None) -> Image.Image:
    """Red beside blue, of which the blue may be transparent."""
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.putpixel((1, 0), 1)
    if transparency is not None:
        picture.info["transparency"] = transparency
    return picture


def of(mode: str, left: Any, right: Any) -> Image.Image:
    picture = Image.new(mode, (2, 1), left)
    picture.putpixel((1, 0), right)
    return picture


MODES: dict[str, tuple[Image.Image, Any, Any]] = {
    "black and white": (of("1", 0, 1), BLACK, WHITE),
    "grey": (of("L", 7, 200), (7, 7, 7), (200, 200, 200)),
    "grey, half transparent": (of("LA", (0, 255), (0, 128)), BLACK, (127, 127, 127)),
    "palette": (palette(None), RED, BLUE),
    "palette with one transparent color": (palette(1), RED, WHITE),
    "palette with half transparent colors": (palette(bytes([255, 128])), RED, (127, 127, 255)),
    "transparent": (of("RGBA", (255, 0, 0, 255), (0, 0, 0, 0)), RED, WHITE),
    "half transparent": (of("RGBA", (255, 0, 0, 128), (0, 0, 0, 128)), (255, 127, 127), (127, 127, 127)),
    "inks": (of("CMYK", (0, 255, 255, 0), (0, 0, 0, 255)), RED, BLACK),
    "video colors": (of("YCbCr", (255, 128, 128), (0, 128, 128)), WHITE, BLACK),
    "16 bits": (of("I;16", 0x4000, 0xFFFF), (63, 63, 63), WHITE),
    "16 bits, big ends first": (of("I;16B", 0x4000, 0xFFFF), (63, 63, 63), WHITE),
    "16 bits that hold 8": (of("I;16", 5, 200), (5, 5, 5), (200, 200, 200)),
    "32 bits that hold 16": (of("I", 0x4000, 0xFFFF), (63, 63, 63), WHITE),
    "32 bits": (of("I", 0, 2**31 - 1), BLACK, WHITE),
    "32 bits with signs": (of("I", -(2**31), 2**31 - 1), BLACK, WHITE),
    "floats up to 1": (of("F", 0.0, 0.5), BLACK, (127, 127, 127)),
    "floats from -1": (of("F", -1.0, 0.0), BLACK, (127, 127, 127)),
    "floats up to 255": (of("F", 2.0, 200.0), (2, 2, 2), (200, 200, 200)),
    "huge floats": (of("F", 0.0, 3e38), BLACK, WHITE),
    "all black": (of("F", 0.0, 0.0), BLACK, BLACK),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode(mode: str) -> None:
    picture, left, right = MODES[mode]
    colors = open_image(picture)
    assert colors.mode == "RGB"
    assert np.abs(np.subtract([colors.getpixel((0, 0)), colors.getpixel((1, 0))], [left, right])).max() <= 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_greys_that_are_no_numbers(value: float) -> None:
    with pytest.raises(ImageError, match="gray values are not finite"):
        open_image(of("F", value, 1.0))


@pytest.mark.parametrize(
    ("bits", "color", "row", "transparent", "expected"),
    [
        (1, 0, b"\0", b"\0\0", WHITE),
        (8, 0, b"\x10", b"\0\x10", WHITE),
        (8, 2, b"\x10\x20\x30", b"\0\x10\0\x20\0\x30", WHITE),
        (8, 2, b"\x10\x20\x31", b"\0\x10\0\x20\0\x30", (0x10, 0x20, 0x31)),
        (16, 0, b"\x80\0", b"\x80\0", (127, 127, 127)),
        (16, 2, b"\x80\x11" * 3, b"\x80\x11" * 3, (128, 128, 128)),
        (16, 6, b"\x80\0" * 4, None, (191, 191, 191)),
    ],
)
def test_png_of_every_depth(bits: int, color: int, row: bytes, transparent: bytes | None, expected: Any) -> None:
    more = [] if transparent is None else [chunk(b"tRNS", transparent)]
    assert open_image(png(1, 1, bits, color, b"\0" + row, *more)).getpixel((0, 0)) == expected


def test_an_interlaced_png() -> None:
    """Seven passes over the image, each with pixels of its own (PNG, 8.2)."""
    gray = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = [b"\0" + row.tobytes() for left, top, right, down in passes for row in gray[top::down, left::right]]
    content = bytearray(png(8, 8, 8, 0, b"".join(rows)))
    content[16:33] = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1) + chunk(b"IHDR", bytes(content[16:28]) + b"\1")[-4:]
    assert np.array_equal(np.asarray(open_image(bytes(content)))[..., 0], gray)


def test_a_progressive_jpeg() -> None:
    picture = quarters(64, 48)
    plain, progressive = (open_image(written(picture, "JPEG", quality=95, progressive=each)) for each in (False, True))
    assert plain.tobytes() == progressive.tobytes()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_frame_of_many(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), color) for color in ("blue", "red", "lime")]
    color = open_image(written(frames[0], kind, save_all=True, append_images=frames[1:])).getpixel((8, 8))
    assert np.abs(np.subtract(color, BLUE)).max() < 6


def test_two_pictures_of_a_camera_with_two_lenses() -> None:
    stereo = written(quarters(256, 128), "MPO", save_all=True, append_images=[Image.new("RGB", (256, 128))])
    assert close(open_image(stereo), quarters(256, 128))
    assert open_image(stereo, at_least=32).size == (64, 32)


def test_inks_in_a_jpeg() -> None:
    assert close(open_image(written(quarters().convert("CMYK"), "JPEG", quality=95)), quarters())


@pytest.mark.parametrize(
    ("at_least", "size"),
    [(None, (800, 600)), (75, (100, 75)), (76, (200, 150)), (300, (400, 300)), (301, (800, 600)), (5000, (800, 600))],
)
def test_large_jpegs_are_decoded_small(at_least: int | None, size: tuple[int, int]) -> None:
    picture = open_image(written(quarters(800, 600), "JPEG"), at_least=at_least)
    assert picture.size == size
    assert close(picture, quarters(*size))


def test_odd_sides_stay_long_enough() -> None:
    for side in (79, 80, 81, 83, 87, 88, 159, 161):
        assert min(open_image(written(Image.new("RGB", (side, 500)), "JPEG"), at_least=10).size) >= 10


def test_the_given_picture_stays_as_it_is() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    given = Image.open(BytesIO(written(quarters(800, 600), "JPEG", exif=exif)))
    assert open_image(given, at_least=10).size == (600, 800)
    assert (given.size, given.getexif()[ORIENTATION]) == ((800, 600), 6)
    own = quarters()
    open_image(own).putpixel((0, 0), BLACK)
    assert own == quarters()


NO_PICTURES = {
    "text": b"A dog runs.",
    "a page": b"<!DOCTYPE html><html>404</html>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "a program for a printer": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "an icon": written(quarters(), "ICO"),
    "one byte": b"\xff",
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("content", NO_PICTURES.values(), ids=NO_PICTURES.keys())
def test_what_is_no_picture(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError) as raised:
        open_image(path)
    assert raised.value.message == f"{path}: not an image, or of an unknown format."
    assert "JPEG" in raised.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    cases: dict[str, Any] = {
        "missing.jpg: there is no such file": tmp_path / "missing.jpg",
        "empty.png: the file is empty": tmp_path / "empty.png",
        "the file cannot be read .Is a directory": tmp_path,
        "the file cannot be read .embedded null byte": "a\0.jpg",
        "unnamed image: the file is empty": b"",
    }
    for message, source in cases.items():
        with pytest.raises(ImageError, match=message):
            open_image(source)
    with pytest.raises(ImageError, match=r"^standard input: the file is empty\.$"):
        open_image(BytesIO(), "standard input")


@pytest.mark.parametrize("kind", FORMATS)
def test_truncated_files(kind: str) -> None:
    content = written(noise(), kind)
    whole = open_image(content)
    for length in [*range(1, 40), *range(40, len(content), 1 + len(content) // 60)]:
        cut = outcome(content[:length])
        assert cut == whole or (isinstance(cut, str) and cut.startswith("a.jpg: ")), f"{length} of {len(content)} bytes"
    with pytest.raises(ImageError, match=r"half\.png: the image is damaged \(.+\)"):
        open_image(content[: len(content) // 2], "half.png")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", FORMATS)
def test_whatever_the_bytes_there_is_a_picture_or_one_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 100_000)
    random = np.random.default_rng(FORMATS.index(kind))
    content = np.frombuffer(written(noise(), kind), dtype=np.uint8)
    for round_ in range(100):
        broken = content.copy()
        places = random.integers(0, min(len(broken), 200 if round_ % 2 else len(broken)), random.integers(1, 8))
        broken[places] = random.integers(0, 256, len(places))
        given = outcome(broken.tobytes(), at_least=8)
        assert given.startswith("a.jpg: ") if isinstance(given, str) else given.mode == "RGB"


@pytest.mark.parametrize("side", [9_460, 13_400, 60_000, 2**31 - 1])
@pytest.mark.parametrize("limit", [None, 10, 89_478_485])
def test_decompression_bombs_are_refused_unopened(
    side: int, limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ImageError, match=rf"bomb\.png: {side:,} x {side:,} pixels are too many"):
        open_image(png(side, side, 8, 2, b""), "bomb.png")


def test_a_picture_in_memory_can_be_too_large_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 511)
    with pytest.raises(ImageError, match="32 x 16 pixels are too many; the limit is 511"):
        open_image(quarters())


def test_no_ribbons_and_nothing_at_all() -> None:
    with pytest.raises(ImageError, match="65,536 x 1 pixels are too many"):
        open_image(Image.new("1", (65_536, 1)))
    with pytest.raises(ImageError, match="no pixels"):
        open_image(Image.new("RGB", (0, 5)))


def test_a_frame_that_outgrows_its_picture() -> None:
    content = bytearray(written(quarters().quantize(4), "GIF"))
    place = content.index(b"\x2c\0\0\0\0" + struct.pack("<HH", 32, 16))
    content[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(ImageError):
        open_image(bytes(content))


class Endless:
    """Zeros without end."""

    given = 0

    def read(self, size: int) -> bytes:
        self.given += size
        return bytes(size)


def test_an_endless_stream_is_read_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 3 * 2**20)
    stream = Endless()
    with pytest.raises(ImageError, match="larger than 3 MiB"):
        open_image(stream)
    assert stream.given == 4 * 2**20
    with pytest.raises(ImageError, match="/dev/zero: the file is larger than 3 MiB"):
        open_image("/dev/zero")


def test_a_stream_that_breaks() -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise TimeoutError("timed out")

    with pytest.raises(ImageError, match=r"^standard input: the file cannot be read \(timed out\)\.$"):
        open_image(Broken(), "standard input")


def test_a_lazy_picture_that_proves_truncated() -> None:
    lazy = Image.open(BytesIO(written(noise(), "JPEG")[:-200]))
    with pytest.raises(ImageError, match="truncated"):
        open_image(lazy)


@pytest.mark.parametrize("failure", [MemoryError, RecursionError, lambda: OSError("two\nlines"), SystemError])
def test_whatever_a_decoder_raises(failure: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(picture: Image.Image) -> None:
        raise failure()

    picture = quarters()
    monkeypatch.setattr(Image.Image, "load", fail)
    with pytest.raises(ImageError) as raised:
        open_image(picture, "a.png")
    assert raised.value.message.startswith("a.png: the image is damaged (")
    assert "\n" not in raised.value.message


def test_in_threads() -> None:
    contents = [written(Image.new("RGB", (64, 64), (level, 0, 0)), "PNG") for level in range(64)]
    with ThreadPoolExecutor(4) as pool:
        assert [picture.getpixel((0, 0)) for picture in pool.map(open_image, contents)] == [
            (level, 0, 0) for level in range(64)
        ]


def test_turns_cover_what_exif_knows() -> None:
    assert sorted(TURNS) == list(range(2, 9))
