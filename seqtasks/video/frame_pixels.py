"""Frames as FFmpeg decodes them become images as people see them: upright, square pixels, 8 bits, on white."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from PIL.Image import Transpose

from seqtasks.image.loading import to_rgb
from seqtasks.video.source import THUMBNAIL, check_size

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream

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

DIRECT = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p")
"""The pixel formats that FFmpeg converts at their own size without any error of rounding."""

GRAY_LEVELS = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)
"""Grays of the limited range, 16 to 235, as those of the full one (ITU-R BT.601)."""

LIMITED = 1
"""FFmpeg's number of the limited range of levels (AVCOL_RANGE_MPEG)."""

UNCOMPRESSED = "\0\0\0\0"
"""How AVI names pixels as Windows keeps them (BI_RGB)."""

HDR = (16, 18)
"""FFmpeg's numbers of the transfer functions PQ (SMPTE ST 2084) and HLG (ARIB STD-B67)."""


def image_of(frame: VideoFrame, shape: Fraction, turn: Transpose | None, name: str, alpha: bool = True) -> Image.Image:
    """The frame as it is meant to be seen; `alpha` is whether its alpha means anything (see `alpha_counts`).

    Raises:
        VideoError: It became too large on the way.
    """
    width, height = shown_size(frame.width, frame.height, shape)
    check_size(width, height, name)
    if is_plain(frame) and (width, height) == (frame.width, frame.height):
        image: Image.Image = frame.to_image(width=width, height=height)  # type: ignore[no-untyped-call]
    else:
        image = Image.fromarray(rgb_pixels(frame, width, height, "BILINEAR", alpha))
    return image if turn is None else image.transpose(turn)


def thumbnail_of(frame: VideoFrame, alpha: bool = True) -> UInt8[np.ndarray, "high wide 3"]:
    """The frame in the size `THUMBNAIL`, not upright."""
    if is_plain(frame):
        return np.asarray(frame.reformat(*THUMBNAIL, "rgb24", interpolation="AREA").to_ndarray())
    return rgb_pixels(frame, *THUMBNAIL, "AREA", alpha)


def is_plain(frame: VideoFrame) -> bool:
    """Whether a frame has no more than 8 bits, no transparency and the usual colors."""
    return frame.format.name in DIRECT and frame.color_trc not in HDR


def rgb_pixels(
    frame: VideoFrame, width: int, height: int, scaling: str, alpha: bool = True
) -> UInt8[np.ndarray, "height width 3"]:
    """The frame in 8 bits and another size, on white where it is transparent; HDR with its diffuse white as white.

    FFmpeg's fast conversion rounds twice and makes a white of 253; with full chroma and accurate rounding it is 255.
    """
    from av.video.reformatter import Interpolation

    exact = Interpolation[scaling] | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND
    kind = "rgba" if alpha and has_alpha(frame) else "rgb24"
    made = frame.reformat(width, height, kind, interpolation=exact, **to_sdr(frame))
    pixels = np.asarray(made.to_ndarray())
    if kind == "rgba":
        pixels = np.asarray(to_rgb(Image.fromarray(pixels)))
    if frame.format.name.startswith("gray") and frame.color_range == LIMITED:  # FFmpeg takes all grays for full range
        pixels = GRAY_LEVELS[pixels]
    return pixels


def alpha_counts(stream: VideoStream) -> bool:
    """Whether the alpha of a stream's frames is one; in uncompressed AVI the fourth byte of a pixel is not used.

    FFmpeg gives it as alpha all the same. ("BI_RGB ... the high byte in each DWORD is not used", Microsoft,
    BITMAPINFOHEADER.)
    """
    context = stream.codec_context
    return not (context.name == "rawvideo" and context.codec_tag == UNCOMPRESSED)


def has_alpha(frame: VideoFrame) -> bool:
    """Whether the frame's pixels may be transparent; palettes may hold such colors."""
    return any(component.is_alpha for component in frame.format.components) or frame.format.has_palette


def to_sdr(frame: VideoFrame) -> dict[str, Any]:
    """What makes FFmpeg convert HDR (ITU-R BT.2100) to the colors of BT.709; nothing for other frames."""
    if frame.color_trc not in HDR:
        return {}
    from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

    return {
        "dst_color_trc": ColorTrc.BT709,
        "dst_color_primaries": ColorPrimaries.BT709,
        "dst_colorspace": Colorspace.ITU709,
    }


def shape_of(stream: VideoStream) -> Fraction:
    """How many times as wide as high a pixel is."""
    return stream.sample_aspect_ratio or Fraction(1)


def shown_size(width: int, height: int, shape: Fraction) -> tuple[int, int]:
    """The size with square pixels; neither side gets shorter."""
    return (round(width * shape), height) if shape > 1 else (width, round(height / shape))


def turn_of(frame: VideoFrame) -> Transpose | None:
    """How the camera was held, to the nearest right angle, by the display matrix (ISO 14496-12, 6.2.2)."""
    matrix = cast("Mapping[str, bytes]", frame.side_data).get("DISPLAYMATRIX")
    if matrix is None:
        return None
    across, down, _, right, below, *_ = struct.unpack("=9i", matrix)
    if abs(down) > abs(across):
        return TURNS[True, right < 0, down < 0]
    return TURNS.get((False, across < 0, below < 0))
