"""Whether documents come back as they were: real files, translated into capitals, opened by their formats' libraries.

Usage: python -m benchmarks.round_trips FOLDER... [--format FORMAT] [--files 20]

Below the folders, the first files of each format are taken, in the order of a hash of their content, each content once.
A stub that writes capitals translates each; then the library of the format opens what was written, and finds what was
there before, but for capitals and blanks. The stub is given every text once. For formats of text, all bytes are the
same, too, but for these. Files that are refused are told with the reason.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from seqtasks.documents import FORMATS, DocumentOptions, read_document, translate_segments
from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import MarkupText

MAX_BYTES = 4 << 20
"""Of a file that is taken."""


def capitals(text: MarkupText) -> MarkupText:
    """A text in capitals, where a letter has one, but for what is protected."""
    letters = [letter.upper() if len(letter.upper()) == 1 else letter for letter in text.text]
    for start, end in text.protected:
        letters[start:end] = text.text[start:end]
    return MarkupText("".join(letters), text.tags, text.protected)


def folded(value: Any) -> Any:
    """A value without the differences between its strings that capitals and line breaks make."""
    if isinstance(value, str):
        return " ".join(value.casefold().split())
    if isinstance(value, dict):
        return {key: folded(item) for key, item in value.items()}
    return [folded(item) for item in value] if isinstance(value, list | tuple) else value


def of_html(data: bytes) -> Any:
    """Its elements with their attributes, and its text."""
    from lxml import html

    root = html.fromstring(data)
    return [([(e.tag, sorted(e.attrib)) for e in root.iter() if isinstance(e.tag, str)], root.text_content())]


def of_markdown(data: bytes) -> Any:
    """Its blocks, and the text of each without markup."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(data.decode("utf-8-sig"))
    return [(each.type, each.tag, re.sub(r"\W+", " ", each.content)) for each in tokens]


def of_subtitles(format: str) -> Callable[[bytes], Any]:
    """The times of its cues, and their words."""

    def read(data: bytes) -> Any:
        import pysubs2

        cues = pysubs2.SSAFile.from_string(data.decode("utf-8-sig"), format_=format)
        return [[(each.start, each.end) for each in cues], " ".join(each.plaintext for each in cues)]

    return read


def of_po(data: bytes) -> Any:
    """Its messages, but for their translations."""
    import polib

    entries = [each for each in polib.pofile(data.decode("utf-8-sig")) if not each.obsolete]
    return [(each.msgctxt, each.msgid, each.msgid_plural, each.occurrences, each.comment) for each in entries]


def of_yaml(data: bytes) -> Any:
    """Its events: scalars are texts, whatever their tags."""
    import yaml

    return [getattr(event, "value", type(event).__name__) for event in yaml.parse(data.decode("utf-8-sig"))]


def of_table(delimiter: str) -> Callable[[bytes], Any]:
    """Its cells."""
    return lambda data: list(
        csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""), delimiter=delimiter)
    )


def of_docx(data: bytes) -> Any:
    """Its paragraphs and tables, and what stands around paragraphs in all of its parts."""
    import docx

    document = docx.Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [[paragraph.text for paragraph in document.paragraphs], cells, members(data)]


def of_odt(data: bytes) -> Any:
    """Its text, and what stands around paragraphs in all of its parts."""
    from odf import opendocument, teletype

    return [teletype.extractText(opendocument.load(io.BytesIO(data)).text), members(data)]


