"""Files with a label and a text a line, and what is no such file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from seqtasks.data.documents.source import Document, label_names
from seqtasks.data.examples import ReadReport
from seqtasks.data.json_lines import parse_json_object
from seqtasks.data.tables import SAMPLE_LINES
from seqtasks.data.text_io import read_lines
from seqtasks.errors import SeqtasksError

MARK = "__label__"
"""With which fastText begins a label."""
DELIMITERS = {"\t": "tsv", ";": "csv", ",": "csv", "|": "csv"}
"""Delimiters of tables, and the format that reads each."""
EVEN = 0.95
"""The share of lines of one number of columns that makes a table."""
FEWEST = 5
"""Lines that distinguish a table from texts."""
LABEL_WORDS = 3
"""The most words of a cell that is a label."""


def read_labelled_lines(path: Path, skipped: ReadReport) -> Iterator[Document]:
    """Labels, and behind a blank or tab the text; lines without anything are no documents.

    Raises:
        SeqtasksError: The lines are JSON, or the rows of a table, whose first words are no labels.
    """
    lines = read_lines(path)
    first_lines = list(islice(lines, SAMPLE_LINES))
    require_labels_first(path, [line for line in first_lines if line.strip()])
    for number, line in enumerate(chain(first_lines, lines), 1):
        if not line.strip():
            continue
        skipped.reach(str(path), number)
        label, text = first_word(line)
        labels = [label.removeprefix(MARK)]
        while label.startswith(MARK) and text.startswith(MARK):
            another, text = first_word(text)
            labels.append(another.removeprefix(MARK))
        yield Document(text, label_names(labels), f"{path}:{number}")


def first_word(line: str) -> tuple[str, str]:
    """The parts before and after the first space or tab."""
    word, *rest = line.split(maxsplit=1)
    return word, "".join(rest).rstrip()


def require_labels_first(path: Path, lines: Sequence[str]) -> None:
    """Raises SeqtasksError where lines are JSON objects, or rows whose labels are a column of a table."""
    if not lines or lines[0].startswith(MARK):
        return
    shown = "; ".join(f"line {number}: {line[:60]}" for number, line in enumerate(lines[:2], 1))
    if parse_json_object(lines[0]) is not None:
        raise SeqtasksError(
            f"{path} holds JSON, not one label and text per line. {shown}.",
            f'Rename it to {path.stem}.jsonl, or give format = "jsonl" next to its path in a configuration.',
        )
    delimiter = table_delimiter(lines)
    if delimiter is not None:
        kind = DELIMITERS[delimiter]
        raise SeqtasksError(
            f"{path} looks like a table, in which labels are a column; in this kind of file the first word of a line "
            f"is its label. {shown}.",
            f'Rename it to {path.stem}.{kind}, or give format = "{kind}" next to its path in a configuration.',
        )


def table_delimiter(lines: Sequence[str]) -> str | None:
    """The delimiter of lines that are rows of a table; None where the first words are labels.

    In a table nearly all rows have the same number of columns, and the cells of the first or of the last one are
    short. A tab after the first word may separate a label from its text.
    """
    if len(lines) < FEWEST:
        return None
    for delimiter in DELIMITERS:
        if sum(f" {delimiter} " in line for line in lines) > len(lines) / 2:
            continue  # punctuation of tokens between blanks, as in Stanford's sentences
        rows = [line.split(delimiter) for line in lines]
        width, count = Counter(map(len, rows)).most_common(1)[0]
        if width < 2 or count < EVEN * len(rows):
            continue
        even = [row for row in rows if len(row) == width]
        if delimiter == "\t" and width == 2 and all(len(row[0].split()) == 1 for row in even):
            return None
        if any(all(0 < len(row[place].split()) <= LABEL_WORDS for row in even) for place in (0, -1)):
            return delimiter
    return None
