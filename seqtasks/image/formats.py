"""Pictures that are written: the name's ending says the format."""

from __future__ import annotations

from pathlib import Path

from seqtasks.errors import SeqtasksError

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def pillow_format(path: Path) -> str:
    """Pillow's name of the format in which a picture of this name is written.

    Raises:
        SeqtasksError: the name has no known ending.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise SeqtasksError(f"{path}: there is no such picture format.", f"Known are {', '.join(FORMATS)}.")
    return form