def members(data: bytes) -> Any:
    """The members of a container in order: XML in canonical form without what paragraphs hold, others as bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as container:
        return [(name, canonical(container.read(name), PARAGRAPHS)) for name in container.namelist()]


def canonical(data: bytes, emptied: Sequence[str] = ()) -> bytes:
    """The canonical form of XML with these elements empty; other data as they are."""
    from lxml import etree

    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return data
    for element in list(root.iter(*emptied)) if emptied else ():
        element.clear(keep_tail=True)
    return bytes(etree.tostring(root, method="c14n"))


def of_android(data: bytes) -> Any:
    """Its elements with their attributes, and its text."""
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    return [[(str(each.tag), sorted(each.attrib.items())) for each in root.iter()], "".join(root.itertext())]


def of_toolkit(data: bytes, name: str) -> Any:
    """The source texts of its units, as translate-toolkit reads them."""
    from translate.storage import factory

    file = io.BytesIO(data)
    file.name = name
    return [str(unit.source) for unit in factory.getobject(file).units]


WORD, TEXT = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
)
PARAGRAPHS = (f"{{{WORD}}}p", f"{{{TEXT}}}p", f"{{{TEXT}}}h")

READERS: dict[str, Callable[[bytes], Any]] = {
    "html": of_html,
    "markdown": of_markdown,
    "text": lambda data: data.decode("utf-8-sig"),
    "srt": of_subtitles("srt"),
    "vtt": of_subtitles("vtt"),
    "po": of_po,
    "json": lambda data: json.loads(data.decode("utf-8-sig")),
    "yaml": of_yaml,
    "csv": of_table(","),
    "tsv": of_table("\t"),
    "docx": of_docx,
    "odt": of_odt,
    "xliff": lambda data: of_toolkit(data, "file.xlf"),
    "tmx": lambda data: of_toolkit(data, "file.tmx"),
    "android": of_android,
}
"""What the library of each format finds in a file."""
KEEPS_BYTES = ("html", "markdown", "text", "json", "yaml", "csv", "tsv")
"""Formats that hold no text but that of the source, so that all bytes can be compared."""


OTHER_TEXTS = ("po", "xliff", "tmx", "srt", "vtt", "text")
"""Formats in which a translation stands beside its text, or lines are broken elsewhere."""


def plain(data: bytes) -> str:
    """What is compared of bytes: no blanks, and no backslashes that may stand before a blank or a sign."""
    return re.sub(r"\\(?=[!-/:-@\[-`{-~])|\\?\s+", "", data.decode("utf-8", "replace").casefold())


def files_of(folders: Sequence[Path], format: str, count: int) -> Iterator[tuple[Path, bytes]]:
    """Files of a format, each content once, in an order that follows from the contents."""
    suffixes = FORMATS[format].suffixes
    found: dict[str, tuple[Path, bytes]] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix.lower() in suffixes and path.is_file() and 0 < path.stat().st_size <= MAX_BYTES:
                data = path.read_bytes()
                if format == "android" and b"<resources" not in data:
                    continue
                found.setdefault(hashlib.sha256(data).hexdigest(), (path, data))
    return (found[digest] for digest in sorted(found)[:count])


LANGUAGES = re.compile(rb"""\b(source-language|srcLang|srclang|target-language|trgLang)=["']([\w-]+)""")


def options_of(format: str, data: bytes, name: str) -> DocumentOptions:
    """All columns of a table, and the languages that a catalog names."""
    columns = range(1, len(READERS[format](data)[0]) + 1) if format in ("csv", "tsv") else ()
    named = {key[:1].decode(): code.decode() for key, code in LANGUAGES.findall(data[:10_000])}
    source = named.get("s", "en")
    return DocumentOptions(name, tuple(map(str, columns)), source, named.get("t", "de" if source != "de" else "en"))


def round_trip(format: str, path: Path, data: bytes) -> str:
    """What became of a file: "equal", or what is wrong with it.

    Raises:
        SeqtasksError: It was refused.
    """
    options = options_of(format, data, str(path))
    document = read_document(data, format, options)
    given: list[MarkupText] = []

    def translate(texts: Sequence[MarkupText]) -> list[MarkupText]:
        given.extend(texts)
        return [capitals(text) for text in texts]

    translations, _ = translate_segments(document, translate, all=True)
    written = document.write(translations)
    if not given:
        return "no text"
    if len(set(given)) < len(given):
        return "a text was translated twice"
    if document.write([None] * len(document.segments)) != data and not FORMATS[format].container:
        return "without translations it is not the same"
    if format in KEEPS_BYTES and plain(data) != plain(written):
        return "bytes outside of text differ"
    again = [each.text.text for each in read_document(written, format, options).segments]
    if format not in OTHER_TEXTS and folded(again) != folded([each.text.text for each in document.segments]):
        return "its texts are others"
    before, after = (folded(READERS[format](each)) for each in (data, written))
    return "equal" if before == after else "the library finds something else"


def main() -> None:
    """Prints a line for each file that did not come back, and one for each format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--format", choices=[*READERS])
    parser.add_argument("--files", type=int, default=20)
    arguments = parser.parse_args()
    rows = []
    for format in [arguments.format] if arguments.format else FORMATS:
        files, equal, refused, without = 0, 0, 0, 0
        for path, data in files_of(arguments.folders, format, arguments.files):
            files += 1
            try:
                result = round_trip(format, path, data)
            except SeqtasksError as error:
                refused += 1
                print(f"refused: {error}", file=sys.stderr)
                continue
            except Exception as error:  # what the library of the format says of the source
                result = f"{type(error).__name__}: {error}"
            equal += result == "equal"
            without += result == "no text"
            if result not in ("equal", "no text"):
                print(f"{format}: {path}: {result}", file=sys.stderr)
        rows.append(f"| {format} | {files} | {equal} | {without} | {refused} | {files - equal - without - refused} |")
    print("| format | files | equal | without text | refused | wrong |\n|---|---|---|---|---|---|", *rows, sep="\n")


if __name__ == "__main__":
    main()
