"""Translation memories: TMX files, read as a stream.

The file is parsed by expat directly, which never loads anything from outside; a file that uses entities of its
own is refused, because entities can grow without bound or name other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.text_io import open_bytes
from seqtasks.errors import SeqtasksError

CHUNK = 1 << 16
"""Bytes that are parsed at a time."""

MARKUP = frozenset({"bpt", "ept", "it", "ph", "sub", "ut"})
"""Elements inside a segment whose content is formatting code and no text (TMX 1.4b, content markup)."""


def read_tmx(path: Path, skipped: ReadReport, languages: tuple[str, str]) -> Iterator[Pair]:
    """The pairs of two languages; `en` finds `EN-gb` too, and the first text of a language counts.

    Units that lack one of the two languages are left out.

    Raises:
        SeqtasksError: broken XML, entities, a file that cannot be read to its end.
    """
    units = Units(path)
    with open_bytes(path) as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                units.parser.Parse(chunk, not chunk)
            except (expat.ExpatError, LookupError, ValueError) as error:
                message = f"{path}:{units.parser.CurrentLineNumber}: broken XML ({error})."
                raise SeqtasksError(message, "Export the file again as UTF-8, or cut out the broken unit.") from None
            for line, texts in units.finished:
                skipped.reach(str(path), line)
                source, target = (find_language(texts, language) for language in languages)
                if source is None or target is None:
                    skipped.skip("missing language")
                else:
                    yield Pair(source, target)
            units.finished.clear()
            if not chunk:
                return


def find_language(texts: dict[str, str], language: str) -> str | None:
    """The text of a language: exactly its code first, then any regional variant of it."""
    wanted = normal(language)
    variants = (text for code, text in texts.items() if code.startswith(wanted + "-"))
    return texts[wanted] if wanted in texts else next(variants, None)


def normal(language: str) -> str:
    """A language code in lower case with hyphens."""
    return language.lower().replace("_", "-")


class Units:
    """Collects translation units from the events of an XML parser."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.finished: list[tuple[int, dict[str, str]]] = []
        """Line and texts by language code of the units that were read to their end."""
        self.line = 0
        self.texts: dict[str, str] = {}
        self.language = ""
        self.segment: list[str] | None = None
        self.markup = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.EntityDeclHandler = self.refuse
        self.parser.SkippedEntityHandler = self.refuse

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """The parser's handler of a start tag."""
        if name == "tu":
            self.line, self.texts = self.parser.CurrentLineNumber, {}
        elif name == "tuv":
            self.language = normal(attributes.get("xml:lang", attributes.get("lang", "")))
        elif name == "seg":
            self.segment, self.markup = [], 0
        elif name in MARKUP:
            self.markup += 1

    def end(self, name: str) -> None:
        """The parser's handler of an end tag: a whole unit goes to `finished`, with the number of its first line."""
        if name == "tu":
            self.finished.append((self.line, self.texts))
        elif name == "seg" and self.segment is not None:
            self.texts.setdefault(self.language, "".join(self.segment))
            self.segment = None
        elif name in MARKUP:
            self.markup -= 1

    def characters(self, text: str) -> None:
        """The parser's handler of text: what lies in a segment, and not in its markup."""
        if self.segment is not None and not self.markup:
            self.segment.append(text)

    def refuse(self, *entity: Any) -> None:
        """The parser's handler of an entity declaration: raises SeqtasksError, since entities can grow without end."""
        raise SeqtasksError(
            f"{self.path}:{self.parser.CurrentLineNumber}: the file uses entities of its own, which are not read.",
            "Replace them by the characters that they stand for.",
        )
