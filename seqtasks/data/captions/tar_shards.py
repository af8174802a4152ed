"""Captioned images in tar shards, in the layout of WebDataset, as img2dataset writes them.

Members that are called alike but for their suffix are one sample: `000/a.jpg` with `000/a.txt`, a caption a line, or
with `000/a.json`, which holds `caption` or `captions`, and may hold `split`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from seqtasks.data.captions.readers import Caption, captions_of, rows_of
from seqtasks.data.captions.source import Columns, Row
from seqtasks.data.examples import ReadReport
from seqtasks.data.files.patterns import is_pattern, matching_files
from seqtasks.data.json_lines import parse_json_object
from seqtasks.data.text_io import is_of_system
from seqtasks.image.folders import ENDINGS, UNSUPPORTED
from seqtasks.storage.presence import is_dir
from seqtasks.storage.tar_archive import COMPRESSED, SUFFIX, TarMember, tar_members

STREAMED = 20_000
"""From so many images in shards on they are opened only when they are trained on."""
MAX_TEXT_BYTES = 2**20
"""Bytes of a member with captions; a larger one is none."""
IMAGE = "image"
"""What rows call the image, whose name in the archive is no path that could be wrong."""
IMAGES = frozenset(ending.removeprefix(".") for ending in ENDINGS | UNSUPPORTED)
REMEMBERED = 1024
"""So many shards are not read again by the same process."""


def find_shards(images: Path) -> list[Path]:
    """The shards that a source means: an archive, a pattern of archives, or those in a folder; none where it has none.

    Raises:
        SeqtasksError: No file matches the pattern.
    """
    if is_dir(images):
        names = sorted(name for name in os.listdir(images) if not is_of_system(name))
        return [images / name for name in names if name.lower().endswith((SUFFIX, *COMPRESSED))]
    if images.name.lower().endswith((SUFFIX, *COMPRESSED)):
        return matching_files(images) if is_pattern(images) else [images]
    return []


def read_shards(shards: list[Path], skipped: ReadReport, images: ReadReport, columns: Columns) -> Iterator[Caption]:
    """The captions in tar shards, each with the member that is its image.

    Args:
        shards: The archives.
        skipped: Counts captions that are left out.
        images: Counts images that are left out, by name.
        columns: The key of the `caption` in JSON that was asked for.

    Raises:
        SeqtasksError: A shard cannot be read, or is compressed.
    """
    for shard in shards:
        try:
            found = os.stat(shard)
        except OSError:
            tar_members(shard)  # which tells what is wrong
            raise
        captions, report, left_out = captions_in(shard, (found.st_size, found.st_mtime_ns), columns.get("caption"))
        yield from captions
        skipped.add(report)
        images.add(left_out)


@lru_cache(maxsize=REMEMBERED)
def captions_in(
    shard: Path, state: tuple[int, int], column: str | int | None
) -> tuple[list[Caption], dict[str, Any], dict[str, Any]]:
    """The captions of a shard in this state, and the reports on captions and images that were left out.

    They are asked for again and again before training: for its size, for splits, for the examples.
    """
    captions, skipped, images = list[Caption](), ReadReport(), ReadReport()
    names: dict[str, str] = {}
    samples: dict[str, dict[str, TarMember]] = {}  # tar itself does not keep files together as WebDataset does
    for member in tar_members(shard):
        key, _, suffix = member.name.rpartition(".")
        samples.setdefault(key, {})[suffix.lower()] = member
    with open(shard, "rb") as file:
        for key, members in samples.items():
            image = next((members[suffix] for suffix in members if suffix in IMAGES), None)
            if image is None or is_of_system(key.rpartition("/")[2]):
                continue
            text = members.get("txt") or members.get("json")
            rows = [] if text is None else list(rows_in(file, text, column))
            if not rows:
                images.read += 1
                images.skip("without captions", str(image))
            for caption in captions_of(rows, skipped, names):
                captions.append(Caption(image.name, caption.text, caption.split, image))
    return captions, skipped.state(), images.state()


def rows_in(file: BinaryIO, text: TarMember, column: str | int | None) -> Iterator[Row]:
    """The captions in one member; one row without a caption where it is too large, no text, or no object."""
    content, place = None, str(text)
    if text.size <= MAX_TEXT_BYTES:
        file.seek(text.offset)
        content = decoded(file.read(text.size))
    if text.name.lower().endswith(".json"):
        fields = {} if content is None else parse_json_object(content) or {}
        for row in rows_of(place, 1, fields, {"caption": column}):
            yield replace(row, image=IMAGE)
    elif content is None:
        yield Row(place, 1, IMAGE, None)
    else:
        for number, line in enumerate(content.split("\n"), 1):
            if line.strip():
                yield Row(place, number, IMAGE, line)


def decoded(content: bytes) -> str | None:
    """A text in UTF-8; None for anything else."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
