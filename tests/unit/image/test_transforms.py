"""Pixels: the same square always, or one drawn by a generator that can be set."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from torch import Tensor

from seqtasks.errors import SeqtasksError
from seqtasks.image.transforms import (
    ImageConfig,
    color_jitter,
    evaluation_transform,
    random_box,
    training_transform,
    widest_box,
)

FITS: list[Any] = ["squash", "crop"]


def picture(width: int = 60, height: int = 40) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8))


def slope(width: int = 100, height: int = 50) -> Image.Image:
    """Red tells the place from left to right, green from top to bottom; 1 a pixel."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([across, down, 0 * down], axis=-1).astype(np.uint8))


def look(settings: ImageConfig, shown: Image.Image, seed: int = 1) -> Tensor:
    return training_transform(settings)(shown, np.random.default_rng(seed))


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(60, 40), (40, 60), (8, 8), (1, 1), (1, 65_535), (65_535, 1), (500, 375)])
def test_any_picture_becomes_a_square_of_bytes(fit: Any, size: tuple[int, int]) -> None:
    settings = ImageConfig(size=8, resize_mode=fit, min_crop_scale=0.3, horizontal_flip=True, color_jitter=0.3)
    for pixels in (evaluation_transform(settings)(picture(*size)), look(settings, picture(*size))):
        assert (pixels.shape, pixels.dtype, pixels.is_contiguous()) == ((3, 8, 8), torch.uint8, True)


def test_colors_and_places_are_kept() -> None:
    pixels = evaluation_transform(ImageConfig(size=40))(picture(40, 40))
    assert torch.equal(pixels, torch.from_numpy(np.array(picture(40, 40))).permute(2, 0, 1))


def test_squashed_the_whole_picture_shows_cropped_its_middle() -> None:
    squashed = evaluation_transform(ImageConfig(size=50))(slope())[:2]
    assert (squashed[0, 0, [0, -1]] - torch.tensor([0, 99])).abs().max() <= 1
    assert (squashed[1, [0, -1], 0] - torch.tensor([0, 49])).abs().max() <= 1
    cropped = evaluation_transform(ImageConfig(size=50, resize_mode="crop"))(slope())
    assert torch.equal(cropped[0, 0], torch.arange(25, 75, dtype=torch.uint8))
    assert torch.equal(cropped[1, :, 0], torch.arange(50, dtype=torch.uint8))


def test_the_numbers_are_those_of_torchvision() -> None:
    v2 = pytest.importorskip("torchvision.transforms.v2")
    cubic = v2.InterpolationMode.BICUBIC
    whole = v2.Compose([v2.Resize((24, 24), cubic), v2.PILToTensor()])
    middle = v2.Compose([v2.CenterCrop(40), v2.Resize((24, 24), cubic), v2.PILToTensor()])
    assert torch.equal(evaluation_transform(ImageConfig(size=24))(picture()), whole(picture()))
    difference = evaluation_transform(ImageConfig(size=24, resize_mode="crop"))(picture())[:, 2:-2, 2:-2].int()
    assert torch.equal(difference, middle(picture())[:, 2:-2, 2:-2].int())
    factors = np.random.default_rng(3).uniform(0.6, 1.4, 3)
    expected = v2.functional.adjust_brightness(picture(), factors[0])
    expected = v2.functional.adjust_saturation(v2.functional.adjust_contrast(expected, factors[1]), factors[2])
    assert color_jitter(picture(), 0.4, np.random.default_rng(3)) == expected


@pytest.mark.parametrize("fit", FITS)
def test_nothing_is_random_unless_it_is_asked_for(fit: Any) -> None:
    settings = ImageConfig(size=16, resize_mode=fit)
    assert not settings.augments
    expected = evaluation_transform(settings)(picture())
    assert all(torch.equal(look(settings, picture(), seed), expected) for seed in range(5))


@pytest.mark.parametrize("options", [{"min_crop_scale": 0.5}, {"horizontal_flip": True}, {"color_jitter": 0.3}])
def test_chance_follows_the_generator(options: dict[str, Any]) -> None:
    settings = ImageConfig(size=16, **options)
    assert settings.augments
    looks = [look(settings, picture(), seed) for seed in range(8)]
    assert len({tuple(pixels.flatten().tolist()) for pixels in looks}) > 1
    assert all(torch.equal(look(settings, picture(), seed), pixels) for seed, pixels in enumerate(looks))


