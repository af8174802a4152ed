"""What readers of captions give, and what the columns and keys are called that they look for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seqtasks.data.column_names import Role
from seqtasks.data.reader import Reader

Columns = Mapping[str, str | int | None]
"""The columns, or keys, that were asked for, by name or by number from 1: of the `image`, of the `caption`."""

IMAGE = Role(
    "image",
    (
        "image", "image_name", "file_name", "filename", "image_path", "image_file", "img",
        "file", "path", "file_path", "filepath", "photo", "picture",
    ),
)  # fmt: skip
CAPTION = Role("caption", ("caption", "captions", "comment", "text", "description", "sentence"))
SPLIT_KEY = "split"
ROLES = (IMAGE, CAPTION, Role("split", (SPLIT_KEY,)))
VIDEO_LINES = (
    'Write JSON lines, one per video, and train video-captioning on them: {"video": "video0.mp4", "captions": '
    '[{"start": 0, "end": 1000, "caption": ["A car is shown."]}]}; an end may be after that of the video.'
)
"""What to do with captions of videos."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a file says of one caption, unchecked."""

    file: str
    number: int
    """Of the line, or of the entry in a JSON list, from 1."""
    image: object
    text: object
    split: object = None
    rejection: str = ""
    """Why whoever made the file does not want it to be used."""


class CaptionReader(Reader):
    """A format of files of captions."""

    columns_taken = ""
    """Which columns of the file are read, once it is open, where it has some to choose from; for people."""

    @abstractmethod
    def read(self, path: Path, columns: Columns) -> Iterator[Row]:
        """The rows of a file, one for each caption.

        Args:
            path: The file, plain or compressed.
            columns: What was asked for, by role (`image`, `caption`): a column's or key's name, or its number from 1.
        """
