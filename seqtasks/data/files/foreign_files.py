"""Files that hold no text, or text that is no data, known by their first bytes or by their suffix, and what to type."""

from __future__ import annotations

import codecs
import re
from pathlib import Path, PurePath
from typing import NamedTuple

from seqtasks.data.files.compression import uncompressed_name
from seqtasks.errors import SeqtasksError


class Foreign(NamedTuple):
    """A kind of files that is not read."""

    what: str
    remedy: str
    """With {path}, the file, {stem}, the same without its suffix, and {suffix}."""


SPREADSHEET = Foreign("an Excel or other spreadsheet file", "Export it from its program as CSV (UTF-8).")
WORD = Foreign("a word processor document", "Export it from its program as plain text (UTF-8).")
ARCHIVE = Foreign("an archive", "Unpack it, and give the files in it.")
PARQUET = Foreign(
    "a Parquet file",
    "Data to train and evaluate on may be Parquet in files that end in .parquet. Else write JSON lines: "
    "python -c \"import pandas; pandas.read_parquet('{path}')"
    ".to_json('{stem}.jsonl', orient='records', lines=True)\"",
)
ARROW = Foreign(
    "an Arrow file, as Hugging Face datasets store them",
    "Write JSON lines: python -c \"import datasets; datasets.Dataset.from_file('{path}').to_json('{stem}.jsonl')\"",
)
PICKLE = Foreign("a Python pickle", "Loading a pickle can run code; write JSON lines or CSV where it was created.")
PDF = Foreign("a PDF file", "Extract its text: pdftotext '{path}' '{stem}.txt'")
HTML = Foreign("a web page (HTML)", "Download the file itself instead of the page, or save the text of the page.")
XLIFF = Foreign("XLIFF", "Export it as TMX, with the suffix .tmx, from the program that it comes from.")
PO = Foreign("a gettext PO file", "Convert it to TMX with the Translate Toolkit: po2tmx -l de '{path}' '{stem}.tmx'")
TBX = Foreign("a TBX terminology", "Export it as a table of two tab-separated columns, with the suffix .tsv.")
TMX = Foreign("a translation memory (TMX)", "Rename it: mv '{path}' '{stem}.tmx'")
XML = Foreign("XML or SGML", "Extract the texts: one per line, or as a table.")
MEDIA = Foreign("an image, a sound or a video", "Check which file was meant.")
DATABASE = Foreign("an SQLite database", "Write CSV: sqlite3 -csv -header '{path}' 'select * from NAME' > '{stem}.csv'")
MARKDOWN = Foreign(
    "a table in Markdown, or as printed by a database", "Write it as CSV, or with tabs between the columns."
)
SQL = Foreign("a database dump (SQL)", "Load it into a database, and export its table as CSV.")
BRAT = Foreign(
    "brat annotations (standoff), which refer to positions in another file",
    "Convert them to columns with standoff2conll: one word and its label per line.",
)
RETURNS = Foreign(
    "text whose lines end in carriage returns, as from old Mac programs",
    "Convert it: tr '\\r' '\\n' < '{path}' > '{stem}.lines{suffix}'",
)
LFS = Foreign("a pointer of Git LFS, not the file itself", "Fetch it in its repository: git lfs pull")

