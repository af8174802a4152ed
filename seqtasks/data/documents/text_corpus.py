"""Texts to learn language from, as they are: whole files, or many documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from seqtasks.data.documents.readers import DocumentSource, is_table, read_documents
from seqtasks.data.examples import ReadReport
from seqtasks.data.files.patterns import is_pattern, read_each
from seqtasks.data.text_io import read_file, read_files
from seqtasks.registry import ConfigModel
from seqtasks.storage.presence import is_dir
from seqtasks.text.tokenizers.document import normalize_document

ADDRESSES = re.compile(r"https?://\S+")
SAMPLE = 10_000
"""Characters of a file that are looked at for whether there are texts in it."""
FEATURES = ".feat"
"""With which the files of bags of words end that lie beside the reviews of IMDb, as those of their addresses do."""


class TextSource(ConfigModel):
    """A file that is one long text; a table (.tsv, .csv, .jsonl, .parquet) of documents; or a folder, a text a file.

    Any file may be compressed (.gz or .zst behind its suffix).
    """

    path: Path
    """The file or folder, or a pattern of files: `books/*.txt`, `part-*.parquet`."""
    text_column: str | int | None = None
    """The column, or the key, of a table's texts: its name, or its number from 1; by default one of the usual names."""

    @property
    def is_one_text(self) -> bool:
        """Whether it is one long text rather than documents."""
        return not (is_pattern(self.path) or is_dir(self.path) or is_table(self.path))


def read_texts(source: TextSource, skipped: ReadReport) -> Iterator[str]:
    """The texts of a source that are not empty, normalized, in the order of the table or of the files' names.

    Raises:
        SeqtasksError: For what is not there or cannot be unpacked, a file that is no UTF-8 text, a missing column.
    """
    for text in read_raw(source, skipped):
        tidied = normalize_document(text)
        if tidied.strip():
            yield tidied
        else:
            skipped.skip("empty text")


def read_raw(source: TextSource, skipped: ReadReport) -> Iterator[str]:
    """The texts of a source as they are written: a file whole, each file of a folder, or each document's text.

    Raises:
        SeqtasksError: The file that is read whole is not UTF-8.
    """
    if is_pattern(source.path):
        yield from read_each(
            source.path, skipped, lambda file: read_raw(source.model_copy(update={"path": file}), skipped)
        )
    elif source.is_one_text:
        skipped.reach(str(source.path), 1)
        yield read_file(source.path)
    elif is_dir(source.path):
        for file, text in read_files(source.path, skipped):
            if file.suffix == FEATURES or (text.strip() and not ADDRESSES.sub("", text[:SAMPLE]).strip()):
                skipped.skip("file of addresses or features")
            else:
                yield text
    else:
        for document in read_documents(DocumentSource(path=source.path, text_column=source.text_column), skipped):
            yield document.text
