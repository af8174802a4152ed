"""Where a model looked, over the picture: light there, dark elsewhere (Xu et al. 2015, figure 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageChops

from seqtasks.vision.transforms import Box

SPREAD = 0.5
"""Standard deviation of the light around the middle of a cell, in cells."""

DARKNESS = 0.9
"""The part of its light that a picture loses where the model did not look."""

GLOW = 0.12
"""How far it turns white where the model looked most: night would stay black otherwise."""


def light_map(weights: Sequence[float], size: tuple[int, int], box: Box | None = None) -> Image.Image:
    """How much a model looked at each pixel, as greys: the place it looked at most is white, outside the box is black.

    `weights` are those of the cells of a square grid, row by row, that covers the `box` of a picture of this `size`
    (width, height); None is the whole picture. Raises ValueError where the cells make no square.
    """
    cells = math.isqrt(len(weights))
    if cells == 0 or cells * cells != len(weights):
        raise ValueError(f"{len(weights)} cells make no square grid")
    width, height = size
    left, top, right, bottom = box or (0.0, 0.0, float(width), float(height))
    grid = np.asarray(weights, dtype=np.float64).reshape(cells, cells)
    light = shares(height, top, bottom, cells) @ grid @ shares(width, left, right, cells).T
    brightest = light.max()
    if brightest > 0:
        light *= 255 / brightest
    return Image.fromarray(light.round().astype(np.uint8))


def shares(length: int, start: float, end: float, cells: int) -> Float[np.ndarray, "length cells"]:
    """What each pixel along one side gets from each of the cells between `start` and `end`; nothing outside of them.

    Gaussian weights that add up to 1, so that no light is where no weight is, and even weights give even light.
    """
    places = (np.arange(length) + 0.5 - start) * cells / (end - start)  # in cells
    distances = (places[:, None] - np.arange(cells) - 0.5) / SPREAD
    weights = np.exp(-(distances**2) / 2)
    inside = (places > 0) & (places < cells)
    weights[~inside] = 0
    return np.asarray(weights / np.maximum(weights.sum(1, keepdims=True), np.finfo(np.float64).tiny))


def illuminated(picture: Image.Image, light: Image.Image) -> Image.Image:
    """An RGB picture in the light of a map of its size."""
    shade = light.point(lambda grey: round(255 * (1 - DARKNESS) + DARKNESS * grey))
    glow = light.point(lambda grey: round(GLOW * grey))
    lit = ImageChops.multiply(picture, shade.convert("RGB"))
    return Image.composite(Image.new("RGB", picture.size, "white"), lit, glow)


def veil(light: Image.Image) -> Image.Image:
    """What darkens a picture that it is laid over, however much larger that is: black, clear where the light is."""
    black = Image.new("L", light.size)
    return Image.merge("LA", (black, light.point(lambda grey: round(DARKNESS * (255 - grey)))))
