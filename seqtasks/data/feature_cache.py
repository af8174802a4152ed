"""Features of images that are computed once and stay on disk.

    folder/<hash of what made them>/<hash of the images>/pictures.json   hash of the content of each image, which
                                                                            of them are blank, and one of the values
    folder/<hash of what made them>/<hash of the images>/features.npy    (images, cells, channels), memory-mapped

Images are known by their content, so a changed image, another network or another transform find nothing here.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.device import available_cores
from seqtasks.errors import SeqtasksError
from seqtasks.image.blank import blank_images
from seqtasks.image.loading import read
from seqtasks.storage.atomic import PART as PART_NAME
from seqtasks.storage.atomic import atomic_directory
from seqtasks.storage.tar_archive import TarMember

Item = TypeVar("Item")
Result = TypeVar("Result")

PICTURES = "pictures.json"
VALUES = "features.npy"
PART = 256
"""Images that are written at a time: what an interruption can cost."""
BATCH = 32
"""Images that go through the network at a time."""
AHEAD = 4
"""Images for each thread that are decoded before they are needed."""

Place = tuple[NDArray[Any], int]
"""A part of the cache, and the row in it."""

Decode = Callable[[bytes, str], Tensor]
"""Content and name of a file to pixels (3, height, width) of one size; a SeqtasksError for what is no image."""

Compute = Callable[[Tensor], Tensor]
"""Pixels (rows, 3, height, width) to features (rows, cells, channels)."""


@dataclass(frozen=True)
class CachedFeatures:
    """The features of a list of images, read from disk when they are asked for."""

    places: tuple[Place | None, ...]
    unreadable: dict[int, SeqtasksError]
    """Index of each image that has no features, and why."""
    blank: frozenset[int] = frozenset()
    """Indices of the images in which there is nothing to see; see `blank_images`."""

    def __len__(self) -> int:
        return len(self.places)

    def rows(self, indices: Sequence[int]) -> Float[Tensor, "rows cells channels"]:
        """Copies of the features of these images. Raises the error of one that is unreadable."""
        found = []
        for index in indices:
            place = self.places[index]
            if place is None:
                raise self.unreadable[index]
            found.append(place[0][place[1]])
        return torch.from_numpy(np.stack(found))

    def __iter__(self) -> Iterator[Tensor | SeqtasksError]:
        """The features of each image, or why it has none."""
        for index in range(len(self)):
            yield self.unreadable[index] if index in self.unreadable else self.rows([index])[0]


class FeatureCache:
    """Computes the features that are not on disk yet, and writes them there.

    `made_by` is all that decides about the features but the images: the fingerprint of the network, the settings
    of the transform. Values are kept in the precision that they come in: half, from a frozen `CnnEncoder`. Parts
    appear whole or not at all, so that an interrupted run goes on where it was, and two runs can share a folder.
    """

    def __init__(self, folder: Path, *made_by: str) -> None:
        self.folder = folder / digest(json.dumps(made_by).encode())
        self.found: dict[str, Place] = {}
        self.blank: set[str] = set()
        for file in sorted(self.folder.glob(f"*/{PICTURES}")):
            if not file.parent.name.startswith(PART_NAME):
                self._open(file.parent)

    def features(self, images: Sequence[Path | TarMember], decode: Decode, compute: Compute) -> CachedFeatures:
        """The features of all images.

        Raises SeqtasksError when the disk refuses. Images that cannot be read are listed in the result.
        """
        digests: list[str] = []
        unreadable: dict[int, SeqtasksError] = {}
        waiting: dict[str, Tensor] = {}

        def look(image: Path | TarMember) -> tuple[str, Tensor | None]:
            content = read(image, str(image))
            known = digest(content)
            return known, None if known in self.found else decode(content, str(image))

        workers = available_cores()
        with ThreadPoolExecutor(workers) as pool:
            for index, future in enumerate(in_order(pool, look, images, workers * AHEAD)):
                try:
                    known, pixels = future.result()
                except SeqtasksError as error:
                    unreadable[index], known, pixels = error, "", None
                digests.append(known)
                if pixels is not None and known not in self.found:
                    waiting[known] = pixels
                if len(waiting) == PART:
                    self._add(waiting, compute)
                    waiting = {}
        if waiting:
            self._add(waiting, compute)
        blank = frozenset(index for index, known in enumerate(digests) if known in self.blank)
        return CachedFeatures(tuple(self.found.get(known) for known in digests), unreadable, blank)

    def _add(self, pixels: dict[str, Tensor], compute: Compute) -> None:
        digests, inputs = list(pixels), list(pixels.values())
        features: list[Tensor] = []
        blank: list[str] = []
        for start in range(0, len(inputs), BATCH):
            batch = torch.stack(inputs[start : start + BATCH])
            features.append(compute(batch))
            blank += [digests[start + place] for place in blank_images(batch).nonzero()[:, 0].tolist()]
        values = torch.cat(features).cpu().numpy()
        part = self.folder / digest("".join(digests).encode())
        try:
            with atomic_directory(part) as folder:
                np.save(folder / VALUES, values)
                known = {"pictures": digests, "crc32": checksum(values), "blank": blank}
                (folder / PICTURES).write_text(json.dumps(known), encoding="utf-8")
        except OSError as error:
            raise SeqtasksError(
                f"{part} cannot be written: {error.strerror or error}.",
                f"{len(digests)} images need {values.nbytes / 2**20:.0f} MB there.",
            ) from error
        self._open(part)

    def _open(self, part: Path) -> None:
        """Takes note of what a part holds; a damaged one holds nothing and will be computed again.

        Parts of 0.1 are a list of the images and have no checksum. Those of 0.2 do not say which images are blank.
        """
        try:
            told = json.loads((part / PICTURES).read_text(encoding="utf-8"))
            values = np.asarray(np.load(part / VALUES, mmap_mode="r", allow_pickle=False))
            digests = told if isinstance(told, list) else told["pictures"]
            whole = isinstance(told, list) or told["crc32"] == checksum(values)
            blank = set() if isinstance(told, list) else set(told.get("blank", ()))
        except (OSError, ValueError, EOFError, KeyError, TypeError):
            digests, values, whole, blank = [], np.empty(0), False, set()
        if not (whole and values.ndim == 3 and isinstance(digests, list) and len(digests) == len(values)):
            warnings.warn(f"{part} is damaged: its features are recomputed.", stacklevel=2)
            return
        self.blank |= blank
        self.found.update((str(known), (values, row)) for row, known in enumerate(digests))


def checksum(values: NDArray[Any]) -> int:
    """Of numbers and shape: a part was damaged where it is another one. Takes a second for two gigabytes."""
    return crc32(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data, crc32(str(values.shape).encode()))


def digest(content: bytes) -> str:
    """The first 40 hexadecimal digits of the content's SHA-256."""
    return hashlib.sha256(content).hexdigest()[:40]


def in_order(
    pool: ThreadPoolExecutor, function: Callable[[Item], Result], items: Sequence[Item], ahead: int
) -> Iterator[Future[Result]]:
    """A future for each item, at most `ahead` of them begun before they are asked for."""
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) == ahead:
            yield pending.popleft()
    yield from pending
