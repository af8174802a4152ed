"""What captioning is given: images in any form, what they are called, and whether there is anything to see in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Bool
from PIL import Image
from torch import Tensor

from seqtasks.image.loading import Stream
from seqtasks.inference.outputs import Caption

ImageInput = str | Path | bytes | Stream | Image.Image

BLANK_RANGE = 8
"""How far levels may differ, of 255, in an image of one gray: noise and compression move them."""


def name_of(image: ImageInput) -> str:
    """What an image is called: its path, or the name of the file or stream that it is read from."""
    name = image if isinstance(image, str | Path) else getattr(image, "name", None)
    return str(name) if isinstance(name, str | Path) else "unnamed image"


def blank_images(images: Tensor) -> Bool[Tensor, " images"]:
    """Which images are all black, white or one gray, such as the frame between scenes: no caption of them can be right.

    A plain color is something to see: a red square.

    Args:
        images: Pixels (images, 3, height, width) from 0 to 255, as the network sees them; features say nothing of it.
    """
    if images.dtype != torch.uint8:
        return torch.zeros(len(images), dtype=torch.bool)
    levels = images.flatten(1)
    return (levels.amax(1) - levels.amin(1) <= BLANK_RANGE).cpu()


def mark_blank(captions: Sequence[Caption], images: Tensor) -> list[Caption]:
    """The captions of images, marked where there was nothing to see."""
    blank = blank_images(images).tolist()
    return [replace(each, blank=True) if empty else each for each, empty in zip(captions, blank, strict=True)]
