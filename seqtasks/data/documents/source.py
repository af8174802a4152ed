"""Documents, and where they come from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from seqtasks.data.examples import ReadReport
from seqtasks.data.reader import Reader
from seqtasks.registry import ConfigModel


@dataclass(frozen=True, slots=True)
class Document:
    """A text and its labels, as in the data."""

    text: str
    labels: tuple[str, ...] = ()
    place: str = ""
    """Its file, and behind a colon the line in it where a file holds several."""


class DocumentSource(ConfigModel):
    """A file or a folder of documents; `read_documents` says which forms are known."""

    path: Path
    """The file or folder, or a pattern of files: `part-*.parquet`, `part-{00..15}.tsv`."""
    text_column: str | int | None = None
    """The column, or the key, of the text: its name, or its number from 1; by default one of the usual names."""
    label_column: str | int | None = None
    """The same for the label."""
    header: bool | None = None
    """Whether the first row of a table is a header; detected by default."""
    format: str | None = None
    """The format, such as "csv", where the suffix of a file does not say it."""
    label_separator: str | None = Field(default=None, min_length=1)
    """Separator of the labels in a cell of a table; without it, a cell is one label."""


class DocumentReader(Reader):
    """A format of files of documents."""

    @abstractmethod
    def read(self, source: DocumentSource, skipped: ReadReport) -> Iterator[Document]:
        """The documents of the file `source.path`."""


def label_names(written: Iterable[str]) -> tuple[str, ...]:
    """Labels as they are called, each once: on one line, with single blanks; empty ones are none."""
    return tuple(dict.fromkeys(label for each in written if (label := " ".join(each.split()))))


def with_labels(documents: Iterable[Document], skipped: ReadReport, *, multi_label: bool) -> Iterator[Document]:
    """Leaves out what cannot be trained on or measured: where one label has to hold, other numbers of labels."""
    for document in documents:
        if multi_label or len(document.labels) == 1:
            yield document
        else:
            skipped.skip("several labels" if document.labels else "document without label")
