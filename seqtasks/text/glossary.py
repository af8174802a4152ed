"""Glossaries: terms, and what they are called in the other language."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from seqtasks.errors import SeqtasksError
from seqtasks.text.normalize import normalize
from seqtasks.text.termbase import read_tbx

MAX_BYTES = 64 << 20
"""Of a file with a glossary."""
MAX_WORDS = 32
"""Of a term."""

DELIMITERS = {".tsv": "\t", ".csv": ","}
_WORD = re.compile(r"\w+|[^\w\s]")


class Term(NamedTuple):
    """A word or phrase, and its translations, of which one has to be taken."""

    source: str
    targets: tuple[str, ...]

    def is_met(self, translation: str) -> bool:
        """Whether one of its translations stands in a text, not inside of a longer word."""
        return any(
            re.search(rf"(?<!\w){re.escape(target)}(?!\w)", normalize(translation)) is not None
            for target in self.targets
        )


class Glossary:
    """The terms of a glossary, found in texts.

    A term that is written without capitals is also found where it has some, as at the beginning of a sentence; one with
    capitals (US, Apple) only as it is. Of terms that overlap, the first and longest counts.

    Args:
        terms: Terms with their translations; a term that comes twice has the translations of both.

    Raises:
        SeqtasksError: A term or a translation is empty, or a term has more than 32 words.
    """

    def __init__(self, terms: Iterable[tuple[str, Sequence[str]]]) -> None:
        merged: dict[str, list[str]] = {}
        for source, targets in terms:
            term, translations = normalize(source), list(map(normalize, targets))
            words = _WORD.findall(term)
            if not words or not translations or not all(translations):
                raise SeqtasksError(f"The glossary's term {source!r} or its translation is empty.", "Fill it in.")
            if len(words) > MAX_WORDS:
                raise SeqtasksError(
                    f"The glossary's term {term[:60]!r} has {len(words)} words; {MAX_WORDS} is the most.",
                    "Leave out what is no term.",
                )
            merged.setdefault(term, []).extend(translations)
        self.terms = tuple(Term(term, tuple(dict.fromkeys(targets))) for term, targets in merged.items())

    def __len__(self) -> int:
        return len(self.terms)

    def __repr__(self) -> str:
        """The same for the same terms: what is translated on a cluster is known by it."""
        return f"Glossary({[(source, list(targets)) for source, targets in self.terms]!r})"

    @classmethod
    def from_file(cls, path: Path, languages: tuple[str, str] | None = None) -> Glossary:
        """Reads a table without a header (.tsv, .csv): a term, then one translation or more, a column each; or TBX.

        Args:
            path: The file.
            languages: TBX: the codes of source and target.

        Raises:
            SeqtasksError: The file cannot be read, has another format, or has no term; with the line.
        """
        suffix = path.suffix.lower()
        if suffix not in (*DELIMITERS, ".tbx"):
            raise SeqtasksError(
                f"{path}: a glossary is a .tsv, .csv or .tbx file.", "Save it as a table: term, translation."
            )
        try:
            if path.stat().st_size > MAX_BYTES:
                raise SeqtasksError(f"{path} has more than {MAX_BYTES >> 20} MB.", "Is it a glossary?")
            data = path.read_bytes()
            text = "" if suffix == ".tbx" else data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SeqtasksError(f"{path} cannot be read: {error}.", "Save it as UTF-8 text.") from None
        if suffix == ".tbx":
            if languages is None or "xx" in languages:
                raise SeqtasksError(
                    f"{path}: the languages to look for in this termbase are not known.",
                    "Give them with --language-pair, such as en-de (languages=), or choose a model that names them.",
                )
            return cls(read_tbx(data, str(path), languages))
        quotes: Literal[0, 3] = csv.QUOTE_MINIMAL if suffix == ".csv" else csv.QUOTE_NONE
        rows = csv.reader(text.splitlines(), delimiter=DELIMITERS[suffix], quoting=quotes)
        glossary = cls(_terms(rows, path))
        if not glossary.terms:
            raise SeqtasksError(f"{path} has no term.", "Write a term and its translation in each line.")
        return glossary

    @cached_property
    def _by_words(self) -> dict[tuple[str, ...], list[Term]]:
        """The terms by their words without capitals."""
        found: dict[tuple[str, ...], list[Term]] = {}
        for term in self.terms:
            found.setdefault(tuple(_WORD.findall(term.source.casefold())), []).append(term)
        return found

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._by_words), default=0)

    def find(self, text: str) -> list[Term]:
        """The terms in a text, each once, in their order."""
        words = list(_WORD.finditer(normalize(text)))
        folded = [word[0].casefold() for word in words]
        found: dict[Term, None] = {}
        place = 0
        while place < len(words):
            for size in range(min(self._longest, len(words) - place), 0, -1):
                own = [word[0] for word in words[place : place + size]]
                candidates = self._by_words.get(tuple(folded[place : place + size]), ())
                exact = [term for term in candidates if _WORD.findall(term.source) == own]
                fitting = exact or [term for term in candidates if term.source == term.source.lower()]
                if fitting:
                    found[fitting[0]] = None
                    place += size
                    break
            else:
                place += 1
        return list(found)


def _terms(rows: Iterable[list[str]], path: Path) -> Iterator[tuple[str, list[str]]]:
    """The terms of a table; empty lines, empty cells at the end, and lines that begin with # say nothing."""
    for number, row in enumerate(rows, 1):
        if not any(map(str.strip, row)) or row[0].startswith("#"):
            continue
        term, *targets = row
        targets = [target for target in targets if target.strip()]
        if not term.strip() or not targets:
            raise SeqtasksError(
                f"{path}, line {number}: a term needs a translation in the next column.", "Fill it in, or leave it out."
            )
        yield term, targets
