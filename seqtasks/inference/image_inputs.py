"""What captioning is given: images in any form, what they are called, and whether there is anything to see in them."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Bool
from PIL import Image
from torch import Tensor

from seqtasks.image.loading import Stream

ImageInput = str | Path | bytes | Stream | Image.Image

BLANK_RANGE = 8
"""How far the levels of a color may lie apart, of 255, in an image of one color: noise and compression move them."""


def name_of(image: ImageInput) -> str:
    """What an image is called: its path, or the name of the file or stream that it is read from."""
    name = image if isinstance(image, str | Path) else getattr(image, "name", None)
    return str(name) if isinstance(name, str | Path) else "unnamed image"


def blank_images(images: Tensor) -> Bool[Tensor, " images"]:
    """Which images are of one color, such as a black frame between scenes: no caption of them can be right.

    Args:
        images: Pixels (images, 3, height, width) from 0 to 255, as the network sees them; features say nothing of it.
    """
    if images.dtype != torch.uint8:
        return torch.zeros(len(images), dtype=torch.bool)
    levels = images.flatten(2)
    return ((levels.amax(2) - levels.amin(2)) <= BLANK_RANGE).all(1).cpu()
