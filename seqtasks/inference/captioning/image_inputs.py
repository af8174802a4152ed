"""What captioning is given: images in any form, what they are called, and whether there is anything to see in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image
from torch import Tensor

from seqtasks.image.blank import blank_images
from seqtasks.image.loading import Stream
from seqtasks.inference.outputs import Caption
from seqtasks.storage.tar_archive import TarMember

ImageInput = str | Path | TarMember | bytes | Stream | Image.Image


def name_of(image: ImageInput) -> str:
    """What an image is called: its path, or the name of the file or stream that it is read from."""
    name = image if isinstance(image, str | Path | TarMember) else getattr(image, "name", None)
    return str(name) if isinstance(name, str | Path | TarMember) else "unnamed image"


def mark_blank(captions: Sequence[Caption], images: Tensor) -> list[Caption]:
    """The captions of images, marked where there was nothing to see."""
    blank = blank_images(images).tolist()
    return [replace(each, blank=True) if empty else each for each, empty in zip(captions, blank, strict=True)]