def test_without_a_generator_chance_is_torchs() -> None:
    transform = training_transform(ImageConfig(size=16, min_crop_scale=0.5))
    torch.manual_seed(4)
    first, second = transform(picture()), transform(picture())
    torch.manual_seed(4)
    assert torch.equal(transform(picture()), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(60, 40), (40, 60), (1, 1), (65_535, 1)])
def test_crops_stay_inside_keep_their_share_and_go_everywhere(fit: Any, size: tuple[int, int]) -> None:
    settings = ImageConfig(resize_mode=fit, min_crop_scale=0.25)
    shown, random = Image.new("1", size), np.random.default_rng(1)
    left, top, right, bottom = widest_box(settings, shown)
    width, height = right - left, bottom - top
    boxes = np.array([random_box(settings, shown, random) for _ in range(500)])
    assert boxes.min() >= 0
    assert (boxes[:, [2, 3]] <= np.array(size) + 1e-6).all()
    across, down = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    shares = across * down / (width * height)
    assert 0.25 <= shares.min() < 0.3 < 0.9 < shares.max() <= 1 + 1e-9
    assert np.allclose(across / down, width / height)
    assert boxes[:, 0].min() < 0.05 * size[0]
    assert boxes[:, 2].max() > 0.95 * size[0]


def test_a_random_crop_shows_what_is_in_its_box() -> None:
    settings = ImageConfig(size=50, min_crop_scale=0.2)
    left, top, right, bottom = random_box(settings, slope(), np.random.default_rng(7))
    pixels = look(settings, slope(), 7).float()
    assert math.isclose(pixels[0].mean(), (left + right) / 2 - 0.5, abs_tol=1)
    assert math.isclose(pixels[1].mean(), (top + bottom) / 2 - 0.5, abs_tol=1)


def test_every_second_picture_is_mirrored() -> None:
    settings = ImageConfig(size=8, horizontal_flip=True)
    plain = evaluation_transform(settings)(picture())
    looks = [look(settings, picture(), seed) for seed in range(200)]
    mirrored = sum(torch.equal(pixels, plain.flip(2)) for pixels in looks)
    assert mirrored + sum(torch.equal(pixels, plain) for pixels in looks) == 200
    assert 70 < mirrored < 130


def test_jitter_leaves_the_hue() -> None:
    settings = ImageConfig(size=4, color_jitter=0.5)
    looks = torch.stack([look(settings, Image.new("RGB", (4, 4), (200, 100, 50)), seed) for seed in range(50)])
    red, green, blue = looks.unbind(1)
    assert (red >= green).all()
    assert (green >= blue).all()
    assert looks.float().std(0).min() > 5


def test_what_is_decoded_is_never_enlarged_again() -> None:
    assert ImageConfig(size=224).at_least == 448
    settings = ImageConfig(size=100, min_crop_scale=0.25)
    assert settings.at_least * math.sqrt(settings.min_crop_scale) >= 2 * settings.size


def test_transforms_travel_between_processes() -> None:
    settings = ImageConfig(size=8, min_crop_scale=0.5)
    copied = pickle.loads(pickle.dumps(training_transform(settings)))
    assert torch.equal(copied(picture(), np.random.default_rng(2)), look(settings, picture(), 2))


def test_settings_are_saved(tmp_path: Path) -> None:
    settings = ImageConfig(size=160, resize_mode="crop", min_crop_scale=0.6, horizontal_flip=True, color_jitter=0.2)
    settings.save(tmp_path / "image.json")
    assert ImageConfig.load(tmp_path / "image.json") == settings


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"size": 0}', b'{"fit": "zoom"}', b'{"new": 1}', b"\xff{}", b"[" * 100_000]
)
def test_damaged_settings_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "image.json").write_bytes(content)
    with pytest.raises(SeqtasksError, match=r"image\.json: not image settings, or damaged"):
        ImageConfig.load(tmp_path / "image.json")


def test_missing_settings_are_told(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match=r"image\.json: cannot be read \(No such file"):
        ImageConfig.load(tmp_path / "image.json")


@pytest.mark.parametrize(
    "options",
    [
        {"size": 0},
        {"size": 10_000},
        {"min_crop_scale": 0},
        {"min_crop_scale": 1.1},
        {"color_jitter": 1},
        {"horizontal_flip": "x"},
    ],
)
def test_impossible_settings(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ImageConfig(**options)
