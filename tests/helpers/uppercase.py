"""Translators of documents that can be checked: capitals in place of another language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seqtasks.documents import Document, DocumentOptions, DocumentReport, read_document, translate_segments
from seqtasks.text.markup import MarkupText


def upper(text: str) -> str:
    """Capitals where a letter has one, so that lengths stay."""
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in text)


def upper_markup(text: MarkupText) -> MarkupText:
    """The same, but for what is protected."""
    letters = list(upper(text.text))
    for start, end in text.protected:
        letters[start:end] = text.text[start:end]
    return MarkupText("".join(letters), text.tags, text.protected)


class Uppercase:
    """A translator that remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[MarkupText] = []

    def __call__(self, texts: Sequence[MarkupText]) -> list[MarkupText]:
        """Each text in capitals."""
        self.given += texts
        return [upper_markup(text) for text in texts]


def read(data: bytes | str, format: str, name: str = "file", columns: tuple[str, ...] = ()) -> Document:
    """A document."""
    options = DocumentOptions(name, columns, "en", "de")
    return read_document(data.encode() if isinstance(data, str) else data, format, options)


def in_capitals(
    data: bytes | str, format: str, *, all: bool = False, name: str = "file", columns: tuple[str, ...] = ()
) -> bytes:
    """A document in capitals."""
    return with_report(data, format, all=all, name=name, columns=columns)[0]


def with_report(
    data: bytes | str,
    format: str,
    *,
    all: bool = False,
    memory: Mapping[str, str] | None = None,
    name: str = "file",
    columns: tuple[str, ...] = (),
) -> tuple[bytes, DocumentReport]:
    """A document in capitals, each distinct text of which is translated once, and what became of its segments."""
    document = read(data, format, name, columns)
    translator = Uppercase()
    translations, report = translate_segments(document, translator, all=all, memory=memory)
    assert len(set(translator.given)) == len(translator.given)
    return document.write(translations), report


def texts_of(data: bytes | str, format: str) -> list[str]:
    """The texts of the segments of a document."""
    return [segment.text.text for segment in read(data, format).segments]
