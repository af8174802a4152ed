"""CoNLL-U Plus: columns as in CoNLL-U, but which ones, the first line says (.conllup, and .cupt of PARSEME).

    # global.columns = ID FORM UPOS PARSEME:MWE

See https://universaldependencies.org/ext-format.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from seqtasks.data.examples import ReadReport
from seqtasks.data.tagging.conllu import NO_WORD, Lines, Sentence, all_or_none, blocks
from seqtasks.errors import SeqtasksError

GLOBAL_COLUMNS = re.compile(r"#\s*global\.columns\s*=\s*(.+)")


def read_conllu_plus(
    file: str, lines: Lines, skipped: ReadReport, column: str | int, names: Sequence[str]
) -> Iterator[Sentence]:
    """The sentences, with the labels of one column, by its name or its number from 1.

    Raises:
        SeqtasksError: At once, where there is no such column, or none for the words.
    """
    known = [name.lower() for name in names]
    if "form" not in known:
        raise SeqtasksError(
            f"{file}: it does not say which column holds the words.",
            "CoNLL-U Plus begins with a line such as # global.columns = ID FORM UPOS",
        )
    place = column - 1 if isinstance(column, int) else known.index(column.lower()) if column.lower() in known else -1
    if not 0 <= place < len(known) or known[place] in ("id", "form"):
        others = ", ".join(name for name in names if name.lower() not in ("id", "form"))
        raise SeqtasksError(f"{file}: there is no column {column!r} for labels.", f"It has {others}.")
    return in_named_columns(file, lines, skipped, known, place)


def in_named_columns(
    file: str, lines: Lines, skipped: ReadReport, names: Sequence[str], place: int
) -> Iterator[Sentence]:
    """Sentences of a file whose first line names its columns.

    Args:
        file: Its name, for reports.
        lines: What follows the first line, numbered.
        skipped: Counts sentences whose rows have another number of columns, or empty words.
        names: The columns in lower case; `form` is that of words. Where there is an `id`, ranges and empty nodes, which
            are no words, are left out.
        place: Where the column of labels is, from 0.
    """
    form = names.index("form")
    for block in blocks(lines):
        rows = [(number, line.split("\t")) for number, line in block if not line.startswith("#")]
        if not rows:
            continue
        skipped.reach(file, next((number for number, cells in rows if len(cells) != len(names)), rows[0][0]))
        if any(len(cells) != len(names) for _, cells in rows):
            skipped.skip("wrong number of columns")
            continue
        if "id" in names:
            rows = [row for row in rows if not NO_WORD.fullmatch(row[1][names.index("id")])]
        words = tuple(cells[form].strip() for _, cells in rows)
        if "" in words or not words:
            skipped.skip("empty word")
        else:
            yield Sentence(words, all_or_none(tuple(cells[place] for _, cells in rows)))
