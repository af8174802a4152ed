"""Termbases: TBX files (ISO 30042, of 2008 and of 2019), read as terms with their translations.

The file is parsed by expat directly, which never loads anything from outside; a file with entities of its own is
refused, because entities can grow without bound or name other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from seqtasks.errors import SeqtasksError

CONCEPTS = frozenset({"termEntry", "conceptEntry"})
LANGUAGES = frozenset({"langSet", "langSec"})
TERMS = frozenset({"tig", "ntig", "termSec"})
"""Elements that hold a term and what is said about it."""
STATUS = "administrativeStatus"
DEPRECATED = ("deprecatedTerm", "supersededTerm", "deprecated", "superseded")
"""How the status of a term begins that must not be used."""


def read_tbx(data: bytes, name: str, languages: tuple[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The terms of each concept in the source language, with those in the target language, of which one is taken.

    Deprecated and superseded terms are found in source texts, but never written. Concepts without a term in one of the
    two languages are left out.

    Args:
        data: The file.
        name: What messages call it.
        languages: The codes of source and target; `en` finds `en-US` too.

    Raises:
        SeqtasksError: It is broken XML or other XML, has entities, or no concept has both languages.
    """
    concepts = Concepts(name)
    try:
        concepts.parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise SeqtasksError(
            f"{name}:{concepts.parser.CurrentLineNumber}: broken XML ({error}).", "Export the file again as UTF-8."
        ) from None
    source, target = (code.lower() for code in languages)
    found = False
    for concept in concepts.finished:
        originals = [term for code, term, _ in concept if is_language(code, source)]
        translations = [term for code, term, usable in concept if usable and is_language(code, target)]
        for original in originals if translations else ():
            found = True
            yield original, translations
    if not found:
        codes = ", ".join(sorted({code or "none" for concept in concepts.finished for code, _, _ in concept})) or "none"
        raise SeqtasksError(
            f"{name}: no concept has terms in both {source} and {target}. Its languages are {codes}.",
            "Choose a model of two of these languages.",
        )


def is_language(code: str, wanted: str) -> bool:
    """Whether a code of a file is the language, or a variety of it."""
    return code == wanted or code.split("-")[0] == wanted


class Concepts:
    """Collects the terms of each concept while a file is parsed.

    Args:
        name: What messages call the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.EntityDeclHandler = self.refuse
        self.finished: list[list[tuple[str, str, bool]]] = []
        """Of each concept: language, term, and whether it may be written."""
        self.seen_root = False
        self.language = ""
        self.term: list[str] = []
        self.status: list[str] = []
        self.collected: list[str] | None = None

    def refuse(self, *_: Any) -> None:
        """Refuses entities."""
        raise SeqtasksError(f"{self.name}: it declares entities.", "Export the file again without them.")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = tag.rpartition(" ")[2]
        if not self.seen_root:
            self.seen_root = True
            if name not in ("martif", "tbx", "TBX"):
                raise SeqtasksError(f"{self.name}: its root is {name}, so that it is no TBX.", "Is it a glossary?")
        if name in CONCEPTS:
            self.finished.append([])
        elif name in LANGUAGES:
            self.language = attributes.get("http://www.w3.org/XML/1998/namespace lang", "").lower()
        elif name in TERMS:
            self.term, self.status = [], []
        elif name == "term":
            self.collected = self.term
        elif name == STATUS or attributes.get("type") == STATUS:
            self.collected = self.status

    def end(self, tag: str) -> None:
        """An element ends."""
        name = tag.rpartition(" ")[2]
        if name in TERMS and self.finished:
            term = " ".join("".join(self.term).split())
            if term:
                usable = not "".join(self.status).strip().startswith(DEPRECATED)
                self.finished[-1].append((self.language, term, usable))
        elif name in ("term", STATUS, "termNote"):
            self.collected = None

    def characters(self, text: str) -> None:
        """Text inside an element."""
        if self.collected is not None:
            self.collected.append(text)
