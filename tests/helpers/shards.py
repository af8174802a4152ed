"""Tar shards in the layout of WebDataset."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Member = tuple[str, bytes]


def write_tar(path: Path, members: Sequence[Member], *, form: int = tarfile.USTAR_FORMAT) -> Path:
    with tarfile.open(path, "w", format=form) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def sample(key: str, image: bytes, captions: str | Mapping[str, Any], suffix: str = ".png") -> list[Member]:
    """An image, and its captions as lines or as an object."""
    if isinstance(captions, str):
        return [(key + suffix, image), (f"{key}.txt", captions.encode())]
    return [(key + suffix, image), (f"{key}.json", json.dumps(captions).encode())]


def write_shards(folder: Path, images: Sequence[Path], captions: Sequence[str], size: int) -> Path:
    """Shards of so many images each; returns their pattern."""
    folder.mkdir(exist_ok=True)
    for start in range(0, len(images), size):
        part = zip(images[start : start + size], captions[start : start + size], strict=True)
        members = [member for image, text in part for member in sample(image.stem, image.read_bytes(), text)]
        write_tar(folder / f"shard-{start // size:03}.tar", members)
    last = (len(images) - 1) // size
    return folder / f"shard-{{000..{last:03}}}.tar"
