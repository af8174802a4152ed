"""Pixels for a network out of an image: one square of bytes, chosen as it is or at random.

The numbers are those of torchvision.transforms.v2, which calls the same functions of Pillow for images, and whose
import would take as long again as torch's.
"""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.random import Generator
from PIL import Image, ImageEnhance
from pydantic import Field
from torch import Tensor

from seqtasks.errors import SeqtasksError
from seqtasks.registry import ConfigModel
from seqtasks.storage.migration import migrate

Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of an image, in its pixels."""


class ImageConfig(ConfigModel):
    """How an image becomes the square that a network sees; in training also at random, where that is asked for."""

    size: int = Field(default=224, gt=0, le=2048)
    """Side of the square in pixels."""
    resize_mode: Literal["squash", "crop"] = "squash"
    """The whole image with changed proportions, or its center without the margins."""
    min_crop_scale: float = Field(default=1.0, gt=0, le=1)
    """Training: random crops cover at least this share of the image's area."""
    horizontal_flip: bool = False
    """Training: images are mirrored with probability 1/2. Mind captions with left and right, and writing in images."""
    color_jitter: float = Field(default=0.0, ge=0, lt=1)
    """Training: brightness, contrast and saturation change by up to this share. The hue is kept, since captions name
    it."""

    @property
    def augments(self) -> bool:
        """Whether an image can look different each time in training."""
        return self.min_crop_scale < 1 or self.horizontal_flip or self.color_jitter > 0

    @property
    def without_augmentation(self) -> ImageConfig:
        """The same with nothing left to chance: how a trained model sees images."""
        return ImageConfig(size=self.size, resize_mode=self.resize_mode)

    @property
    def at_least(self) -> int:
        """The shorter side that `open_image` is to leave: enough for the resizing here to have the last word."""
        return math.ceil(2 * self.size / math.sqrt(self.min_crop_scale))

    @property
    def fingerprint(self) -> str:
        """What pixels depend on. It has the names of version 0.1, so that features on disk are found again."""
        names = {
            "size": self.size, "fit": self.resize_mode, "smallest_crop": self.min_crop_scale,
            "flip": self.horizontal_flip, "colour_jitter": self.color_jitter,
        }  # fmt: skip
        return json.dumps(names, separators=(",", ":"))

    def save(self, path: Path) -> None:
        """Writes the settings as JSON."""
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> ImageConfig:
        """The settings that `save` wrote; SeqtasksError when the file is missing or damaged."""
        try:
            return cls.model_validate(migrate(cls, json.loads(path.read_bytes()))[0])
        except OSError as error:
            raise SeqtasksError(f"{path}: cannot be read ({error.strerror}).") from None
        except (ValueError, RecursionError):
            raise SeqtasksError(f"{path}: not image settings, or damaged.", "Copy or train it again.") from None


@runtime_checkable
class Transform(Protocol):
    """From an RGB image to bytes of red, green and blue."""

    def __call__(self, image: Image.Image) -> UInt8[Tensor, "3 height width"]:
        """Pixels of one image; `size` of the settings is their height and width."""
        ...


@runtime_checkable
class RandomTransform(Transform, Protocol):
    """Without `random`, chance comes from torch's global generator."""

    def __call__(self, image: Image.Image, random: Generator | None = None) -> UInt8[Tensor, "3 height width"]:
        """Pixels of one image, drawn anew at each call."""
        ...


def evaluation_transform(settings: ImageConfig) -> Transform:
    """What gives the same square for the same image, always."""
    return partial(resize, settings)


def training_transform(settings: ImageConfig) -> RandomTransform:
    """What gives another square each time; that of `evaluation_transform` where settings leave nothing to chance."""
    return partial(augment, settings)


def resize(settings: ImageConfig, image: Image.Image) -> UInt8[Tensor, "3 height width"]:
    """What evaluation and inference see: the whole image or the square in its middle, as `resize_mode` says."""
    return pixels(crop(image, widest_box(settings, image), settings.size))


def augment(
    settings: ImageConfig, image: Image.Image, random: Generator | None = None
) -> UInt8[Tensor, "3 height width"]:
    """A square of an image as training sees it: cropped, flipped and recolored at random, as the settings ask.

    Args:
        settings: `min_crop_scale`, `horizontal_flip` and `color_jitter`; with all of them off it is `resize`.
        image: In RGB.
        random: The source of chance; without it torch's global generator is.

    Returns:
        Bytes of red, green and blue, (3, size, size).
    """
    if random is None:
        random = np.random.default_rng(int(torch.randint(2**62, ())))
    box = random_box(settings, image, random) if settings.min_crop_scale < 1 else widest_box(settings, image)
    square = crop(image, box, settings.size)
    if settings.horizontal_flip and random.random() < 0.5:
        square = square.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if settings.color_jitter > 0:
        square = color_jitter(square, settings.color_jitter, random)
    return pixels(square)


def widest_box(settings: ImageConfig, image: Image.Image) -> Box:
    """The whole image, or the largest square in its middle."""
    width, height = image.size
    if settings.resize_mode == "squash":
        return 0.0, 0.0, float(width), float(height)
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


def random_box(settings: ImageConfig, image: Image.Image, random: Generator) -> Box:
    """A part with the proportions of the widest box, anywhere in the image."""
    left, top, right, bottom = widest_box(settings, image)
    share = math.sqrt(random.uniform(settings.min_crop_scale, 1))
    width, height = (right - left) * share, (bottom - top) * share
    left, top = random.uniform(0, image.width - width), random.uniform(0, image.height - height)
    return left, top, left + width, top + height


def crop(image: Image.Image, box: Box, size: int) -> Image.Image:
    """A part of the image as a square; every pixel of the part counts, however much smaller the square is."""
    return image.resize((size, size), Image.Resampling.BICUBIC, box=box)


def color_jitter(image: Image.Image, strength: float, random: Generator) -> Image.Image:
    """Brightness, contrast and saturation, each times a factor of up to 1 ± strength."""
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhancer(image).enhance(random.uniform(1 - strength, 1 + strength))
    return image


def pixels(image: Image.Image) -> UInt8[Tensor, "3 height width"]:
    """Turned by numpy: torch would start threads of its own in each thread that decodes images."""
    return torch.from_numpy(np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1)))
