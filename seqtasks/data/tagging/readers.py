"""Sentences of words with a label each, out of files, one after the other: nothing is kept in memory.

| form | what it looks like |
|---|---|
| conllu | CoNLL-U: ten columns behind tabs, comments, an empty line after each sentence |
| conllu-plus | CoNLL-U Plus (.conllup, .cupt): columns that a first line `# global.columns = ID FORM ...` names |
| columns | CoNLL-2003 and the like: a line a word, with its label in the last column or another; empty lines as well |
| jsonl | `{"words": ["A", "dog"], "labels": ["DET", "NOUN"]}` a line; the labels may be left out |
| text | a sentence a line, words between blanks, no labels |

Every reader counts sentences in a `ReadReport` and leaves out those that are broken, with the line of the mistake.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from seqtasks.data.examples import ReadReport
from seqtasks.data.json_lines import parse_json_object
from seqtasks.data.reader import Reader
from seqtasks.data.tagging.conllu import CONLLU, Lines, Sentence, all_or_none, blocks, column_of, place_of, read_conllu
from seqtasks.data.tagging.conllu_plus import GLOBAL_COLUMNS, read_conllu_plus
from seqtasks.data.text_io import clean_string, read_lines, uncompressed_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.registry import ConfigModel

Form = Literal["auto", "conllu", "conllu-plus", "columns", "jsonl", "text"]

UPOS = "upos"

FIRST_ID = re.compile(r"1|1-\d+|0\.1")
"""With which a sentence of CoNLL-U can begin."""

COMMENT = re.compile(r"#\s*[\w.:-]+\s*=|#\s*(newdoc|newpar|begin|end)\b")
"""What a line of columns begins with that holds no word: `# sent_id = 12`, `# newdoc`, `#begin document`."""

DOCUMENT = "-DOCSTART-"
"""The word with which a document of CoNLL-2003 begins."""


class TaggedSource(ConfigModel):
    """A file of sentences whose words have labels."""

    path: Path
    """The file."""
    label_column: str | int = "upos"
    """Where the labels stand: a column of CoNLL-U by name; of other files by number from 1, else the last one."""
    format: Form = "auto"
    """Format of the file; "auto" looks at its name and its lines."""


class SentenceReader(Reader):
    """A further format of files of sentences; those above are told apart by their lines, too."""

    @abstractmethod
    def read(self, path: Path, skipped: ReadReport) -> Iterator[Sentence]:
        """The sentences of one file."""


def read_sentences(
    path: Path, skipped: ReadReport, *, column: str | int = UPOS, form: Form = "auto"
) -> Iterator[Sentence]:
    """The sentences of one file, in its order; the form follows from the name and the first line, if not given.

    `column` says where labels stand: in CoNLL-U by name; in any columns by number from 1, or from the end as -1. The
    default is the last one where columns have no names. JSON lines and text have no columns.

    Raises:
        SeqtasksError: at once for a missing file and an unknown column; while reading for text that is not UTF-8 and
            damaged compression.
    """
    reader = SentenceReader.for_file(path) if form == "auto" else None
    if reader is not None:
        return reader.read(path, skipped)
    return parse_sentences(read_lines(path), str(path), skipped, column=column, form=form)


def parse_sentences(
    lines: Iterable[str], file: str, skipped: ReadReport, *, column: str | int = UPOS, form: Form = "auto"
) -> Iterator[Sentence]:
    """The same from lines, of standard input for example; `file` is what to call it."""
    rest = iter(lines)
    head = []
    for line in rest:
        head.append(line)
        if line.strip() and not line.startswith("#"):
            break
    numbered = enumerate(chain(head, rest), 1)
    names = next((found[1].split() for line in head if (found := GLOBAL_COLUMNS.match(line))), None)
    if form == "conllu-plus" or (form == "auto" and names and names != [name.upper() for name in CONLLU]):
        return read_conllu_plus(file, numbered, skipped, column, names or [])
    guessed = form == "auto"
    if guessed:
        form = detect_format(file, head[-1] if head else "")
    if form == "conllu":
        return read_conllu(file, numbered, skipped, column_of(column))
    if form == "columns":
        return read_columns(file, numbered, skipped, column_number(file, column), with_ids=not guessed)
    return (read_jsonl if form == "jsonl" else read_text)(file, numbered, skipped)


def detect_format(file: str, line: str) -> Form:
    """The form of a file by its name and its first line that is neither empty nor a comment."""
    suffix = uncompressed_suffix(Path(file))
    cells = line.split("\t")
    if suffix == ".conllu" or (len(cells) == len(CONLLU) and FIRST_ID.fullmatch(cells[0])):
        return "conllu"
    if suffix == ".jsonl":
        return "jsonl"
    return "text" if suffix in ("", ".txt") and "\t" not in line and not line.startswith(DOCUMENT) else "columns"


def with_labels(sentences: Iterable[Sentence], skipped: ReadReport) -> Iterator[Sentence]:
    """Leaves out the sentences in which a word has no label, for training and evaluation."""
    for sentence in sentences:
        if sentence.labels:
            yield sentence
        else:
            skipped.skip("word without label")


def column_number(file: str, column: str | int) -> int:
    """The number of a column for labels, by default the last. Raises SeqtasksError where there cannot be one."""
    if column != UPOS and (isinstance(column, str) or column in (0, 1)):
        raise SeqtasksError(
            f"{file}: there is no column {column!r} for labels.",
            "Words are in column 1; give the number of another, or -1 for the last.",
        )
    return column if isinstance(column, int) else -1


def read_columns(file: str, lines: Lines, skipped: ReadReport, column: int, *, with_ids: bool) -> Iterator[Sentence]:
    """Words in the first column, their labels in another; a sentence of words alone has no labels.

    Raises:
        SeqtasksError: unless words may be `with_ids`, where the first column seems to number the words.
    """
    for block in blocks(lines):
        rows = [(number, cells_of(line)) for number, line in block if not COMMENT.match(line)]
        rows = [(number, cells) for number, cells in rows if cells[0] != DOCUMENT]
        if not rows:
            continue
        width = len(rows[-1][1])
        while rows[0][1][0].startswith("#") and len(rows[0][1]) != width:
            del rows[0]  # a comment: as a word it would have a label
        counted = [str(each + 1) for each in range(len(rows))]
        if not with_ids and width > 2 and len(rows) > 1 and [cells[0] for _, cells in rows] == counted:
            raise SeqtasksError(
                f"{file}:{rows[0][0]}: the first column numbers the words, and does not hold them.",
                "Name the columns in a first line as CoNLL-U Plus does: # global.columns = ID FORM UPOS ...",
            )
        place = place_of(column, width)
        broken = [number for number, cells in rows if len(cells) != width or (width > 1 and not place)]
        empty = [number for number, cells in rows if not cells[0]]
        skipped.reach(file, next(iter(broken or empty), rows[0][0]))
        if broken:
            skipped.skip("wrong number of columns")
        elif empty:
            skipped.skip("empty word")
        else:
            labels = tuple(cells[place] for _, cells in rows) if place else ()
            yield Sentence(tuple(cells[0] for _, cells in rows), all_or_none(labels))


def cells_of(line: str) -> list[str]:
    """What stands between tabs, or between blanks where there are no tabs."""
    return [cell.strip() for cell in line.rstrip().split("\t")] if "\t" in line else between_blanks(line)


def between_blanks(line: str) -> list[str]:
    """The words of a line; spaces of other kinds belong to words."""
    return [word for word in line.replace("\t", " ").split(" ") if word.strip()]


def read_jsonl(file: str, lines: Lines, skipped: ReadReport) -> Iterator[Sentence]:
    """A JSON object a line."""
    for number, line in lines:
        skipped.reach(file, number)
        fields = parse_json_object(line)
        words, labels = texts_of(fields, "words"), texts_of(fields, "labels")
        if words is None or labels is None or len(labels) not in (0, len(words)):
            skipped.skip("broken line")
        elif not words:
            skipped.skip("sentence without words")
        elif "" in words:
            skipped.skip("empty word")
        else:
            yield Sentence(words, all_or_none(labels))


def texts_of(fields: dict[str, Any] | None, key: str) -> tuple[str, ...] | None:
    """A list of texts in a JSON object, each on one line; empty where there is no list, None for anything else."""
    if fields is None:
        return None
    listed = fields.get(key)
    if listed is None:
        return ()
    if not isinstance(listed, list):
        return None
    texts = [clean_string("" if text is None else text) for text in listed]
    known = tuple(" ".join(text.split()) for text in texts if text is not None)
    return known if len(known) == len(texts) else None


def read_text(file: str, lines: Lines, skipped: ReadReport) -> Iterator[Sentence]:
    """Words between blanks; empty lines are no sentences."""
    for number, line in lines:
        if words := between_blanks(line):
            skipped.reach(file, number)
            yield Sentence(tuple(words))


def read_tagged(source: TaggedSource, skipped: ReadReport) -> Iterator[Sentence]:
    """The sentences of a source that have labels."""
    return with_labels(read_sentences(source.path, skipped, column=source.label_column, form=source.format), skipped)


def nothing_to_train_on(skipped: ReadReport) -> SeqtasksError:
    return SeqtasksError(
        f"There is no sentence with labels to train on: {skipped.describe()}.",
        "Look at the data files: .txt is text without labels, unless it has tabs; columns between blanks are .conll.",
    )
