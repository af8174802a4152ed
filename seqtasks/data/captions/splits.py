"""Official splits of captioned images, as captions or lists beside them have them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from seqtasks.data.captions.readers import Caption
from seqtasks.data.examples import ReadReport
from seqtasks.data.text_io import read_lines
from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import is_file

SPLITS = {
    "train": "train",
    "restval": "train",  # Karpathy's: COCO's validation images that everybody trains on
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
"""What files call the splits, and which one they mean."""


def of_split(
    captions: list[Caption], wanted: str | None, table: Path, folder: Path, images: ReadReport
) -> Iterable[Caption]:
    """The captions of the images of a split.

    Args:
        captions: All captions.
        wanted: What it is called, or the path of a list of its images; None for all of them.
        table: The file of the captions, beside which such lists may be.
        folder: The folder of the images, where they may be as well.
        images: Counts images that are left out.

    Raises:
        SeqtasksError: Nothing says which images those are.
    """
    if wanted is None:
        return captions
    split = SPLITS.get(wanted.lower())
    if split is not None and any(caption.split for caption in captions):
        unknown = dict.fromkeys(caption.image for caption in captions if caption.split not in SPLITS)
        images.read += len(unknown)
        for name in unknown:
            images.skip("without a known split", name)
        return (caption for caption in captions if SPLITS.get(caption.split or "") == split)
    listed = Path(wanted) if split is None else find_list(split, table, folder)
    return on_list(captions, listed, images)


def find_list(split: str, table: Path, images: Path) -> Path:
    """The list of a split's images, in Flickr8k's layout or simply called as the split is."""
    words = [word for word, meaning in SPLITS.items() if meaning == split]
    for place in (table.absolute().parent, images):
        for word in words:
            for path in (*sorted(place.glob(f"*{word}Images.txt")), place / f"{word}.txt"):
                if path.is_file() and path.name != table.name:
                    return path
    raise SeqtasksError(
        f"{table}: the captions do not say which images are for {split}, and no list of them was found.",
        f"Give the path of a list as split, or write {words[0]}.txt there, with one image name per line.",
    )


def on_list(captions: list[Caption], path: Path, images: ReadReport) -> list[Caption]:
    """The captions whose images stand on a list; the list may leave out the endings of names."""
    if not is_file(path):
        raise SeqtasksError(
            f"{path}: there is no such split and no such file.",
            "split is train, validation, test, or the path of a list with one image name per line.",
        )
    listed = dict.fromkeys(PureWindowsPath(line.strip()).as_posix() for line in read_lines(path) if line.strip())
    chosen = [each for each in captions if each.image in listed or without_ending(each.image) in listed]
    captioned = {name for each in chosen for name in (each.image, without_ending(each.image))}
    for name in listed:
        if name not in captioned:
            images.read += 1
            images.skip("without captions", name)
    return chosen


def without_ending(name: str) -> str:
    """`a/b.jpg` as `a/b`."""
    return posixpath.splitext(name)[0]
