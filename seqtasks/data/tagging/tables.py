"""Tables with a word a row, whose header names the columns; a column may say which sentence a word belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from seqtasks.data.column_names import Role, column_name
from seqtasks.data.columns import describe_columns, named_columns, requested_columns, unclear
from seqtasks.data.examples import ReadReport
from seqtasks.data.table_rows import Row
from seqtasks.data.tables import Table, open_table
from seqtasks.data.tagging.conllu import Sentence, all_or_none
from seqtasks.errors import SeqtasksError

WORD = Role("word", ("word", "words", "token", "tokens", "form"))
LABEL = Role(
    "label",
    ("label", "labels", "tag", "tags", "ner", "ner_tag", "ner_tags", "entity", "iob", "bio", "pos", "pos_tag",
     "pos_tags", "upos", "xpos", "chunk", "chunk_tags"),
)  # fmt: skip
SENTENCE = Role(
    "sentence",
    ("sentence #", "sentence", "sentence_id", "sentence id", "sentence_idx", "sent_id", "sent_no", "sentence_number"),
)
DOCUMENT = Role("document", ("document", "document #", "document_id", "document id", "doc", "doc_id", "doc id"))
ROLES = (WORD, LABEL)
LONG_SENTENCE = 150
"""So many rows in which no sentence ends are taken for a table that does not say where sentences end."""


class WordColumns(NamedTuple):
    """The places of the columns, from 0."""

    word: int
    label: int | None
    sentence: int | None
    document: int | None
    """In each document the numbers of sentences may begin again."""


def names_columns(cells: Sequence[str]) -> bool:
    """Whether cells are the names of columns: one of words, and one of labels."""
    names = {column_name(cell) for cell in cells}
    return not (names.isdisjoint(WORD.usual) or names.isdisjoint(LABEL.usual))


def read_table(
    path: Path, skipped: ReadReport, column: str | int | None, word_column: str | int | None
) -> Iterator[Sentence]:
    """The sentences of a table.

    Raises:
        SeqtasksError: At once, where it is not clear which columns hold what, or which words are a sentence.
    """
    table = open_table(path, ROLES)
    if not table.width:
        return iter(())
    columns = word_columns(table, column, word_column)
    words = [cells[columns.word] for cells in table.sample if len(cells) == table.width]
    if 2 * sum(len(word.split()) > 1 for word in words) > len(words):
        raise SeqtasksError(
            f"{path}: its rows hold whole sentences; a table for tagging has one word per row. {table.describe()}.",
            'Write JSON lines instead: {"words": ["A", "dog"], "labels": ["DET", "NOUN"]}',
        )
    places = [place for place in (columns.word, columns.label) if place is not None]
    skipped.columns.append(describe_columns(path, places, table.header, table.width))
    return in_table(table, columns, skipped)


def word_columns(table: Table, column: str | int | None, word_column: str | int | None) -> WordColumns:
    """The columns that were asked for, else those of usual names; of several columns of labels the last."""
    names = table.header or ("",) * table.width
    found = requested_columns(table.path, names, {"word": word_column, "label": column})
    found = named_columns(names, (WORD, SENTENCE, DOCUMENT)) | found
    labels = [place for place, name in enumerate(names) if name in LABEL.usual and place != found.get("word")]
    if labels:
        found.setdefault("label", labels[-1])
    if "word" not in found or found["word"] == found.get("label"):
        raise unclear(table, "which of its columns holds the words", ROLES)
    if "label" not in found and table.width > 1 + ("sentence" in found) + ("document" in found):
        raise unclear(table, "which of its columns holds the labels", ROLES)
    return WordColumns(found["word"], found.get("label"), found.get("sentence"), found.get("document"))


def in_table(table: Table, columns: WordColumns, skipped: ReadReport) -> Iterator[Sentence]:
    """Sentences of rows that belong together."""
    for _, numbered in groupby(with_sentence(table, columns), key=lambda each: each[0]):
        rows = [row for _, row in numbered]
        broken = [number for number, cells, problem in rows if problem or len(cells) != table.width]
        words = tuple("" if problem else cells[columns.word].strip() for _, cells, problem in rows if cells)
        empty = [number for (number, *_), word in zip(rows, words, strict=False) if not word]
        skipped.reach(str(table.path), next(iter(broken or empty), rows[0][0]))
        if broken:
            skipped.skip("wrong number of columns")
        elif empty:
            skipped.skip("empty word")
        else:
            labels = () if columns.label is None else tuple(cells[columns.label].strip() for _, cells, _ in rows)
            yield Sentence(words, all_or_none(labels))


def with_sentence(table: Table, columns: WordColumns) -> Iterator[tuple[int, Row]]:
    """The rows, each with the number of its sentence; an empty cell goes on with the sentence before.

    Without a column of sentences, empty lines end them.

    Raises:
        SeqtasksError: There are neither.
    """
    sentence, length = 0, 0
    before: tuple[str, ...] = ("", "")
    previous: Row | None = None
    ended = columns.sentence is not None
    for row in table.rows:
        number, cells, _ = row
        if columns.sentence is not None:
            places = (columns.document, columns.sentence)
            cut = ("" if place is None or place >= len(cells) else cells[place].strip() for place in places)
            said = tuple(now or then for now, then in zip(cut, before, strict=True))
            if said != before:
                sentence, before = sentence + 1, said
        elif not any(cell.strip() for cell in cells) and cells:
            sentence, ended = sentence + 1, True
            previous = None
            continue
        elif previous is not None and number > previous[0] + 1:
            sentence, ended, length = sentence + 1, True, 0
        length += 1
        if not ended and length > LONG_SENTENCE:
            raise SeqtasksError(
                f"{table.path}: nothing says where its sentences end: no column has one of the names "
                f"{', '.join(SENTENCE.usual[:4])}, and no line is empty.",
                "Give that column one of these names, or write an empty line after each sentence.",
            )
        previous = row
        yield sentence, row
