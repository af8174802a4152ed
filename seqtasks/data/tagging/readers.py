"""Sentences of words with a label each, out of files, one after the other: nothing is kept in memory.

| form | what it looks like |
|---|---|
| conllu | CoNLL-U: ten columns behind tabs, comments, an empty line after each sentence |
| conllu-plus | CoNLL-U Plus (.conllup, .cupt): columns that a first line `# global.columns = ID FORM ...` names |
| columns | CoNLL-2003 and the like: a line a word, with its label in the last column or another; empty lines as well |
| table | .csv, or tabs: a row a word below a header such as `Sentence #,Word,POS,Tag` |
| jsonl | `{"words": ["A", "dog"], "labels": ["DET", "NOUN"]}` a line, or `tokens`, `ner_tags`; labels may be left out |
| parquet | the same in the rows of Parquet; the names of labels out of what Hugging Face says of a `ClassLabel` |
| text | a sentence a line, words between blanks, no labels |

Every reader counts sentences in a `ReadReport` and leaves out those that are broken, with the line of the mistake.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from seqtasks.data.examples import ReadReport
from seqtasks.data.files.foreign_files import foreign_by_name
from seqtasks.data.files.parquet import read_rows
from seqtasks.data.files.patterns import is_pattern, read_each
from seqtasks.data.json_lines import REJECTING, parse_json_object, rejection
from seqtasks.data.reader import Reader
from seqtasks.data.tagging.columns import DOCUMENT, between_blanks, read_columns
from seqtasks.data.tagging.conllu import CONLLU, Lines, Sentence, all_or_none, column_of, read_conllu
from seqtasks.data.tagging.conllu_plus import GLOBAL_COLUMNS, read_conllu_plus
from seqtasks.data.tagging.tables import names_columns, read_table
from seqtasks.data.text_io import clean_string, read_lines, require_file, uncompressed_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.registry import ConfigModel

Form = Literal["auto", "conllu", "conllu-plus", "columns", "table", "jsonl", "parquet", "text"]

UPOS = "upos"

FIRST_ID = re.compile(r"1|1-\d+|0\.1")
"""With which a sentence of CoNLL-U can begin."""

WORD_KEYS = ("words", "tokens", "token", "word")
LABEL_KEYS = ("labels", "tags", "ner_tags", "pos_tags", "chunk_tags", "upos", "xpos", "ner", "pos", "label", "tag")
"""What the lists in JSON lines are called; those of `labels` are labels whatever else there is."""


class TaggedSource(ConfigModel):
    """A file of sentences whose words have labels."""

    path: Path
    """The file, or a pattern of several: `part-*.parquet`."""
    label_column: str | int = "upos"
    """The labels: a column of CoNLL-U or of a table, or a key in JSON, by name; in other files a column by number from
    1, by default the last."""
    word_column: str | int | None = None
    """The words: a column of a table, by name or number, or of other files, by number from 1; detected by default."""
    format: Form = "auto"
    """Format of the file; "auto" looks at its name and its lines."""


class SentenceReader(Reader):
    """A further format of files of sentences; those above are told apart by their lines, too."""

    @abstractmethod
    def read(self, path: Path, skipped: ReadReport) -> Iterator[Sentence]:
        """The sentences of one file."""


def read_sentences(
    path: Path,
    skipped: ReadReport,
    *,
    column: str | int = UPOS,
    word_column: str | int | None = None,
    form: Form = "auto",
) -> Iterator[Sentence]:
    """The sentences of one file, in its order.

    Args:
        path: The file.
        skipped: Counts what is left out.
        column: Where the labels are: in CoNLL-U and tables by name; in any columns by number from 1, or from the end as
            -1; in JSON lines by key. The default is the last one where columns have no names.
        word_column: The same of the words, where the form does not say it.
        form: How words and labels are laid out in it; "auto" follows from the name and the first line.

    Raises:
        SeqtasksError: At once for a missing file and an unknown column, or columns that are not clear; while reading
            for text that is not UTF-8 and damaged compression.
    """
    if is_pattern(path):
        return read_each(
            path,
            skipped,
            lambda file: read_sentences(file, skipped, column=column, word_column=word_column, form=form),
        )
    reader = SentenceReader.for_file(path) if form == "auto" else None
    if reader is not None:
        return reader.read(path, skipped)
    require_file(path)
    if form == "parquet" or (form == "auto" and uncompressed_suffix(path) == ".parquet"):
        keys = {*WORD_KEYS, *LABEL_KEYS, *REJECTING, str(column)}
        return read_labeled_objects(f"{path} row", enumerate(read_rows(path, keys), 1), skipped, column)
    if form == "auto" and (problem := foreign_by_name(path)):
        raise problem
    if form == "table" or (form == "auto" and is_table(path)):
        return read_table(path, skipped, None if column == UPOS else column, word_column)
    return parse_sentences(read_lines(path), str(path), skipped, column=column, word_column=word_column, form=form)


def is_table(path: Path) -> bool:
    """Whether a file holds a table of words: commas separate its columns, or a first line with tabs names them."""
    suffix = uncompressed_suffix(path)
    return suffix == ".csv" or (suffix != ".jsonl" and names_columns(next(read_lines(path), "").split("\t")))


def parse_sentences(
    lines: Iterable[str],
    file: str,
    skipped: ReadReport,
    *,
    column: str | int = UPOS,
    word_column: str | int | None = None,
    form: Form = "auto",
) -> Iterator[Sentence]:
    """As `read_sentences`, from lines of standard input for example.

    Args:
        lines: Without their ends.
        file: What to call them in messages.
        skipped: Counts what is left out.
        column: As in `read_sentences`.
        word_column: As in `read_sentences`.
        form: As in `read_sentences`; "auto" follows from the first line.
    """
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
        words = None if word_column is None else column_number(file, word_column, "words")
        labels = None if column == UPOS else column_number(file, column, "labels", not_in=words or 1)
        return read_columns(file, numbered, skipped, labels, words, checked=guessed)
    if form == "jsonl":
        objects = ((number, parse_json_object(line)) for number, line in numbered)
        return read_labeled_objects(file, objects, skipped, column)
    return read_text(file, numbered, skipped)


def detect_format(file: str, line: str) -> Form:
    """The form of a file by its name and its first line that is neither empty nor a comment."""
    suffix = uncompressed_suffix(Path(file))
    cells = line.split("\t")
    if suffix == ".conllu" or (len(cells) == len(CONLLU) and FIRST_ID.fullmatch(cells[0])):
        return "conllu"
    if suffix == ".jsonl" or (suffix == ".json" and parse_json_object(line) is not None):
        return "jsonl"
    if suffix == ".json" and line:
        raise SeqtasksError(
            f"{file}: JSON is read as one object per line and sentence, but this file is laid out otherwise.",
            'Write lines such as {"words": ["A", "dog"], "labels": ["DET", "NOUN"]}',
        )
    return "text" if suffix in ("", ".txt") and "\t" not in line and not line.startswith(DOCUMENT) else "columns"


def with_labels(sentences: Iterable[Sentence], skipped: ReadReport) -> Iterator[Sentence]:
    """Leaves out the sentences in which a word has no label, for training and evaluation."""
    for sentence in sentences:
        if sentence.labels:
            yield sentence
        else:
            skipped.skip("word without label")


def column_number(file: str, column: str | int, of: str, not_in: int = 0) -> int:
    """The number of a column.

    Raises:
        SeqtasksError: There cannot be one.
    """
    if isinstance(column, str) or column in (0, not_in):
        raise SeqtasksError(
            f"{file}: there is no column {column!r} for {of}.",
            f"Words are in column {not_in or 1}; give the number of another, or -1 for the last.",
        )
    return column


def read_labeled_objects(
    file: str, objects: Iterable[tuple[int, dict[str, Any] | None]], skipped: ReadReport, column: str | int
) -> Iterator[Sentence]:
    """A numbered object a sentence, None for what is none.

    Raises:
        SeqtasksError: Several of its lists can be the labels.
    """
    for number, fields in objects:
        skipped.reach(file, number)
        if reason := rejection(fields or {}, [str(column)]):
            skipped.skip(reason)
            continue
        words = texts_of(fields, next((key for key in WORD_KEYS if key in (fields or {})), "words"))
        labels = texts_of(fields, label_key(f"{file}:{number}", fields or {}, column), numbers=True)
        if words is None or labels is None or len(labels) not in (0, len(words)):
            skipped.skip("broken line")
        elif not words:
            skipped.skip("sentence without words")
        elif "" in words:
            skipped.skip("empty word")
        else:
            yield Sentence(words, all_or_none(labels))


def label_key(place: str, fields: Mapping[str, Any], column: str | int) -> str:
    """The key of the labels: the one that was asked for, or `labels`, or the only one of a usual name."""
    if (column != UPOS and isinstance(column, str)) or column in fields:
        return str(column)
    found = [key for key in LABEL_KEYS if isinstance(fields.get(key), list)]
    if len(found) > 1 and found[0] != "labels":
        raise SeqtasksError(
            f"{place}: it is not clear which of {', '.join(found)} are the labels.",
            f"Specify them: --label-column {found[0]} (label_column in a configuration).",
        )
    return found[0] if found else "labels"


def texts_of(fields: dict[str, Any] | None, key: str, *, numbers: bool = False) -> tuple[str, ...] | None:
    """A list of texts in a JSON object, each on one line; empty where there is no list, None for anything else.

    Whole `numbers`, which Hugging Face's datasets have for labels, are taken as they are written.
    """
    if fields is None:
        return None
    listed = fields.get(key)
    if listed is None:
        return ()
    if not isinstance(listed, list):
        return None
    if numbers:
        listed = [str(each) if type(each) is int else each for each in listed]
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
    sentences = read_sentences(
        source.path, skipped, column=source.label_column, word_column=source.word_column, form=source.format
    )
    return with_labels(sentences, skipped)


def nothing_to_train_on(skipped: ReadReport) -> SeqtasksError:
    """The error of data from which no labeled sentence was read; it says what was skipped."""
    return SeqtasksError(
        f"There are no labeled sentences to train on: {skipped.explain()}.",
        "Check the data files: .txt is text without labels, unless it has tabs; "
        "whitespace-separated columns are .conll. Convert words with labels after a slash, and labels of character "
        "spans, "
        "to columns.",
    )
