"""What columns of tables are called, and what is in their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

NAME = re.compile(r"[^\W\d][\w.:#/-]*( [\w.:#/-]+){0,2}")
"""What the name of a column looks like."""
INDEX_NAMES = frozenset(
    {"", "#", "id", "idx", "index", "key", "line", "no", "nr", "num", "number", "row", "uid", "guid"}
)
"""What columns that count or identify the rows are called; pandas calls its own one nothing, or `Unnamed: 0`."""
CODE = re.compile(
    r"([a-z]{2}|ara|bul|ces|chi|cmn|cze|dan|deu|dut|ell|eng|fin|fra|fre|ger|gre|heb|hin|hrv|hun|ind|ita|jpn|kor|nld|nor"
    r"|pol|por|ron|rum|rus|slk|slv|spa|srp|swe|tha|tur|ukr|vie|zho)([-_][a-z0-9]+)*"
)
"""Codes of languages; of those with three letters the usual ones alone, since `cat` and `one` are codes as well."""


class Role(NamedTuple):
    """What a task looks for in a table."""

    name: str
    """As in the option `--source-column`, and the key `source_column`."""
    usual: tuple[str, ...]
    """What such columns are called, the surest name first."""


def column_name(cell: str) -> str:
    """The text of a cell as names of columns are compared: in lower case, with single blanks."""
    return " ".join(cell.split()).lower()


def words_of(name: str) -> list[str]:
    """A name and the words in it: `source_text` has source and text."""
    return [name, *re.split(r"[._:-]", name)]


def are_counted(names: Sequence[str]) -> bool:
    """Whether these are the names that pandas gives to columns without any."""
    counted = [str(place) for place in range(len(names))]
    return len(names) > 1 and list(names) in (counted, ["", *counted[:-1]])


def language_of(name: str) -> str | None:
    """The code of the language that a column is called after: `de`, `deu`, `German`, `text_de`, `German text`."""
    import langcodes

    for word in words_of(name.replace("_", "-") if CODE.fullmatch(name) else name):
        if CODE.fullmatch(word) and langcodes.tag_is_valid(word):
            return langcodes.Language.get(word).language
        if len(word) > 3 and word.isprintable():  # JSON can name what no text holds
            with suppress(LookupError):
                return langcodes.find(word).language
    if " " in name:
        return next((code for word in name.split() if len(word) > 3 and (code := language_of(word))), None)
    return None
