"""Which files of a folder are images: by their suffix, or by their first bytes where they have none."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from seqtasks.errors import SeqtasksError
from seqtasks.image.loading import has_image_signature
from seqtasks.storage.urls import file_system, told

__all__ = ["find_images"]

ENDINGS = frozenset((
    ".apng", ".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png", ".pnm",
    ".ppm", ".tif", ".tiff", ".webp",
))  # fmt: skip
"""The names that are looked for in folders."""

UNSUPPORTED = frozenset((
    ".arw", ".cr2", ".cr3", ".dds", ".dng", ".emf", ".eps", ".exr", ".hdr", ".heic", ".heics", ".heif", ".hif", ".icns",
    ".ico", ".jxl", ".jxr", ".nef", ".orf", ".pcx", ".psd", ".qoi", ".raf", ".raw", ".rw2", ".sgi", ".svg", ".svgz",
    ".tga", ".wmf", ".xcf",
))  # fmt: skip
"""Images that are not read. They are found, so that opening them reports them, and none is skipped silently."""


def find_images(paths: Sequence[str | Path], *, endings: Collection[str] = ENDINGS) -> Iterator[Path]:
    """The files that are meant by paths, in the order of the paths.

    A file is taken as it is, whatever its name. A folder gives the images in it and in the folders in it, by name;
    a pattern (`photos/**/*.jpg`) those whose names it fits. Both pass over hidden files and endings not among these,
    but not over images of formats that are not read (`UNSUPPORTED`): opening them reports what is wrong. A file without
    any suffix is an image if it begins as one.

    Raises:
        SeqtasksError: At once, before the first path is given, for a path that does not exist, a folder that cannot be
            read, and a folder or a pattern without an image.
    """
    return iter([image for path in paths for image in images_in(str(path), endings)])


def images_in(path: str, endings: Collection[str]) -> list[Path]:
    """What `find_images` makes of one path."""
    if os.path.isdir(path):
        found = list(images_below(path, endings))
        if not found:
            raise SeqtasksError(f"{path}: this folder contains no image.", known_endings(endings))
        return found
    if os.path.exists(path):
        return [Path(path)]
    if glob.has_magic(path):
        matches = sorted(glob.glob(path, recursive=True))
        found = [Path(match) for match in matches if not os.path.isdir(match) and is_image(match, endings)]
        if not found:
            raise SeqtasksError(f"{path}: no image matches this pattern.", known_endings(endings))
        return found
    raise SeqtasksError(
        f"{path}: there is no such file or folder.", "Relative paths are resolved against the current directory."
    )


def images_at(url: str) -> list[str]:
    """The URLs of the images that are meant by one: that of an image, of a folder or, with `*`, a pattern.

    Raises:
        SeqtasksError: There is no image.
    """
    system, path = file_system(url)
    with told(url):
        if not glob.has_magic(path) and not system.isdir(path):
            system.info(path)  # reports what is not there
            return [url]
        names = system.glob(path) if glob.has_magic(path) else system.find(path)
        found = sorted(name for name in names if is_image_name(name, ENDINGS | UNSUPPORTED))
        if not found:
            raise SeqtasksError(f"{url}: there is no image.", known_endings(ENDINGS))
        return [system.unstrip_protocol(name) for name in found]


def images_below(folder: str, endings: Collection[str]) -> Iterator[Path]:
    """Links to files are followed, links to folders are not: they may lead in circles."""
    for parent, folders, names in os.walk(folder, onerror=refuse_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (path for name in sorted(names) if is_image(path := Path(parent, name), endings))


def is_image(path: str | Path, endings: Collection[str]) -> bool:
    """Whether a file of a folder is an image, readable or not."""
    name = Path(path).name
    if name.startswith("."):
        return False
    suffix = Path(name).suffix.lower()
    return suffix in endings or suffix in UNSUPPORTED or (not suffix and begins_as_image(path))


def begins_as_image(path: str | Path) -> bool:
    """Whether a regular file has the first bytes of an image. False where it cannot be read."""
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return has_image_signature(file.read(16))
    except OSError:
        return False


def is_image_name(path: str, endings: Collection[str]) -> bool:
    """Whether a file is looked for in folders: it is not hidden and has one of the endings."""
    return Path(path).suffix.lower() in endings and not Path(path).name.startswith(".")


def known_endings(endings: Collection[str]) -> str:
    """The hint that lists the suffixes that are searched for."""
    return f"Known suffixes are {', '.join(sorted(endings))}; give other files one by one."


def refuse_folder(error: OSError) -> NoReturn:
    """The handler of `os.walk` for a folder that cannot be read: raises SeqtasksError."""
    raise SeqtasksError(f"{error.filename}: the folder cannot be read ({error.strerror}).")
