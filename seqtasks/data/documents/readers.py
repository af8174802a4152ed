"""Documents with labels out of files and folders, one after the other: nothing is kept in memory.

| form | what it looks like |
|---|---|
| .tsv, .csv | columns that a first line names, as `text` and `label` or usual words for them; or two columns |
| .jsonl | `{"text": "...", "label": "..."}` a line; the label may be a list of labels |
| .parquet | the same in the rows of Parquet; the names of labels out of what Hugging Face says of a `ClassLabel` |
| other files | a label, a blank or tab, the text (Stanford's sentiment sentences), or `__label__a __label__b text` |
| a folder of folders | each folder is a class, each file in it a document; `unsup` of the IMDb reviews is skipped |
| a folder of files | each .txt file is a class, each line in it a document |

Any other file may be compressed (.gz or .zst behind its suffix). Every reader counts documents in a `ReadReport` and
leaves out those that are broken or empty, with the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePath

from seqtasks.data.documents import tables as tables  # registers the readers
from seqtasks.data.documents.labelled_lines import read_labelled_lines
from seqtasks.data.documents.source import Document, DocumentReader, DocumentSource, label_names, with_labels
from seqtasks.data.examples import ReadReport
from seqtasks.data.files.compression import uncompressed_name
from seqtasks.data.files.foreign_files import foreign_by_name
from seqtasks.data.files.patterns import is_pattern, read_each
from seqtasks.data.text_io import (
    clean_string,
    files_below,
    is_of_system,
    reach_lines,
    read_files,
    require_file,
    uncompressed_suffix,
)
from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import is_dir

__all__ = ["Document", "DocumentSource", "is_table", "read_documents", "with_labels"]

UNLABELED = "unsup"
"""The folder of reviews without labels beside those of the classes (Maas et al. 2011)."""
SPLITS = frozenset({"train", "training", "test", "testing", "dev", "val", "valid", "validation"})
"""What folders of splits are called: they are no classes."""


def read_documents(source: DocumentSource, skipped: ReadReport) -> Iterator[Document]:
    """The documents of one source that are not empty, in the order of the file, or in that of the files' names.

    Raises:
        SeqtasksError: At once for what is not there, a folder without classes, columns that are not in a table; while
            reading for lines that are not UTF-8, and damaged compression.
    """
    path = source.path
    if is_pattern(path):
        return read_each(path, skipped, lambda file: read_documents(source.model_copy(update={"path": file}), skipped))
    if is_dir(path):
        return with_text(read_folder(path, skipped), skipped)
    require_file(path)
    reader = DocumentReader.for_file(path, source.format)
    if reader is None and (problem := foreign_by_name(path)):
        raise problem
    documents = read_labelled_lines(path, skipped) if reader is None else reader.read(source, skipped)
    return with_text(documents, skipped)


def is_table(path: Path) -> bool:
    """Whether the suffix of a file gives the layout of its documents."""
    return DocumentReader.for_file(path) is not None


def with_text(documents: Iterator[Document], skipped: ReadReport) -> Iterator[Document]:
    """The documents that are not blank; the others are counted by `skipped`."""
    for document in documents:
        if document.text.strip():
            yield document
        else:
            skipped.skip("empty text")


def read_folder(path: Path, skipped: ReadReport) -> Iterator[Document]:
    """A folder a class, or a file a class."""
    inside = sorted(child for child in path.iterdir() if not is_of_system(child.name))
    classes = [child for child in inside if child.is_dir() and child.name != UNLABELED]
    if classes and SPLITS.issuperset(child.name.lower() for child in classes):
        raise SeqtasksError(
            f"{path} holds {' and '.join(child.name for child in classes)}, which are not class folders.",
            f"Give one of them, such as {classes[-1]}.",
        )
    if classes:
        skip_unlabeled(path / UNLABELED, skipped)
        return chain.from_iterable(read_class(child, skipped) for child in classes)
    files = [child for child in inside if uncompressed_suffix(child) == ".txt"]
    if not files:
        raise SeqtasksError(
            f"{path} holds neither folders nor .txt files.",
            "Use one folder per class, or one .txt file per class with one document per line.",
        )
    return chain.from_iterable(read_class_lines(file, skipped) for file in files)


def skip_unlabeled(folder: Path, skipped: ReadReport) -> None:
    """Counts the documents of a folder without labels, if there is one; they are not opened."""
    for file in files_below(folder):
        skipped.reach(str(file), 1)
        skipped.skip("unlabeled document")


def read_class(folder: Path, skipped: ReadReport) -> Iterator[Document]:
    """A file a document, in inner folders too; the class is called as the folder."""
    labels = named_class(folder, folder.name)
    return (Document(text, labels, str(file)) for file, text in read_files(folder, skipped))


def read_class_lines(file: Path, skipped: ReadReport) -> Iterator[Document]:
    """A line a document; the class is called as the file."""
    labels = named_class(file, PurePath(uncompressed_name(file.name)).stem)
    for number, line in reach_lines(file, skipped):
        yield Document(line.strip(), labels, f"{file}:{number}")


def named_class(path: Path, name: str) -> tuple[str, ...]:
    """The label that a folder or a file stands for.

    Raises:
        SeqtasksError: Its name is no text.
    """
    label = clean_string(name)
    if label is None:
        raise SeqtasksError(f"{path}: the name of this class is not UTF-8.", "Rename it.")
    return label_names([label])
