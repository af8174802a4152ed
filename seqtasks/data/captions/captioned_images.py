"""Images with their captions, out of the layouts that captions come in, with their official splits."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath

from seqtasks.data.captions.readers import Format, read_captions
from seqtasks.data.captions.splits import of_split
from seqtasks.data.captions.tar_shards import find_shards, read_shards
from seqtasks.data.examples import ReadReport
from seqtasks.data.holdout import train_validation_split
from seqtasks.errors import SeqtasksError
from seqtasks.image.folders import ENDINGS, images_below
from seqtasks.registry import ConfigModel
from seqtasks.storage.presence import is_dir, is_file
from seqtasks.storage.tar_archive import TarMember

__all__ = ["CaptionReadReport", "CaptionSource", "CaptionedImage", "read_captioned_images"]

TABLES = (
    "captions.txt",
    "captions.csv",
    "captions.tsv",
    "captions.jsonl",
    "captions.json",
    "captions.parquet",
    "metadata.csv",
    "metadata.jsonl",
    "metadata.parquet",
    "Flickr8k.token.txt",
    "results_20130124.token",
    "results.csv",
    "dataset.json",
)
"""Files of captions that are found in the folder of the images, or beside it, when none is given."""

BESIDE = 100
"""So many images are looked at for whether their captions lie beside them."""


@dataclass(frozen=True, slots=True)
class CaptionedImage:
    """An image and its captions."""

    image: Path | TarMember
    captions: tuple[str, ...]
    """At least one, in the order of the file, each one line."""


class CaptionSource(ConfigModel):
    """Where images and their captions come from."""

    images: Path
    """The folder of the images. A name without a folder is found in the folders below as well. Or tar shards with
    images and captions, as WebDataset has them: an archive, a folder or a pattern of them: `shard-{000..099}.tar`."""
    captions: Path | None = None
    """The file of captions (see `seqtasks.data.captions.readers`); without one, a file with a usual name in `images` or
    next to it. A pattern means several files: `part-*.parquet`."""
    split: str | None = None
    """train, validation (or dev, val), test, as the captions or lists next to them (`Flickr_8k.trainImages.txt`,
    `train.txt`) say; or the path of a list, one image per line; or all images."""
    format: Format = "auto"
    """Format of the captions; "auto" looks at the file."""
    image_column: str | int | None = None
    """The column of a table, by name or number from 1, or the key in JSON, of the image's name; detected by default."""
    caption_column: str | int | None = None
    """The same for the caption."""


def caption_source(paths: Sequence[Path], split: str | None = None) -> CaptionSource:
    """The folder of the images and, where it does not hold them under a usual name, the file of their captions."""
    if is_file(paths[0]) and not find_shards(paths[0]):
        raise SeqtasksError(f"{paths[0]} is a file; give the folder of the images first, then the file of captions.")
    if find_shards(paths[0]) and len(paths) > 1 and find_shards(paths[1]):
        raise SeqtasksError(
            f"{paths[1]} is one archive too many.",
            f"Give several of them as a pattern, such as '{paths[0].parent}/*.tar'.",
        )
    if len(paths) > 2:
        raise SeqtasksError(f"{paths[2]} is one argument too many: give one folder of images and one file of captions.")
    return CaptionSource(images=paths[0], captions=paths[1] if len(paths) == 2 else None, split=split)


