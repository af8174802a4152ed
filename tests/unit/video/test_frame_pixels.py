"""Colors of frames: white is white in every pixel format, and what is transparent is on white."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc
from helpers.numbered import write_film
from PIL import Image

from seqtasks.video.frame_pixels import image_of, thumbnail_of
from seqtasks.video.reader import StrideSampler, open_video

SIDE = 16
BT2020 = 9


def flat_frame(form: str, levels: list[int], color_range: ColorRange) -> Any:
    """A frame with one level in each plane."""
    frame: Any = av.VideoFrame(SIDE, SIDE, form)
    for plane, level in zip(frame.planes, levels, strict=True):
        kind = "<u2" if frame.format.components[0].bits > 8 else "u1"
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, level, kind).tobytes())
    frame.color_range = color_range
    return frame


def gray_in(frame: Any, shape: Fraction = Fraction(1)) -> list[int]:
    """The extreme levels of the image and the thumbnail."""
    both = [np.asarray(image_of(frame, shape, None, "a")), thumbnail_of(frame)]
    return [int(level) for pixels in both for level in (pixels.min(), pixels.max())]


YUV = {
    "yuv420p": 8, "yuv422p": 8, "yuv444p": 8, "yuv410p": 8, "yuv411p": 8, "yuv440p": 8, "yuv420p9le": 9,
    "yuv420p10le": 10, "yuv422p10le": 10, "yuv444p10le": 10, "yuv440p10le": 10, "yuv420p12le": 12, "yuv422p12le": 12,
    "yuv444p12le": 12, "yuv420p14le": 14, "yuv420p16le": 16, "yuv422p16le": 16, "yuv444p16le": 16,
}  # fmt: skip


@pytest.mark.parametrize("form", YUV)
@pytest.mark.parametrize("color_range", [ColorRange.MPEG, ColorRange.JPEG])
@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.5, 128), (1.0, 255)])
def test_white_is_white(form: str, color_range: ColorRange, share: float, expected: int) -> None:
    bits = YUV[form]
    limited = color_range is ColorRange.MPEG
    low, high = (16 << bits - 8, 235 << bits - 8) if limited else (0, (1 << bits) - 1)
    middle = 1 << bits - 1
    frame = flat_frame(form, [round(low + share * (high - low)), middle, middle], color_range)
    image = gray_in(frame)[:2]
    assert image == pytest.approx([expected] * 2, abs=1 if share == 0.5 else 0)


@pytest.mark.parametrize(("form", "bits"), [("gray", 8), ("gray10le", 10), ("gray12le", 12), ("gray16le", 16)])
@pytest.mark.parametrize("color_range", [ColorRange.MPEG, ColorRange.JPEG, ColorRange.UNSPECIFIED])
def test_gray_white_is_white(form: str, bits: int, color_range: ColorRange) -> None:
    white = 235 << bits - 8 if color_range is ColorRange.MPEG else (1 << bits) - 1
    assert gray_in(flat_frame(form, [white], color_range)) == [255] * 4
    assert gray_in(flat_frame(form, [16 << bits - 8 if color_range is ColorRange.MPEG else 0], color_range)) == [0] * 4


@pytest.mark.parametrize(
    ("form", "white"), [("gbrp", 255), ("gbrp10le", 1023), ("gbrp12le", 4095), ("gbrp16le", 65535)]
)
def test_rgb_white_is_white(form: str, white: int) -> None:
    assert gray_in(flat_frame(form, [white] * 3, ColorRange.JPEG)) == [255] * 4
    assert gray_in(flat_frame(form, [0] * 3, ColorRange.JPEG)) == [0] * 4


def test_pixels_that_are_not_square_keep_their_white() -> None:
    frame = flat_frame("yuv420p", [235, 128, 128], ColorRange.MPEG)
    assert gray_in(frame, Fraction(4, 3))[:2] == [255, 255]


@pytest.mark.parametrize(
    ("transfer", "level"), [(ColorTrc.SMPTE2084, 0.5807), (ColorTrc.ARIB_STD_B67, 0.75)], ids=["PQ", "HLG"]
)
def test_the_white_of_paper_is_white_in_hdr(transfer: ColorTrc, level: float) -> None:
    """ITU-R BT.2408: diffuse white is 203 candelas a square meter, 58 % of PQ and 75 % of HLG."""
    frame = flat_frame("yuv420p10le", [round(64 + 876 * level), 512, 512], ColorRange.MPEG)
    frame.colorspace, frame.color_trc, frame.color_primaries = BT2020, transfer, ColorPrimaries.BT2020
    image = np.asarray(image_of(frame, Fraction(1), None, "a"))
    assert image.min() >= 252


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1"])
def test_ten_bits_in_a_file(codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVT_LOG", "1")
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    pictures = [Image.new("RGB", (96, 64), color) for color in ("white", "black", "white")]
    path = write_film(tmp_path / "a.mkv", codec, frames=3, pictures=pictures, pixels="yuv420p10le", options=options)
    found = [np.asarray(frame.image, int) for frame in open_video(path).frames(StrideSampler())]
    assert [abs(pixels - level).max() <= 1 for pixels, level in zip(found, (255, 0, 255), strict=True)] == [True] * 3
    assert found[0].min() == 255


def write_transparent(path: Path, codec: str, form: str, options: dict[str, str]) -> Path:
    """Red of which the left half is not to be seen, a part in the middle half, and the rest fully."""
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., 0] = 200
    pixels[:, 32:48, 3], pixels[:, 48:, 3] = 128, 255
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 64, form
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "form", "options"),
    [
        ("vp9.webm", "libvpx-vp9", "yuva420p", {}),
        ("vp9.mkv", "libvpx-vp9", "yuva420p", {}),
        ("vp8.webm", "libvpx", "yuva420p", {"auto-alt-ref": "0"}),
        ("prores.mov", "prores_ks", "yuva444p10le", {}),
        ("png.mov", "png", "rgba", {}),
        ("animation.mov", "qtrle", "argb", {}),
        ("ffv1.mkv", "ffv1", "gbrap10le", {}),
        ("ffv1.avi", "ffv1", "yuva444p", {}),
    ],
)
def test_transparent_video_is_on_white_as_images_are(
    name: str, codec: str, form: str, options: dict[str, str], tmp_path: Path
) -> None:
    video = open_video(write_transparent(tmp_path / name, codec, form, options))
    frames = list(video.frames(StrideSampler()))
    assert (len(frames), video.damage) == (4, None)
    for frame in frames:
        assert frame.image.getpixel((16, 32)) == pytest.approx((255, 255, 255), abs=2)
        assert frame.image.getpixel((40, 32)) == pytest.approx((227, 127, 127), abs=3)
        assert frame.image.getpixel((60, 32)) == pytest.approx((200, 0, 0), abs=3)
    assert [frame.seconds for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.12], abs=0.001)
    [moment, *_] = video.source.frames(video.losses)
    assert moment.thumbnail()[24, 16].tolist() == pytest.approx([255, 255, 255], abs=2)


def test_the_fourth_byte_of_uncompressed_avi_is_no_transparency(tmp_path: Path) -> None:
    path = tmp_path / "screen.avi"
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., 2] = 200  # red; the fourth byte stays 0
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "bgra"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgra")))
        container.mux(stream.encode(None))
    video = open_video(path)
    [frame] = video.frames(StrideSampler())
    assert frame.image.getpixel((9, 9)) == (200, 0, 0)
    [moment] = video.source.frames(video.losses)
    assert moment.thumbnail()[9, 9].tolist() == [200, 0, 0]
