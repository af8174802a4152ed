"""Translation memories: TMX files, read as a stream.

Codes inside a segment (`bpt`, `ept`, `it`, `ph`, `ut`) are no text, and neither is the text within them (`sub`: a
footnote, the title of a link), which belongs to no sentence. A code that breaks the line is a blank. What is
highlighted (`hi`) stays.

The file is parsed by expat directly, which never loads anything from outside; a file that uses entities of its
own is refused, because entities can grow without bound or name other files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.parsers import expat

from seqtasks.data.column_names import language_of
from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.text_io import open_bytes, require_text
from seqtasks.errors import SeqtasksError

CHUNK = 1 << 16
"""Bytes that are parsed at a time."""

CODES = frozenset({"bpt", "ept", "it", "ph", "ut"})
"""Elements inside a segment whose content is formatting code and no text (TMX 1.4b, content markup)."""
BREAK = re.compile(r"\s*<\s*/?(br|p|li|div|t[rdh])\b.*|\\(line|par|tab)\b.*|\s*[\n\t]\s*", re.IGNORECASE | re.DOTALL)
"""The content of a code that words do not stand together across, in HTML, RTF or plain text."""
BREAKS = frozenset({"lb", "br", "linebreak", "line-break", "pb", "tab"})
"""Types of such codes."""
INDENT = re.compile(r"[ \t\r\n]{2,}|[\t\r\n]")
"""White space of XML that means a single space, such as that of a segment over several lines."""
SHOWN = 8
"""Languages of a file that an error names."""


def read_tmx(path: Path, skipped: ReadReport, languages: tuple[str, str]) -> Iterator[Pair]:
    """The pairs of two languages; `en` finds `EN-gb` and `eng` too, and the first text of a language counts.

    Units that lack one of the two languages are left out.

    Raises:
        SeqtasksError: Broken XML, or other XML; entities; a file that cannot be read to its end; no unit has both
            languages.
    """
    units, name = Units(path), str(path)
    lacking: Counter[str] = Counter()
    found = 0
    with open_bytes(path) as file:
        if not file.peek(2).startswith((b"<\0", b"\0<")):  # UTF-16, which XML itself says
            require_text(path, file, markup=False)
        while True:
            chunk = file.read(CHUNK)
            try:
                units.parser.Parse(chunk, not chunk)
            except (expat.ExpatError, LookupError, ValueError) as error:
                message = f"{path}:{units.parser.CurrentLineNumber}: broken XML ({error})."
                raise SeqtasksError(message, "Export the file again as UTF-8, or remove the broken unit.") from None
            for line, texts in units.finished:
                skipped.reach(name, line)
                codes = tuple(texts)
                source, target = find_code(codes, languages[0]), find_code(codes, languages[1])
                if source is None or target is None:
                    lacking.update(texts.keys())
                    skipped.skip("missing language")
                else:
                    found += 1
                    yield Pair(texts[source], texts[target])
            units.finished.clear()
            if not chunk:
                break
    if lacking and not found:
        shown = ", ".join(f"{code or 'none'} ({count:,})" for code, count in lacking.most_common(SHOWN))
        raise SeqtasksError(
            f"{path}: none of its units has both {languages[0]} and {languages[1]}. Its languages are {shown}.",
            "Give two of them with --language-pair, such as --language-pair en-de.",
        )


@lru_cache(maxsize=4096)
def find_code(codes: tuple[str, ...], language: str) -> str | None:
    """The code that a unit gives a language: exactly this one, a regional variant of it, another code of the language.

    `en-us` finds `en`, but not `en-gb`.
    """
    wanted = normal(language)
    variants = (code for code in codes if code.startswith(wanted + "-"))
    if found := wanted if wanted in codes else next(variants, None):
        return found
    spoken = language_of(wanted)
    others = (code for code in codes if "-" not in wanted or "-" not in code)
    return next((code for code in others if spoken and language_of(code) == spoken), None)


@lru_cache(maxsize=4096)
def normal(language: str) -> str:
    """A language code in lower case with hyphens."""
    return language.strip().lower().replace("_", "-")


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
        self.depth = 0
        """How many codes, and texts within codes, are open."""
        self.code: list[str] = []
        """What was read of the outermost open one."""
        self.breaks = False
        """Whether its type says that it breaks the line."""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start_root
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.EntityDeclHandler = self.refuse
        self.parser.SkippedEntityHandler = self.refuse

    def start_root(self, name: str, attributes: dict[str, str]) -> None:
        """The parser's handler of the first start tag: raises SeqtasksError where it is none of TMX."""
        if bare(name) != "tmx":
            raise SeqtasksError(
                f"{self.path}:{self.parser.CurrentLineNumber}: not a translation memory (TMX), but XML with <{name}>.",
                "Export it as TMX in the program that it comes from.",
            )
        self.parser.StartElementHandler = self.start

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """The parser's handler of a start tag."""
        if ":" in name:
            name = bare(name)
        if name == "tu":
            self.line, self.texts = self.parser.CurrentLineNumber, {}
        elif name == "tuv":
            self.language = normal(attributes.get("xml:lang") or attributes.get("lang", ""))
        elif name == "seg":
            self.segment, self.depth = [], 0
        elif name in CODES or self.depth:
            if not self.depth:
                self.code, self.breaks = [], attributes.get("type", "").lower() in BREAKS
            self.depth += 1

    def end(self, name: str) -> None:
        """The parser's handler of an end tag: a whole unit goes to `finished`, with the number of its first line."""
        if ":" in name:
            name = bare(name)
        if name == "tu":
            self.finished.append((self.line, self.texts))
        elif name == "seg" and self.segment is not None:
            text = "".join(self.segment).strip(" \t\r\n")
            if "  " in text or not text.isprintable():  # few are so
                text = INDENT.sub(" ", text)
            if not self.texts.get(self.language):
                self.texts[self.language] = text
            self.segment = None
        elif self.depth:
            self.depth -= 1
            if not self.depth and self.segment is not None and (self.breaks or BREAK.fullmatch("".join(self.code))):
                self.segment.append(" ")

    def characters(self, text: str) -> None:
        """The parser's handler of text: what lies in a segment, and not in a code."""
        if self.segment is not None:
            (self.code if self.depth else self.segment).append(text)

    def refuse(self, *entity: Any) -> None:
        """The parser's handler of an entity declaration: raises SeqtasksError, since entities can grow without end."""
        raise SeqtasksError(
            f"{self.path}:{self.parser.CurrentLineNumber}: the file defines its own entities, which are not supported.",
            "Replace them with the characters that they stand for.",
        )


def bare(name: str) -> str:
    """The name of an element without the prefix of a namespace."""
    return name.rpartition(":")[2]
