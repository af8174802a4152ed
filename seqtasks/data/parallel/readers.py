"""Pairs of texts out of files, one after the other: nothing is kept in memory.

Every reader counts what it reads in a `ReadReport` and leaves out single examples that cannot be used; a file that
is wrong as a whole is a `SeqtasksError`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from seqtasks.data.csv_json import parse_json_object, read_csv
from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.tmx import read_tmx
from seqtasks.data.reader import Reader
from seqtasks.data.text_io import reach_lines, read_lines
from seqtasks.errors import SeqtasksError

Languages = tuple[str, str]
"""The codes of the source and the target language, for formats that hold several."""

GIVE_LANGUAGES = "Give them with --language-pair en-de, or as languages.source and languages.target of a configuration."


class PairReader(Reader):
    """A format of files of pairs."""

    @abstractmethod
    def read(self, path: Path, skipped: ReadReport, languages: Languages | None) -> Iterator[Pair]:
        """The pairs of one file, of these languages where it holds several."""


def read_parallel(source: Path, target: Path, skipped: ReadReport) -> Iterator[Pair]:
    """Two files whose lines belong together; the error of unequal files comes at the end, with both counts."""
    name = str(source)
    counts = [0, 0]
    for number, (left, right) in enumerate(zip_longest(read_lines(source), read_lines(target)), 1):
        if left is not None and right is not None:
            skipped.reach(name, number)
            yield Pair(left, right)
        counts = [counts[0] + (left is not None), counts[1] + (right is not None)]
    if counts[0] != counts[1]:
        raise SeqtasksError(
            f"{source} has {counts[0]:,} lines, but {target} has {counts[1]:,}.",
            "Parallel files need the same number of lines: line by line, a text and its translation.",
        )


class TSVReader(PairReader, kind="tsv"):
    """Source, tab, target; further columns are not read, and quotes mean nothing."""

    def read(self, path: Path, skipped: ReadReport, languages: Languages | None) -> Iterator[Pair]:
        for _, line in reach_lines(path, skipped, blank=True):
            yield from first_two(line.split("\t", 2), skipped)


class CSVReader(PairReader, kind="csv"):
    """Source and target with commas and quotes (RFC 4180); a first row `source,target` is a header."""

    def read(self, path: Path, skipped: ReadReport, languages: Languages | None) -> Iterator[Pair]:
        for number, cells in read_csv(read_lines(path)):
            row = cells or []
            if number > 1 or [column.strip().lower() for column in row] != ["source", "target"]:
                skipped.reach(str(path), number)
                yield from first_two(row, skipped)


class JSONLReader(PairReader, kind="jsonl"):
    """A JSON object a line: `{"source": ..., "target": ...}` or `{"translation": {"en": ..., "de": ...}}`."""

    def read(self, path: Path, skipped: ReadReport, languages: Languages | None) -> Iterator[Pair]:
        for number, line in reach_lines(path, skipped, blank=True):
            fields = parse_json_object(line) or {}
            if "translation" in fields and languages is None:
                message = f"{path}:{number}: translations by language need to know which two languages to read."
                raise SeqtasksError(message, GIVE_LANGUAGES)
            yield from first_two(texts_of(fields, languages), skipped)


class TMXReader(PairReader, kind="tmx"):
    """Translation memories."""

    def read(self, path: Path, skipped: ReadReport, languages: Languages | None) -> Iterator[Pair]:
        if languages is None:
            raise SeqtasksError(f"{path}: a .tmx file needs to know which two languages to read.", GIVE_LANGUAGES)
        return read_tmx(path, skipped, languages)


def first_two(texts: Sequence[str], skipped: ReadReport) -> tuple[Pair, ...]:
    """The pair at the beginning of a row, if it has as many texts."""
    if len(texts) >= 2:
        return (Pair(texts[0], texts[1]),)
    skipped.skip("broken line")
    return ()


def texts_of(fields: dict[str, Any], languages: Languages | None) -> list[str]:
    """The two texts in a JSON object; fewer where it does not hold them."""
    keys: Languages | None = ("source", "target")
    if "translation" in fields:
        fields, keys = fields["translation"], languages
    values = [fields.get(key) for key in keys or ()] if isinstance(fields, dict) else []
    return [value for value in values if isinstance(value, str)]
