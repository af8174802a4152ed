"""Whether the first row of a table names its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seqtasks.data.column_names import CODE, INDEX_NAMES, NAME, Role, are_counted, column_name, language_of, words_of
from seqtasks.data.table_rows import Cells

FEWEST_WORDS = 6
"""So many cells of single words below a first row say that words are translated, and no sentences."""
TEXT_NAMES = frozenset({"text", "sentence"})
"""What the column beside one of translations may be called."""


def has_header(sample: Sequence[Cells], roles: Sequence[Role], *, languages: Sequence[str] | None = None) -> bool:
    """Whether the first row names columns.

    Args:
        sample: The first rows.
        roles: What is looked for in the table.
        languages: For pairs, of which it has to name both: their languages, or none where nobody said; else None.
    """
    if not sample:
        return False
    names = [column_name(cell) for cell in sample[0]]
    if are_counted(names):
        return True
    named = [name for name in names if name]
    if not all(name in INDEX_NAMES or NAME.fullmatch(name) for name in named) or len(set(named)) < len(named):
        return False
    if len(names) > 1 and not names[0] and all(names[1:]):
        return True
    if languages is not None:
        sure = not are_alike(sample) and not (may_be_codes(sample) and not are_languages(named, languages))
        return sure and names_pair(named, roles)
    return any(word in role.usual for role in roles for name in names for word in words_of(name))


def are_alike(sample: Sequence[Cells]) -> bool:
    """Whether the cells of the first row of several words share one with the cells below, as texts do: `source 1`."""
    first, *others = sample
    for at, cell in enumerate(first):
        words = {word for word in cell.lower().split() if word.isalpha()}
        below = {word for row in others[:5] for word in "".join(row[at : at + 1]).lower().split()}
        if " " in cell.strip() and words & below:
            return True
    return False


def may_be_codes(sample: Sequence[Cells]) -> bool:
    """Whether the first row has codes of languages that may be words: `No,Ne`, or `it,es` above other single words."""
    cells = [cell.strip() for cell in sample[0]]
    others = [cell for row in sample[1:] for cell in row]
    words = len(others) >= FEWEST_WORDS and all(len(cell.split()) < 2 for cell in others)
    codes = all(CODE.fullmatch(cell.lower()) and cell.isalpha() for cell in cells)
    return codes and (words or all(cell.istitle() for cell in cells))


def are_languages(names: Sequence[str], languages: Sequence[str]) -> bool:
    """Whether the names are those of the two languages that are looked for, in any order."""
    return len(languages) == 2 and {*map(language_of, names)} == {*map(language_of, languages)}


def names_pair(names: Sequence[str], roles: Sequence[Role]) -> bool:
    """Whether names are those of a text and its translation: both roles, or two languages.

    One of them alone may be a text, as in a file of a program's words: Output, Ausgabe.
    """
    if any(name.endswith(".") for name in names):
        return False
    called = [{role.name for role in roles if is_called(name, role)} for name in names]
    if any(one and other and len(one | other) > 1 for at, one in enumerate(called) for other in called[at + 1 :]):
        return True
    spoken = {name: code for name in names if not is_host(name) and (code := language_of(name))}
    rests = {tuple(word for word in name.split() if not language_of(word)) for name in spoken}
    if len(set(spoken.values())) > 1 and len(rests) == 1:
        return True
    return any(called) and any(name in TEXT_NAMES or name in spoken for name in names if " " not in name)


def is_called(name: str, role: Role) -> bool:
    """Whether a name has one of a role's as a word."""
    return any(word in role.usual for word in words_of(name.replace(" ", "_")))


def is_host(name: str) -> bool:
    """Whether a name is rather that of a computer: `en.wikipedia.org`, and not `rows.translation.en`."""
    return name.count(".") > 1 and language_of(name.rpartition(".")[2]) is None


def names_half_a_pair(sample: Sequence[Cells], roles: Sequence[Role]) -> bool:
    """Whether all cells of the first row could be names, and one is known to be: it names columns, or holds texts."""
    if sample and may_be_codes(sample):
        return True
    names = [column_name(cell) for cell in sample[0] if cell.strip()] if sample else []
    return all(NAME.fullmatch(name) and " " not in name and not name.endswith(".") for name in names) and any(
        is_called(name, role) for name in names for role in roles
    )


def may_be_header(sample: Sequence[Cells]) -> bool:
    """Whether the first row holds a word a cell, where texts have several: it could name columns."""
    if len(sample) < 2:
        return False
    first, *others = sample
    texts = [cell for cells in others for cell in cells]
    several = sum(1 for cell in texts if len(cell.split()) > 1)
    return all(re.fullmatch(r"[^\W\d]\w*", cell.strip()) for cell in first) and several > 0.9 * len(texts)