class CaptionReadReport(ReadReport):
    """Counts captions, told by file and line, and images that are left out with all their captions, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.images = ReadReport()
        """The images, by name."""

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not (self.skipped or self.images.skipped)

    def describe(self) -> str:
        """Human-readable: `captions: skipped 0 of 30,000; images: skipped 2 of 6,000: 2 missing (a.jpg, b.jpg)`."""
        return f"captions: {super().describe()}; images: {self.images.describe()}"


def read_captioned_images(source: CaptionSource, skipped: CaptionReadReport) -> list[CaptionedImage]:
    """The images of a source that are there, in the order of the captions, each with all of its own.

    Images are looked for and not opened: whoever finds a broken one calls `skipped.images.skip`.

    Raises:
        SeqtasksError: The folder, the captions or the split cannot be found or read (see `read_captions`); a name
            leaves the folder of the images; no image is left.
    """
    shards = shards_of(source)
    if not (shards or is_dir(source.images)):
        raise SeqtasksError(
            f"{source.images}: there is no such folder.", "Relative paths are resolved against the current directory."
        )
    table = shards[0] if shards else source.captions or find_table(source.images)
    columns = {"image": source.image_column, "caption": source.caption_column}
    captions = list(
        read_shards(shards, skipped, skipped.images, columns)
        if shards
        else read_captions(table, skipped, source.format, columns)
    )
    gathered: dict[str | TarMember, list[str]] = {}
    for caption in of_split(captions, source.split, table, source.images, skipped.images):
        gathered.setdefault(caption.member or caption.image, []).append(caption.text)
    skipped.images.read += len(gathered)
    folder = ImageIndex(source.images)
    images = []
    for name, texts in gathered.items():
        if isinstance(name, TarMember):
            images.append(CaptionedImage(name, tuple(texts)))
            continue
        match folder.find(name):
            case [path]:
                images.append(CaptionedImage(path, tuple(texts)))
            case []:
                skipped.images.skip(*folder.missing(name))
            case _:
                skipped.images.skip("in several folders", name)
    if not images:
        wanted = f" of the split {source.split}" if source.split else ""
        raise SeqtasksError(
            f"{table}: none of its images{wanted} is usable in {source.images} ({skipped.describe()}).",
            "The captions have to name images by their path relative to the folder of the images.",
        )
    return images


def shards_of(source: CaptionSource) -> list[Path]:
    """The tar shards that a source means; none for a folder of images with a file of captions under a usual name.

    Raises:
        SeqtasksError: A file of captions is given beside archives, or no file matches a pattern.
    """
    if is_dir(source.images) and (source.captions or any((source.images / name).is_file() for name in TABLES)):
        return []
    shards = find_shards(source.images)
    if shards and source.captions:
        raise SeqtasksError(
            f"{source.captions}: the captions of tar shards ({source.images}) are in the shards.",
            "Leave out the file of captions, or unpack the images.",
        )
    return shards


def split_captioned_images(
    images: Sequence[CaptionedImage], validation_split: float, seed: int
) -> tuple[list[CaptionedImage], list[CaptionedImage]]:
    """Splits images into those to train on and those to validate on; see `train_validation_split`.

    An image's name and the seed alone decide how early it is chosen, so that few images change sides when others
    come or go, and none when the folder moves.

    Args:
        images: In the order of the data.
        validation_split: The share that is held out, or a number of images.
        seed: The same seed splits alike.

    Returns:
        The images to train on and those to validate on.

    Raises:
        SeqtasksError: There are fewer than two images.
    """
    if len(images) < 2:
        raise SeqtasksError("A single image cannot be used both for training and for validation.", "Give more images.")
    digests = [hashlib.sha256(f"{seed}/{each.image.name}".encode()).digest() for each in images]
    alone = list(zip(digests, range(len(images)), strict=True))  # images of one name are different ones
    return train_validation_split(images, validation_split, seed, groups=alone, shuffle=False)


class ImageIndex:
    """Finds images by the names that files of captions give them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = f"{folder.absolute().name}/"

    def find(self, name: str) -> list[Path]:
        """The images that a name can mean, most often one; `photos/a.jpg` finds `a.jpg` where this is `photos`."""
        for inner in (name, name.removeprefix(self.prefix)):
            if os.path.isfile(self.folder / inner):
                return [self.folder / inner]
        return self.below.get(name, [])

    def missing(self, name: str) -> tuple[str, str]:
        """Why an image is not found, and what to call it: most often a file of nearly that name is there."""
        bare = PurePosixPath(name).name
        near = self.near.get(as_systems_may_have_it(bare), bare)
        return ("missing", name) if near == bare else ("not found under its exact name", f"{name}, but {near} is there")

    @cached_property
    def near(self) -> dict[str, str]:
        """The files, by what their names have in common where systems compose letters or keep capitals otherwise."""
        top = os.listdir(self.folder)
        return {as_systems_may_have_it(name): name for name in (*self.below, *top)}

    @cached_property
    def below(self) -> dict[str, list[Path]]:
        """The files in all folders below by their bare names; neither links to folders nor hidden ones are entered."""
        found: dict[str, list[Path]] = {}
        for path, folders, files in os.walk(self.folder):
            folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
            for name in files:
                found.setdefault(name, []).append(Path(path, name))
        return found


def as_systems_may_have_it(name: str) -> str:
    """A name without the differences of systems: `Café.JPG` is decomposed by macOS, and Windows ignores capitals."""
    return unicodedata.normalize("NFC", name).casefold()


def find_table(images: Path) -> Path:
    """The file of captions of a folder of images, or the folder itself where texts lie beside the images."""
    places = (images, images.absolute().parent)
    for path in (place / name for place in places for name in TABLES):
        if path.is_file():
            return path
    if any(image.with_suffix(".txt").is_file() for image in islice(images_below(str(images), ENDINGS), BESIDE)):
        return images
    raise SeqtasksError(
        f"{images}: there is no file of captions in this folder or next to it.",
        f"Give its path as captions, or one of these names: {', '.join(TABLES)}; or a .txt file next to each image.",
    )
