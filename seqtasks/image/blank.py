"""Images with nothing to see, such as the black frame between two scenes: no caption of them can be right."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool
from torch import Tensor

from seqtasks.plurals import counted

BLANK_RANGE = 8
"""How far levels may differ, of 255, in an image of one gray: noise and compression move them."""
NAMED = 3
"""So many are named."""


def blank_images(images: Tensor) -> Bool[Tensor, " images"]:
    """Which images are all black, white or one gray.

    A plain color is something to see: a red square.

    Args:
        images: Pixels (images, 3, height, width) from 0 to 255, as the network sees them; features say nothing of it.
    """
    if images.dtype != torch.uint8:
        return torch.zeros(len(images), dtype=torch.bool)
    levels = images.flatten(1)
    return (levels.amax(1) - levels.amin(1) <= BLANK_RANGE).cpu()


def describe_blank(names: Sequence[str], total: int) -> str:
    """A sentence on the blank ones among `total` images, without its full stop."""
    more = ", ..." if len(names) > NAMED else ""
    are = "is" if len(names) == 1 else "are"
    named = f"{', '.join(names[:NAMED])}{more}"
    return f"{len(names):,} of {counted(total, 'images')} {are} blank (all black, white or gray): {named}"
