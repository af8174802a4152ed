"""Sentences of words with a label each, and CoNLL-U, the form of the Universal Dependencies (Nivre et al. 2020)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError

Lines = Iterable[tuple[int, str]]
"""Lines with their numbers, from 1."""

CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns, behind tabs."""

FORM, FEATURES = CONLLU.index("form"), CONLLU.index("feats")

NOTHING = "_"
"""The value of an empty column."""

NO_WORD = re.compile(r"\d+(?:-\d+|\.\d+)")
"""The id of several words written as one (`3-4`), or of a word that is not written (`5.1`)."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words, and a label for each."""

    words: tuple[str, ...]
    labels: tuple[str, ...] = ()
    """As many as words; none where a word has no label."""
    lines: tuple[str, ...] = ()
    """The lines of CoNLL-U that it was read from, comments included."""


def read_conllu(file: str, lines: Lines, skipped: ReadReport, place: int) -> Iterator[Sentence]:
    """The sentences, with the labels of the column at `place`, from 0.

    Of several words written as one, the words are read.
    """
    for rows in blocks(lines):
        number, mistake = mistake_in(rows)
        skipped.reach(file, number)
        if mistake:
            skipped.skip(mistake)
            continue
        words = [line.split("\t") for _, line in rows if is_word(line)]
        labels = tuple(cells[place] for cells in words)
        yield Sentence(
            words=tuple(cells[FORM] for cells in words),
            labels=labels if place == FEATURES else all_or_none(labels),  # nothing is said of a word without features
            lines=tuple(line for _, line in rows),
        )


def mistake_in(rows: list[tuple[int, str]]) -> tuple[int, str]:
    """The number of the line with the first mistake of a sentence, and its name; the first line and "" without one."""
    words = 0
    for number, line in rows:
        if line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != len(CONLLU):
            return number, "wrong number of columns"
        if NO_WORD.fullmatch(cells[0]):
            continue
        words += 1
        if cells[0] != str(words):
            return number, "id out of order"
        if not cells[FORM].strip():
            return number, "empty word"
    return rows[0][0], "" if words else "sentence without words"


def is_word(line: str) -> bool:
    """Whether a line without mistakes holds a word, and neither a comment nor anything else."""
    return line.partition("\t")[0].isdecimal()


def column_of(column: str | int) -> int:
    """The position of a column for labels, from 0, by its name or its number."""
    if isinstance(column, int):
        place = place_of(column, len(CONLLU))
    else:
        place = CONLLU.index(column.lower()) if column.lower() in CONLLU else None
    if place is None or place <= FORM:
        raise SeqtasksError(f"CoNLL-U has no column {column!r} for labels.", f"It has {', '.join(CONLLU[FORM + 1 :])}.")
    return place


def write_conllu(sentence: Sentence, column: str | int, labels: Sequence[str]) -> str:
    """The sentence in CoNLL-U, and the empty line after it.

    All else is as it was read; a sentence that comes from another form has ids and words alone.

    Args:
        sentence: As it was read.
        column: The column of the labels, by name or by its number from 1.
        labels: One for each word.

    Raises:
        SeqtasksError: There is no such column.
        ValueError: There are not as many labels as words.
    """
    place = column_of(column)
    lines = list(sentence.lines) or fresh_lines(sentence.words)
    words = [index for index, line in enumerate(lines) if is_word(line)]
    for index, label in zip(words, labels, strict=True):
        cells = lines[index].split("\t")
        cells[place] = label
        lines[index] = "\t".join(cells)
    return "\n".join([*lines, "", ""])


def fresh_lines(words: Sequence[str]) -> list[str]:
    """Lines that say nothing but the words."""
    empty = [NOTHING] * (len(CONLLU) - 2)
    texts = [" ".join(word.split()) or NOTHING for word in words]
    return ["\t".join([str(number), text, *empty]) for number, text in enumerate(texts, 1)]


def blocks(lines: Lines) -> Iterator[list[tuple[int, str]]]:
    """Blocks of lines between empty ones."""
    block: list[tuple[int, str]] = []
    for number, line in lines:
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def place_of(column: int, width: int) -> int | None:
    """The position, from 0, of a column that is counted from 1, or from the end as -1; None where there is none."""
    place = column - 1 if column > 0 else width + column
    return place if 0 <= place < width else None


def all_or_none(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels of a sentence; none where one is missing."""
    return () if NOTHING in labels or "" in labels else labels
