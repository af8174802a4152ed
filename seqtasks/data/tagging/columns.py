"""CoNLL-2003 and the like: a line a word, columns without names between tabs or blanks, an empty line behind sentences.

Nothing is learned from a wrong column without a word: where the cells of the first sentences say that the first column
holds no words, or the last no labels, it is an error that names the option which says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from seqtasks.data.columns import describe_columns
from seqtasks.data.examples import ReadReport
from seqtasks.data.tagging.conllu import Lines, Sentence, all_or_none, blocks, place_of
from seqtasks.data.tagging.tables import names_columns
from seqtasks.errors import SeqtasksError

COMMENT = re.compile(r"#\s*[\w.:-]+\s*=|#\s*(newdoc|newpar|begin|end)\b")
"""What a line of columns begins with that holds no word: `# sent_id = 12`, `# newdoc`, `#begin document`."""
DOCUMENT = "-DOCSTART-"
"""The word with which a document of CoNLL-2003 begins."""
SPAN_LABEL = re.compile(r"O|[BIESLUM]-\S+")
"""Labels of spans: BIO, IOB, BILOU and BIOES (Ramshaw and Marcus 1995)."""
CONLL_2009, POS_2009 = 14, 5
"""Columns that CoNLL-2009 has at least, and the one of parts of speech (Hajič et al. 2009)."""
SAMPLE_SENTENCES = 50
"""Sentences that are looked at for what their columns hold."""
SURE_ROWS = 100
"""So many words say whether there are classes among their labels."""


class WordRow(NamedTuple):
    """A line of columns."""

    number: int
    """Of the line, from 1."""
    cells: list[str]


def read_columns(
    file: str, lines: Lines, skipped: ReadReport, column: int | None, word_column: int | None, *, checked: bool = True
) -> Iterator[Sentence]:
    """Words in one column, their labels in another; a sentence of words alone has no labels.

    Args:
        file: What to call the lines in messages.
        lines: The lines, with their numbers.
        skipped: Counts the sentences, and those that are broken.
        column: The number of the labels' column from 1, or from the end as -1; None for the last one.
        word_column: The same of the words; None for the first one, unless cells say that it holds none.
        checked: Whether the columns have to look like words and labels where they were not asked for.

    Raises:
        SeqtasksError: At once, where the first sentences say that these columns hold something else.
    """
    sentences = word_rows(lines)
    sample = list(islice(sentences, SAMPLE_SENTENCES)) if checked else []
    if word_column is None:
        turned = checked and column is None and labels_come_first(sample)
        word_column, column = (2, 1) if turned else (1, column)
        if checked and not turned:
            require_words(file, sample)
    if column is None and checked:
        require_labels(file, sample, word_column)
    width = len(sample[0][0].cells) if sample else 0
    places = [place_of(word_column, width), place_of(column or -1, width)]
    if width > 1 and None not in places:
        skipped.columns.append(describe_columns(file, [place for place in places if place is not None], None, width))
    return in_columns(file, chain(sample, sentences), skipped, column or -1, word_column)


def word_rows(lines: Lines) -> Iterator[list[WordRow]]:
    """The rows of each sentence, without comments, marks of documents and a header."""
    for place, block in enumerate(blocks(lines)):
        rows = [WordRow(number, cells_of(line)) for number, line in block if not COMMENT.match(line)]
        rows = [row for row in rows if row.cells[0] != DOCUMENT]
        if not rows:
            continue
        width = len(rows[-1].cells)
        while rows[0].cells[0].startswith("#") and len(rows[0].cells) != width:
            del rows[0]  # a comment: as a word it would have a label
        if not place and len(rows[0].cells) > 1 and names_columns(rows[0].cells):
            del rows[0]
        if rows:
            yield rows


def in_columns(
    file: str, sentences: Iterable[list[WordRow]], skipped: ReadReport, column: int, word_column: int
) -> Iterator[Sentence]:
    """Sentences of rows without names of columns.

    Args:
        file: Its name, for reports.
        sentences: The rows of each sentence.
        skipped: Counts sentences whose rows have different numbers of columns, or empty words.
        column: The number of the labels' column from 1, or from the end as -1.
        word_column: The same of the words.

    Yields:
        Words with their labels; without labels where a row has one column alone.
    """
    for rows in sentences:
        width = len(rows[-1].cells)
        word, place = place_of(word_column, width), place_of(column, width)
        apart = width == 1 or None not in (word, place)
        labeled = width > 1 and place != word
        broken = [row.number for row in rows if len(row.cells) != width or not apart or (width > 1 and not labeled)]
        empty = [row.number for row in rows if not broken and not row.cells[word or 0]]
        skipped.reach(file, next(iter(broken or empty), rows[0].number))
        if broken:
            skipped.skip("wrong number of columns")
        elif empty:
            skipped.skip("empty word")
        else:
            labels = tuple(row.cells[place] for row in rows) if labeled and place is not None else ()
            yield Sentence(tuple(row.cells[word or 0] for row in rows), all_or_none(labels))


def labels_come_first(sample: Sequence[Sequence[WordRow]]) -> bool:
    """Whether labels of spans come before the words (the MIT corpora of movies and restaurants)."""
    rows = [row.cells for sentence in sample for row in sentence]
    if not rows or any(len(cells) != 2 for cells in rows):
        return False
    spans = [sum(bool(SPAN_LABEL.fullmatch(cells[place])) for cells in rows) for place in (0, 1)]
    return spans[0] == len(rows) > spans[1] and any(cells[0] != "O" for cells in rows)


def require_words(file: str, sample: Sequence[Sequence[WordRow]]) -> None:
    """Raises SeqtasksError where the first column of the first sentences holds no words."""
    several = [rows for rows in sample if len(rows) > 1 and len(rows[0].cells) > 1]
    if not several:
        return
    place = f"{file}:{several[0][0].number}"
    width = len(several[0][0].cells)
    words = [row.cells[0] for rows in several for row in rows]
    other = f"{width} columns, such as {' | '.join(several[0][0].cells)[:80]}"
    label = label_column([row.cells for rows in several for row in rows if len(row.cells) == width])
    say = f"Give the columns by number: --word-column 2 --label-column {label} (word_column, label_column)."
    if all([row.cells[0] for row in rows] in counts(len(rows)) for rows in several) and (width > 2 or len(words) > 2):
        raise SeqtasksError(f"{place}: the first column numbers the words instead of holding them ({other}).", say)
    if width > 2 and len(words) > 3 and len(set(words)) == 1:
        raise SeqtasksError(
            f"{place}: the first column is always {words[0]!r}, so that it does not hold the words ({other}).", say
        )
    labels = {row.cells[-1] for rows in several for row in rows}
    if len(words) >= SURE_ROWS and 4 * len(set(words)) < len(labels):
        raise SeqtasksError(
            f"{place}: the first column has {len(set(words))} different cells and the last {len(labels)}: "
            f"it is not clear which holds the words ({other}).",
            "Give the columns by number: --word-column 2 --label-column 1 (word_column, label_column in a "
            "configuration).",
        )


def label_column(rows: Sequence[Sequence[str]]) -> int:
    """Which column behind the words' is likely that of the labels, from 1: the first one of spans, else the last."""
    width = len(rows[0])
    if width >= CONLL_2009:
        return POS_2009
    spans = (
        place
        for place in range(2, width)
        if all(SPAN_LABEL.fullmatch(cells[place]) for cells in rows) and any(cells[place] != "O" for cells in rows)
    )
    return next(spans, -2) + 1


