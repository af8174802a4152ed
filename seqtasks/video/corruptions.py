"""What a camera does to a scene from frame to frame, as numbers, and the image that comes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32
from PIL import Image, ImageFilter

__all__ = ["Box", "FrameCorruption", "corrupt"]

Box = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of an image's width and height."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

GRAINS = 128
"""Of noise along the shorter side, each of one color: finer noise would go when a network's small image is made."""


@dataclass(frozen=True, slots=True)
class FrameCorruption:
    """How one frame differs from its image, in the order in which it happens; without arguments not at all.

    Lengths are shares, so that a frame looks the same at any size.
    """

    crop: Box = WHOLE
    """The part that fills the frame: moved it pans, narrowed it zooms."""
    occlusion: Box | None = None
    """The part of the frame that something hides."""
    color: tuple[int, int, int] = (0, 0, 0)
    """Red, green and blue, to 255, of what hides it."""
    blur: float = 0.0
    """Radius as a share of the shorter side."""
    brightness: float = 1.0
    """What the light is multiplied with."""
    noise: float = 0.0
    """Standard deviation as a share of the way from black to white; each color has its own noise."""
    noise_seed: int = 0


def corrupt(image: Image.Image, change: FrameCorruption) -> Image.Image:
    """An RGB image with a change, as a copy of the same size; the same for the same image and change."""
    width, height = image.size
    frame = image.resize(image.size, Image.Resampling.BICUBIC, box=scaled(change.crop, image.size))
    if change.occlusion is not None:
        left, top, right, bottom = (round(edge) for edge in scaled(change.occlusion, image.size))
        frame.paste(change.color, (left, top, right, bottom))
    if change.blur > 0:
        frame = frame.filter(ImageFilter.GaussianBlur(change.blur * min(width, height)))
    if change.brightness != 1 or change.noise > 0:
        frame = adjust_exposure(frame, change)
    return frame


def adjust_exposure(frame: Image.Image, change: FrameCorruption) -> Image.Image:
    """The frame with the brightness and the noise of a change."""
    light = np.asarray(frame, np.float32) * np.float32(change.brightness)
    if change.noise > 0:
        light += np.float32(255 * change.noise) * noise_pattern(frame.size, change.noise_seed)
    return Image.fromarray(light.round().clip(0, 255).astype(np.uint8))


def noise_pattern(size: tuple[int, int], seed: int) -> Float32[np.ndarray, "height width 3"]:
    """Noise of deviation 1, the same squares of color at any size."""
    width, height = size
    shorter = min(size)
    columns, rows = (-(-side * GRAINS // shorter) for side in size)
    grains = np.random.default_rng(seed).standard_normal((rows, columns, 3), np.float32)
    return grains[np.arange(height)[:, None] * GRAINS // shorter, np.arange(width) * GRAINS // shorter]


def scaled(box: Box, size: tuple[int, int]) -> Box:
    """A box in pixels of an image of this size."""
    width, height = size
    left, top, right, bottom = box
    return left * width, top * height, right * width, bottom * height
