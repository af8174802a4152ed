"""Light falls where the weights are, and nowhere else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from seqtasks.visualization.attention_overlay import DARKNESS, SPREAD, apply_heatmap, attention_heatmap, dimming_mask


def one_cell(place: int, cells: int = 3) -> list[float]:
    return [float(number == place) for number in range(cells * cells)]


def light_by_hand(weights: list[float], size: tuple[int, int]) -> np.ndarray:
    """The sum over cells of weight and Gaussian share, one pixel at a time."""
    cells = math.isqrt(len(weights))
    width, height = size
    found = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            across, down = (x + 0.5) * cells / width, (y + 0.5) * cells / height
            share = [
                math.exp(-((across - number % cells - 0.5) ** 2 + (down - number // cells - 0.5) ** 2) / 2 / SPREAD**2)
                for number in range(cells * cells)
            ]
            found[y, x] = np.dot(weights, share) / sum(share)
    return found / found.max() * 255


@pytest.mark.parametrize("size", [(24, 18), (7, 13), (3, 3)])
def test_light_is_the_same_as_pixel_by_pixel(size: tuple[int, int]) -> None:
    weights = np.random.default_rng(1).dirichlet(np.ones(16)).tolist()
    assert (
        np.abs(np.asarray(attention_heatmap(weights, size), dtype=float) - light_by_hand(weights, size)).max() <= 0.51
    )


@pytest.mark.parametrize("place", range(9))
@pytest.mark.parametrize("color", ["white", "grey", "black"])
def test_a_picture_is_brightest_in_the_cell_that_was_looked_at(place: int, color: str) -> None:
    picture = Image.new("RGB", (90, 60), color)
    lit = np.asarray(apply_heatmap(picture, attention_heatmap(one_cell(place), picture.size)), dtype=float).mean(2)
    means = lit.reshape(3, 20, 3, 30).mean((1, 3)).flatten()
    assert means.argmax() == place
    assert means[place] > 1.4 * np.delete(means, place).max()


def test_even_weights_give_even_light() -> None:
    assert attention_heatmap([1 / 49] * 49, (31, 17)).getextrema() == (255, 255)


def test_no_weight_is_no_light() -> None:
    assert attention_heatmap([0.0] * 4, (8, 8)).getextrema() == (0, 0)


@pytest.mark.parametrize("size", [(80, 20), (20, 80)])
def test_margins_that_the_model_did_not_see_are_dark(size: tuple[int, int]) -> None:
    left, top = (size[0] - 20) // 2, (size[1] - 20) // 2
    box = (float(left), float(top), left + 20.0, top + 20.0)
    light = np.array(attention_heatmap(one_cell(0, cells=2), size, box))
    inside = light[top : top + 20, left : left + 20].copy()
    light[top : top + 20, left : left + 20] = 0
    assert light.max() == 0
    assert np.array_equal(inside, np.asarray(attention_heatmap(one_cell(0, cells=2), (20, 20))))


def test_looked_at_everywhere_a_picture_keeps_its_colors_and_elsewhere_its_darkness() -> None:
    picture = Image.new("RGB", (4, 4), (200, 100, 50))
    lit = apply_heatmap(picture, Image.new("L", (4, 4), 255)).getpixel((0, 0))
    assert lit[0] > lit[1] > lit[2]
    assert np.allclose(lit, (200, 100, 50), atol=30)
    dark = apply_heatmap(picture, Image.new("L", (4, 4), 0)).getpixel((0, 0))
    assert np.allclose(dark, np.array((200, 100, 50)) * (1 - DARKNESS), atol=1)


def test_a_veil_over_a_picture_darkens_what_was_not_looked_at() -> None:
    light = attention_heatmap(one_cell(4), (30, 30))
    page = Image.new("RGBA", (30, 30), "white")
    page.alpha_composite(dimming_mask(light).convert("RGBA"))
    seen = np.asarray(page.convert("L"), dtype=float)
    assert np.abs(seen - (255 - DARKNESS * (255 - np.asarray(light, dtype=float)))).max() <= 1


@pytest.mark.parametrize("count", [0, 2, 48])
def test_cells_that_make_no_square_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"^{count} cells make no square grid$"):
        attention_heatmap([1.0] * count, (8, 8))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_the_narrowest_pictures_have_light(size: tuple[int, int]) -> None:
    assert attention_heatmap([0.25] * 4, size).getextrema() == (255, 255)