def require_labels(file: str, sample: Sequence[Sequence[WordRow]], word_column: int) -> None:
    """Raises SeqtasksError where the last column of the first sentences holds nearly as many labels as words."""
    rows = [row for sentence in sample for row in sentence if len(row.cells) > 2]
    words = {row.cells[0 if word_column < 0 else min(word_column - 1, len(row.cells) - 1)] for row in rows}
    labels = {row.cells[-1] for row in rows}
    if len(rows) >= SURE_ROWS and 2 * len(labels) > len(words):
        raise SeqtasksError(
            f"{file}:{rows[0].number}: the last column has {len(labels)} different cells for {len(words)} words: "
            f"they are hardly labels, such as {rows[0].cells[-1]!r}.",
            "Give the column of the labels by number: --label-column 2 (label_column in a configuration).",
        )


def counts(length: int) -> list[list[str]]:
    """The numbers of words, from 1 or from 0 on."""
    return [[str(number) for number in range(first, first + length)] for first in (1, 0)]


def cells_of(line: str) -> list[str]:
    """The cells between tabs, or between spaces where there are no tabs."""
    return [cell.strip() for cell in line.rstrip().split("\t")] if "\t" in line else between_blanks(line)


def between_blanks(line: str) -> list[str]:
    """The words of a line; spaces of other kinds belong to words."""
    return [word for word in line.replace("\t", " ").split(" ") if word.strip()]
