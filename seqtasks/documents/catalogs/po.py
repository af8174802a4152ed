"""Catalogs of gettext (.po, .pot): empty messages are filled in and marked as fuzzy, all other lines stay."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from seqtasks.documents.document import DocumentOptions, Segment, malformed
from seqtasks.documents.encoding import Encoding, decode
from seqtasks.documents.lines import newline_of
from seqtasks.documents.splicing import Edit, apply_edits
from seqtasks.documents.values import in_place_of
from seqtasks.text.markup import MarkupText

FORM: Final = "catalog of gettext"
LINE = re.compile(r'[ \t]*(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d+)\])?)[ \t]*)?"((?:[^"\\\r\n]|\\.)*)"[ \t]*$')
ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
WRITTEN = {"\\": "\\\\", '"': '\\"', **{sign: f"\\{letter}" for letter, sign in ESCAPED.items()}}
CHARSET = re.compile(rb'"Content-Type:[^"]*charset=([\w.:-]+)', re.I)
PLURALS = re.compile(r"Plural-Forms:\s*nplurals\s*=\s*\d+\s*;\s*plural\s*=([^;\n]+)")
WIDTH: Final = 77
"""Characters of a line with its quotes, as gettext's tools wrap."""


@dataclass
class Message:
    """A keyword with its strings."""

    start: int
    end: int
    text: str
    lines: int = 1


@dataclass
class Entry:
    """A message with its translations."""

    keywords: dict[str, Message] = field(default_factory=dict)
    flags: tuple[int, int] | None = None
    """Where the line of flags is."""
    flags_place: int | None = None
    """Where one goes that is not there yet."""


@dataclass(frozen=True)
class Slot:
    """A translation to be written, and the message it is of."""

    entry: Entry
    source: Message
    keyword: str


@dataclass(frozen=True)
class POCatalog:
    """A catalog with the places of its translations."""

    source: str
    encoding: Encoding
    slots: Sequence[Slot]

    @cached_property
    def segments(self) -> Sequence[Segment]:
        """A segment for each translation that an entry has or lacks, plural forms included."""
        return [
            Segment(MarkupText(each.source.text.strip()), bool(each.entry.keywords[each.keyword].text))
            for each in self.slots
        ]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The catalog with these translations, each marked as fuzzy."""
        newline = newline_of(self.source)
        edits: list[Edit] = []
        marked: set[int] = set()
        for slot, translation in zip(self.slots, translations, strict=True):
            if translation is None:
                continue
            place, source = slot.entry.keywords[slot.keyword], slot.source
            text = in_place_of(source.text, translation.text)
            written = _spelled(slot.keyword, text, newline, source.lines > 1)
            edits.append(Edit(place.start, place.end, written))
            if id(slot.entry) not in marked:
                marked.add(id(slot.entry))
                edits += self.fuzzy(slot.entry, newline)
        return self.encoding.encode(apply_edits(self.source, edits))

    def fuzzy(self, entry: Entry, newline: str) -> Iterator[Edit]:
        """What marks an entry as one that a person should look at."""
        if entry.flags is None:
            place = entry.flags_place or 0
            yield Edit(place, place, f"#, fuzzy{newline}")
            return
        start, end = entry.flags
        flags = self.source[start:end]
        if "fuzzy" not in re.split(r"[\s,]+", flags):
            yield Edit(start, start + 2, "#, fuzzy,")


def read_po(data: bytes, options: DocumentOptions) -> POCatalog:
    """A catalog.

    Args:
        data: The file.
        options: Its name.

    Raises:
        SeqtasksError: It is malformed, or not in the encoding that it declares.
    """
    found = CHARSET.search(data)
    declared = found[1].decode("ascii") if found and found[1] != b"CHARSET" else None
    text, encoding = decode(data, options.name, declared)
    entries = list(_entries(text, options.name))
    header = next((each.keywords["msgstr"].text for each in entries if _is_header(each)), "")
    singular = _singular(header)
    return POCatalog(text, encoding, [slot for entry in entries for slot in _slots(entry, singular)])


def _is_header(entry: Entry) -> bool:
    return "msgstr" in entry.keywords and not entry.keywords["msgid"].text and "msgctxt" not in entry.keywords


def _singular(header: str) -> int:
    """The plural form that one thing has."""
    found = PLURALS.search(header)
    try:
        return int(gettext.c2py(found[1].strip())(1)) if found else 0
    except (ValueError, ArithmeticError, RecursionError):
        return 0


def _slots(entry: Entry, singular: int) -> Iterator[Slot]:
    words = entry.keywords
    for keyword in words:
        if keyword.startswith("msgstr"):
            is_plural = "[" in keyword and "msgid_plural" in words and keyword != f"msgstr[{singular}]"
            source = words["msgid_plural" if is_plural else "msgid"]
            if any(map(str.isalpha, source.text)):
                yield Slot(entry, source, keyword)


def _entries(source: str, name: str) -> Iterator[Entry]:
    """The entries that are in use."""
    entry, last = Entry(), ""
    number = start = 0
    for number, line in enumerate(source.splitlines(keepends=True) if source else (), 1):
        end = start + len(line.rstrip("\r\n"))
        text = source[start:end]
        if text.lstrip().startswith("#") or not text.strip():
            if entry.keywords:
                yield _complete(entry, name, number)
                entry, last = Entry(), ""
            if text.startswith("#,"):
                entry.flags = (start, end)
            elif text.startswith("#|") and entry.flags_place is None:
                entry.flags_place = start
        else:
            match = LINE.match(text)
            if match is None or not (match[1] or last):
                raise malformed(name, FORM, f"line {number} is neither a comment nor a keyword with a string")
            keyword, string = match[1], ESCAPE.sub(_unescaped, match[3])
            if keyword in ("msgctxt", "msgid") and any(each.startswith("msgstr") for each in entry.keywords):
                yield _complete(entry, name, number)
                entry = Entry()
            if keyword is None:
                message = entry.keywords[last]
                message.text, message.end, message.lines = message.text + string, end, message.lines + 1
            elif keyword in entry.keywords:
                raise malformed(name, FORM, f"line {number} has a second {keyword} in one entry")
            else:
                if entry.flags_place is None:
                    entry.flags_place = start
                entry.keywords[keyword] = Message(start, end, string)
                last = keyword
        start += len(line)
    if entry.keywords:
        yield _complete(entry, name, number)


def _complete(entry: Entry, name: str, line: int) -> Entry:
    if "msgid" not in entry.keywords or not any(each.startswith("msgstr") for each in entry.keywords):
        raise malformed(name, FORM, f"the entry that ends before line {line} lacks msgid or msgstr")
    return entry


def _unescaped(match: re.Match[str]) -> str:
    if match[1] or match[2]:
        return chr(int(match[1], 8) if match[1] else int(match[2], 16))
    return ESCAPED.get(match[3], match[3])


def _spelled(keyword: str, text: str, newline: str, several_lines: bool) -> str:
    """A keyword with its string, on several lines where the source is or the text has line breaks."""
    escaped = ["".join(WRITTEN.get(sign, sign) for sign in line) for line in text.splitlines(keepends=True)]
    if len(escaped) < 2 and not several_lines:
        return f'{keyword} "{"".join(escaped)}"'
    lines: list[str] = []
    for line in escaped:
        lines.append("")
        for word in re.findall(r" *[^ ]+ *", line) or [line]:
            if lines[-1] and len(lines[-1]) + len(word) + 2 > WIDTH:
                lines.append("")
            lines[-1] += word
    return newline.join([f'{keyword} ""', *(f'"{line}"' for line in lines)])
