"""Captioned images in tar shards, in the layout of WebDataset, as img2dataset writes them.

Members that are called alike but for their suffix are one sample: `000/a.jpg` with `000/a.txt`, a caption a line, or
with `000/a.json`, which holds `caption` or `captions`, and may hold `split`.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

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
TEXTS = (".txt", ".json")
"""Suffixes of members with captions; the first one that is there counts."""


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
        with open_shard(shard) as file:
            samples: dict[str, list[TarMember]] = {}  # tar itself does not keep files together as WebDataset does
            for member in tar_members(shard):
                samples.setdefault(posixpath.splitext(member.name)[0], []).append(member)
            for key, members in samples.items():
                if not is_of_system(posixpath.basename(key)):
                    yield from read_sample(file, members, skipped, images, columns)


def read_sample(
    file: BinaryIO, members: list[TarMember], skipped: ReadReport, images: ReadReport, columns: Columns
) -> Iterator[Caption]:
    """The captions of one sample, out of the open archive; other members, without an image, are none."""
    by_suffix = {posixpath.splitext(member.name)[1].lower(): member for member in members}
    image = next((member for suffix, member in by_suffix.items() if suffix in ENDINGS | UNSUPPORTED), None)
    if image is None:
        return
    text = next((by_suffix[suffix] for suffix in TEXTS if suffix in by_suffix), None)
    rows = [] if text is None else list(rows_in(file, text, columns))
    if not rows:
        images.read += 1
        images.skip("without captions", str(image))
    for caption in captions_of(rows, skipped):
        yield replace(caption, image=image.name, member=image)


def rows_in(file: BinaryIO, text: TarMember, columns: Columns) -> Iterator[Row]:
    """The captions in one member; one row without a caption where it is too large, no text, or no object."""
    content = None
    if text.size <= MAX_TEXT_BYTES:
        file.seek(text.offset)
        content = decoded(file.read(text.size))
    if text.name.lower().endswith(".json"):
        fields = {} if content is None else parse_json_object(content) or {}
        for row in rows_of(str(text), 1, fields, {"caption": columns.get("caption")}):
            yield replace(row, image=IMAGE)
    elif content is None:
        yield Row(str(text), 1, IMAGE, None)
    else:
        for number, line in enumerate(content.split("\n"), 1):
            if line.strip():
                yield Row(str(text), number, IMAGE, line)


def decoded(content: bytes) -> str | None:
    """A text in UTF-8; None for anything else."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def open_shard(shard: Path) -> BinaryIO:
    """The file of a shard; what is wrong with it `tar_members` tells."""
    try:
        return open(shard, "rb")
    except OSError:
        tar_members(shard)
        raise
