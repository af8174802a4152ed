"""Images that are written: the suffix of the name says the format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def pillow_format(path: Path) -> str:
    """Pillow's name of the format in which an image of this name is written.

    Raises:
        SeqtasksError: The name has no known ending.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise SeqtasksError(f"{path}: unknown image format.", f"Known are {', '.join(FORMATS)}.")
    return form


def save_image(image: Image, path: Path, **options: Any) -> None:
    """Writes an image in the format of its name; the file appears complete or not at all.

    Raises:
        SeqtasksError: The name has no known ending, or the file cannot be written.
    """
    from seqtasks.storage.atomic import output_file

    image_format = pillow_format(path)
    with output_file(path) as stream:
        image.save(stream, format=image_format, **options)
