"""Attention over an image: light where a model looked, dark elsewhere (Xu et al. 2015, figure 3)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageChops

from seqtasks.image.transforms import Box, ImageConfig, widest_box

SPREAD = 0.5
"""Standard deviation of the Gaussian around the center of a cell, in cells."""

DARKNESS = 0.9
"""The share of its brightness that an image loses where attention is zero."""

GLOW = 0.12
"""How far it is blended with white where attention is highest: a night scene would stay black otherwise."""


def attention_heatmap(weights: Sequence[float], size: tuple[int, int], box: Box | None = None) -> Image.Image:
    """Attention weights of a grid, upsampled to the pixels of an image.

    Args:
        weights: One weight for each cell of a square grid, row by row.
        size: Width and height of the image in pixels.
        box: The part of the image that the grid covers (left, top, right, bottom); None is the whole image.

    Returns:
        A grayscale image of this size: white where attention is highest, black outside the box.

    Raises:
        ValueError: The number of weights is no square.
    """
    cells = math.isqrt(len(weights))
    if cells == 0 or cells * cells != len(weights):
        raise ValueError(f"{len(weights)} cells make no square grid")
    width, height = size
    left, top, right, bottom = box or (0.0, 0.0, float(width), float(height))
    grid = np.asarray(weights, dtype=np.float64).reshape(cells, cells)
    heat = cell_shares(height, top, bottom, cells) @ grid @ cell_shares(width, left, right, cells).T
    highest = heat.max()
    if highest > 0:
        heat *= 255 / highest
    return Image.fromarray(heat.round().astype(np.uint8))


def cell_shares(length: int, start: float, end: float, cells: int) -> Float[np.ndarray, "length cells"]:
    """How much each pixel along a side takes from each of the cells between `start` and `end`; nothing outside of them.

    Gaussian weights that add up to 1, so that zero attention stays dark and uniform attention gives a uniform map.
    """
    places = (np.arange(length) + 0.5 - start) * cells / (end - start)  # in cells
    distances = (places[:, None] - np.arange(cells) - 0.5) / SPREAD
    weights = np.exp(-(distances**2) / 2)
    inside = (places > 0) & (places < cells)
    weights[~inside] = 0
    return np.asarray(weights / np.maximum(weights.sum(1, keepdims=True), np.finfo(np.float64).tiny))


def apply_heatmap(image: Image.Image, heatmap: Image.Image) -> Image.Image:
    """An RGB image, bright where a heatmap of the same size is bright and dark elsewhere."""
    shade = heatmap.point(lambda grey: round(255 * (1 - DARKNESS) + DARKNESS * grey))
    glow = heatmap.point(lambda grey: round(GLOW * grey))
    lit = ImageChops.multiply(image, shade.convert("RGB"))
    return Image.composite(Image.new("RGB", image.size, "white"), lit, glow)


def dimming_mask(heatmap: Image.Image) -> Image.Image:
    """A black layer with an alpha channel to lay over an image of any size: transparent where the heatmap is bright."""
    black = Image.new("L", heatmap.size)
    return Image.merge("LA", (black, heatmap.point(lambda grey: round(DARKNESS * (255 - grey)))))


def seen_box(image: Image.Image, settings: ImageConfig | None) -> Box | None:
    """The part of an image that a model with this preprocessing sees; None is all of it."""
    return None if settings is None else widest_box(settings, image)
