"""The formats of documents: their names, the endings of their files, and what reads them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from seqtasks.documents.document import MAX_BYTES, Document, DocumentOptions
from seqtasks.errors import SeqtasksError


class Format(NamedTuple):
    """A format."""

    suffixes: tuple[str, ...]
    module: str
    reader: str
    container: bool = False
    """Whether it is no text, so that it is not written to standard output."""
    asked_for: bool = False
    """Whether a file of this ending is such a document only where a user says so."""


FORMATS: Final[dict[str, Format]] = {
    "html": Format((".html", ".htm", ".xhtml"), "html", "read_html"),
    "markdown": Format((".md", ".markdown"), "markdown", "read_markdown"),
    "text": Format((".txt",), "plain_text", "read_plain_text", asked_for=True),
    "srt": Format((".srt",), "subtitles", "read_srt"),
    "vtt": Format((".vtt",), "subtitles", "read_vtt"),
    "po": Format((".po", ".pot"), "catalogs.po", "read_po"),
    "json": Format((".json", ".arb"), "catalogs.json_catalog", "read_json"),
    "yaml": Format((".yaml", ".yml"), "catalogs.yaml_catalog", "read_yaml"),
    "xliff": Format((".xlf", ".xliff"), "catalogs.xliff", "read_xliff"),
    "tmx": Format((".tmx",), "catalogs.tmx", "read_tmx_document"),
    "android": Format((".xml",), "catalogs.android", "read_android"),
    "odt": Format((".odt", ".ott"), "office.odt", "read_odt", container=True),
    "docx": Format((".docx",), "office.docx", "read_docx", container=True),
    "csv": Format((".csv",), "tables", "read_csv", asked_for=True),
    "tsv": Format((".tsv",), "tables", "read_tsv", asked_for=True),
}


def format_of(path: Path) -> str | None:
    """The format of a document by the ending of its name; None where it is none, or is one only if asked for."""
    suffix = path.suffix.lower()
    return next((name for name, each in FORMATS.items() if suffix in each.suffixes and not each.asked_for), None)


def read_document(data: bytes, format: str, options: DocumentOptions) -> Document:
    """A document of a format.

    Args:
        data: The file.
        format: One of `FORMATS`.
        options: How it is read.

    Raises:
        SeqtasksError: There is no such format, or the file is too large or malformed.
    """
    if format not in FORMATS:
        raise SeqtasksError(f"There is no document format {format!r}.", f"Choose one of {', '.join(FORMATS)}.")
    if len(data) > MAX_BYTES:
        raise SeqtasksError(
            f"{options.name}: it has more than {MAX_BYTES >> 20} MiB.", "Divide it into smaller documents."
        )
    found = FORMATS[format]
    reader: Callable[[bytes, DocumentOptions], Document] = getattr(
        import_module(f"seqtasks.documents.{found.module}"), found.reader
    )
    return reader(data, options)
