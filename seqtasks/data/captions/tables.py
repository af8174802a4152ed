"""Captions out of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seqtasks.data.captions.source import ROLES, VIDEO_LINES, CaptionReader, Columns, Row
from seqtasks.data.columns import describe_columns, named_columns, requested_columns, text_columns
from seqtasks.data.table_rows import Cells
from seqtasks.data.tables import DELIMITERS, Table, open_table
from seqtasks.data.text_io import read_lines
from seqtasks.errors import SeqtasksError

NUMBER = re.compile(r"#\d+$")
"""Flickr's number of a caption, behind the name of its image."""
IMAGE_NAME = re.compile(r"[^\s].*\.\w{2,5}(#\d+)?|\S*[^\s.]\.\w", re.ASCII | re.DOTALL)
"""What the name of an image looks like."""
VIDEO_NAMES = frozenset({"video", "videoid", "video_id"})
"""What the column of a video is called, as in MSVD's `video_corpus.csv`."""
SURE_ROWS = 3
"""So many rows of the same width are no accident: none of their delimiters is part of a caption."""


class CaptionColumns(NamedTuple):
    """The places of the columns, from 0."""

    image: int
    caption: int
    split: int | None
    open_end: bool
    """Whether what stands behind the caption's column belongs to the caption: delimiters there need no quotes."""


class TableReader(CaptionReader, kind="table"):
    """A table; see `seqtasks.data.tables`.

    Raises:
        SeqtasksError: It is not clear which columns are meant.
    """

    def read(self, path: Path, columns: Columns) -> Iterator[Row]:
        """A row for each line of the table; broken lines come with empty cells, so that they are reported."""
        table, (image, caption, split, open_end) = open_captions(path, columns)
        self.columns_taken = describe_columns(path, (image, caption), table.header, table.width)
        file, least = str(path), max(image, caption) + 1
        nothing = [""] * max(least, (split or 0) + 1)
        for number, cells, problem in table.rows:
            if open_end and len(cells) > least:
                cells = [*cells[:caption], table.delimiter.join(cells[caption:])]
            elif (problem and not cells) or len(cells) < least or (table.header and len(cells) != table.width):
                cells = nothing
            name = cells[image] if table.header else NUMBER.sub("", cells[image])
            yield Row(file, number, name, cells[caption], None if split is None else cells[split])


def open_captions(path: Path, columns: Columns) -> tuple[Table, CaptionColumns]:
    """Opens a table of captions and finds its columns.

    Columns that were asked for come first, then usual names. In a table without names the images are the column of what
    looks like names of files, and the captions that of texts.

    Raises:
        SeqtasksError: It is not clear which columns are meant, or one that was asked for is not there.
    """
    requested = {role.name: columns.get(role.name) for role in ROLES}
    asked = [column for column in requested.values() if column is not None]
    delimiter = None if asked else delimiter_behind_image(next(read_lines(path), ""))
    header = False if delimiter else True if any(isinstance(column, str) for column in asked) else None
    table = open_table(path, ROLES, header=header, delimiter=delimiter)
    names = table.header or ("",) * table.width
    found = named_columns(names, ROLES) | requested_columns(path, names, requested)
    even = len(table.sample) >= SURE_ROWS and all(len(cells) == table.width for cells in table.sample)
    image_first = delimiter is not None and (delimiter == "\t" or table.width < 3 or not even)
    if image_first:
        found = {"image": 0, "caption": 1}
    elif not table.header:
        found = columns_by_cells(table) | found
    if "image" not in found or "caption" not in found or found["image"] == found["caption"]:
        if any(name.strip().lower() in VIDEO_NAMES for cells in (names, *table.sample[:1]) for name in cells):
            raise SeqtasksError(f"{path}: these are captions of videos, as MSVD's, and not of images.", VIDEO_LINES)
        raise SeqtasksError(
            f"{path}:1: the first row is neither a header nor an image and its caption. {table.describe()}".rstrip(),
            "Write a table with the columns image and caption, or an image's name, a tab and its caption a line; "
            "or say which columns they are: --image-column 1 --caption-column 2 (image_column, caption_column in a "
            "configuration).",
        )
    last = image_first or (table.header is not None and found["caption"] == table.width - 1)
    return table, CaptionColumns(
        found["image"], found["caption"], found.get("split"), open_end=last and table.delimiter != "\t"
    )


def delimiter_behind_image(line: str) -> str | None:
    """What stands behind the name of an image, with which a line begins; None where it does not."""
    for delimiter in ("\t", *DELIMITERS):
        name, found, _ = line.partition(delimiter)
        if found and IMAGE_NAME.fullmatch(name.strip(' "')):
            return delimiter
    return None


def columns_by_cells(table: Table) -> dict[str, int]:
    """The column of names of files and that of texts, where there is one of each."""

    def are_names(cells: Cells) -> bool:
        return bool(cells) and all(IMAGE_NAME.fullmatch(cell.strip()) and not cell.endswith(".") for cell in cells)

    rows = [cells for cells in table.sample if len(cells) == table.width]
    images = [place for place in range(table.width) if are_names([cells[place] for cells in rows])]
    texts = [place for place in text_columns(table.sample, table.width) if place not in images]
    return {"image": images[0], "caption": texts[0]} if len(images) == len(texts) == 1 else {}