SUFFIXES: dict[str, Foreign] = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"), SPREADSHEET),
    **dict.fromkeys((".docx", ".doc", ".odt", ".rtf", ".pages", ".epub", ".pptx"), WORD),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".bz2", ".xz", ".7z", ".rar"), ARCHIVE),
    **dict.fromkeys((".parquet", ".pq"), PARQUET),
    **dict.fromkeys((".arrow", ".feather"), ARROW),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".npy", ".npz"), PICKLE),
    **dict.fromkeys((".html", ".htm", ".xhtml"), HTML),
    **dict.fromkeys((".xliff", ".xlf", ".sdlxliff", ".mqxliff", ".mxliff", ".mxlf", ".txlf"), XLIFF),
    **dict.fromkeys((".po", ".pot"), PO),
    **dict.fromkeys((".xml", ".sgm", ".sgml"), XML),
    **dict.fromkeys((".db", ".sqlite", ".sqlite3"), DATABASE),
    ".pdf": PDF,
    ".tbx": TBX,
    ".sql": SQL,
    ".ann": BRAT,
}
BEGINNINGS: tuple[tuple[bytes, Foreign], ...] = (
    (rb"\x1f\x8b", Foreign("compressed with gzip", "Rename it: mv '{path}' '{path}.gz'")),
    (
        rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18",
        Foreign("compressed with Zstandard", "Rename it: mv '{path}' '{path}.zst'"),
    ),
    (rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet|PK\x03\x04.*xl/", SPREADSHEET),
    (rb"PK\x03\x04.*(word/|mimetypeapplication/)", WORD),
    (
        rb"PK\x03\x04.*\[Content_Types\]\.xml",
        Foreign("a Microsoft Office file", "Export it from its program as CSV or plain text (UTF-8)."),
    ),
    (rb"PK(\x03\x04|\x05\x06)|BZh\d1AY|\xfd7zXZ|7z\xbc\xaf|Rar!|.{257}ustar", ARCHIVE),
    (
        rb"\xd0\xcf\x11\xe0",
        Foreign("a file in an old Office format", "Export it from its program as CSV or plain text (UTF-8)."),
    ),
    (rb"PAR1[\x00-\x1f]", PARQUET),
    (rb"ARROW1|FEA1|\xff\xff\xff\xff..\x00\x00", ARROW),
    (rb"\x80[\x02-\x05][\x95}\](c]", PICKLE),
    (rb"%PDF-", PDF),
    (rb"\{\\rtf", WORD),
    (rb"SQLite format 3\x00", DATABASE),
    (rb"version https://git-lfs\.github\.com/spec/", LFS),
    (
        rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF....(WEBP|WAVE|AVI )|....ftyp|\x1a\x45\xdf\xa3|ID3[\x02-\x04]|OggS\x00",
        MEDIA,
    ),
    (
        rb"(\xff\xfe\x00\x00|\x00\x00\xfe\xff)",
        Foreign("UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8 '{path}' > '{stem}.utf8.txt'"),
    ),
    (
        rb"([^\x00]\x00){8}",
        Foreign(
            "UTF-16 without a byte order mark", "Convert it: iconv -f UTF-16LE -t UTF-8 '{path}' > '{stem}.utf8.txt'"
        ),
    ),
    (
        rb"(\x00[^\x00]){8}",
        Foreign(
            "UTF-16 without a byte order mark", "Convert it: iconv -f UTF-16BE -t UTF-8 '{path}' > '{stem}.utf8.txt'"
        ),
    ),
)
MARKUP: tuple[tuple[bytes, Foreign], ...] = (
    (rb"(<\?xml[^>]*>\s*)?(<!doctype html|<html\b)", HTML),
    (rb"(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*)*(<!doctype tmx|<tmx\b)", TMX),
    (rb"(<\?xml[^>]*>\s*)?<xliff\b", XLIFF),
    (rb"<\?xml\b|<!doctype\b|<(srcset|refset|tstset|mteval|letsmt)\b", XML),
    (rb"(#[^\n]*\n\s*)?[^\n]*\|[^\n]*\n[ \t]*\|?[ \t]*:?-+:?[ \t]*[|+][ \t:|+-]*\r?(\n|\Z)", MARKDOWN),
    (
        rb"-- (MySQL|MariaDB|PostgreSQL database) dump|PRAGMA foreign_keys|BEGIN TRANSACTION;|SET SQL_MODE"
        rb"|(--[^\n]*\n|/\*[^\n]*\n|\s)*(drop table if exists \S+;|insert into \S+ (\([^)]*\)\s*)?values\s*\("
        rb"|create table (if not exists )?\S+ ?\(\s*\S+ (\w*int|int\w*|text|(var)?char\w*|serial|timestamp)\b)",
        SQL,
    ),
    (rb"T1\t\S+ \d+ \d+(;\d+ \d+)*\t", BRAT),
    (rb"(?=[^\n]*\r[^\n]*\r)[^\n]*\Z", RETURNS),
    (rb'(#[^\n]*\n|\s)*(msgctxt "[^\n]*\n)?msgid "[^\n]*\n("[^\n]*\n)*msgstr "', PO),
)
"""What is text, but holds its sentences in a form of its own."""


def foreign_by_name(path: Path) -> SeqtasksError | None:
    """Why a file with this suffix is not read, where that is known."""
    suffix = PurePath(uncompressed_name(path.name).lower()).suffix
    return None if suffix not in SUFFIXES else refusal(path, SUFFIXES[suffix])


def foreign_by_content(path: Path, head: bytes, *, markup: bool = True) -> SeqtasksError | None:
    """Why a file with these first bytes is no text, where that is known.

    Args:
        path: What to call it.
        head: Its first bytes, unpacked.
        markup: Whether text in a form of its own, such as HTML, is none either.
    """
    kind = next((kind for form, kind in BEGINNINGS if re.match(form, head, re.DOTALL)), None)
    if kind is None and markup:
        begun = head.removeprefix(codecs.BOM_UTF8).lstrip()
        kind = next((kind for form, kind in MARKUP if re.match(form, begun, re.IGNORECASE)), None)
    return None if kind is None else refusal(path, kind)


def refusal(path: Path, kind: Foreign) -> SeqtasksError:
    """The error of a file of this kind, with what makes text of it."""
    unpacked = path.with_name(uncompressed_name(path.name))
    names = {"path": path, "stem": unpacked.with_suffix(""), "suffix": unpacked.suffix}
    return SeqtasksError(f"{path}: this is {kind.what}.", kind.remedy.format(**names))


def not_utf8(place: str, path: Path, position: int) -> SeqtasksError:
    """The error of bytes that are not UTF-8, which most often come from Windows."""
    stem = path.with_suffix("")
    return SeqtasksError(
        f"{place}: not UTF-8 (byte {position} of the line).",
        f"Convert the file; from Windows-1252 or Latin-1: iconv -f WINDOWS-1252 -t UTF-8 '{path}' > "
        f"'{stem}.utf8{path.suffix}'",
    )
