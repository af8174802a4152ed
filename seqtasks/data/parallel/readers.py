"""Pairs of texts out of files, one after the other: nothing is kept in memory.

Every reader counts what it reads in a `ReadReport` and leaves out single examples that cannot be used; a file that
is wrong as a whole is a `SeqtasksError`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, ClassVar

from seqtasks.data.columns import describe_columns, describe_keys
from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.files.foreign_files import foreign_by_name
from seqtasks.data.files.parquet import first_rows, report_rows
from seqtasks.data.files.patterns import is_pattern, read_each
from seqtasks.data.json_lines import cells_of, first_objects, flattened, read_objects
from seqtasks.data.parallel.columns import ROLES, pair_columns
from seqtasks.data.parallel.source import Languages, PairReader, ParallelSource
from seqtasks.data.parallel.tmx import read_tmx
from seqtasks.data.tables import SAMPLE_LINES, Table, open_table
from seqtasks.data.text_io import is_text, read_lines, require_file, uncompressed_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted
from seqtasks.storage.presence import is_dir
from seqtasks.text.normalize import normalize

GIVE_LANGUAGES = "Give them with --language-pair en-de, or as languages.source and languages.target of a configuration."
LOOKED_AT = 100
"""So many pairs tell whether a file names the languages of its texts."""


def read_pairs(source: ParallelSource, skipped: ReadReport, *, languages: Languages | None = None) -> Iterator[Pair]:
    """The pairs of one source, in the order of the file, without those that have an empty side.

    Args:
        source: One file of pairs, or two parallel files.
        skipped: Counts what is left out.
        languages: Codes of source and target, needed for .tmx and for .jsonl whose lines are
            `{"translation": {"en": ..., "de": ...}}`.

    Raises:
        SeqtasksError: At once for a missing file, an unknown format, missing languages, sides to exchange in a file
            that names their languages; while reading for parallel files of different lengths, text that is not UTF-8,
            damaged compression, broken or unsafe XML.
    """
    if source.reverse:
        forward = source.model_copy(update={"reverse": False})
        if languages is not None and names_languages(forward, languages):
            raise SeqtasksError(
                f"{source.path} names the languages of its texts, and they are read from {languages[0]} to "
                f"{languages[1]} by these names: there are no sides to exchange.",
                "Leave out --reverse (reverse).",
            )
        there = None if languages is None else (languages[1], languages[0])
        return (Pair(pair.target, pair.source) for pair in read_pairs(forward, skipped, languages=there))
    if source.source is not None and source.target is not None:
        for path in (source.source, source.target):
            require_file(path)
        return with_both_sides(read_parallel(source.source, source.target, skipped), skipped)
    assert source.path is not None
    if is_pattern(source.path):
        return read_each(
            source.path,
            skipped,
            lambda file: read_pairs(source.model_copy(update={"path": file}), skipped, languages=languages),
        )
    require_file(source.path)
    reader = PairReader.for_file(source.path, source.format)
    if reader is None:
        raise foreign_by_name(source.path) or SeqtasksError(
            f"{source.path}: unknown format {uncompressed_suffix(source.path)!r}.",
            f"One file of pairs can be {PairReader.suffixes()} (your own: --code FILE), or .gz or .zst of these; "
            "give parallel files as source and target.",
        )
    return with_both_sides(reader.read(source, skipped, languages), skipped)


def read_texts(source: ParallelSource, report: ReadReport, languages: Languages | None = None) -> Iterator[Pair]:
    """The same pairs, without those of which nothing is left of one side once it is normalized."""
    for pair in read_pairs(source, report, languages=languages):
        if has_text(pair.source) and has_text(pair.target):
            yield pair
        else:
            report.skip("empty side")


def has_text(text: str) -> bool:
    """Whether anything is left of a text once it is normalized; letters and digits always are."""
    return text[:1].isalnum() or bool(normalize(text))


def names_languages(source: ParallelSource, languages: Languages) -> bool:
    """Whether the names of columns or keys, or a file's format, say which text is in which language."""
    there = (languages[1], languages[0])
    pairs, exchanged = (
        list(islice(read_pairs(source, ReadReport(), languages=each), LOOKED_AT)) for each in (languages, there)
    )
    return pairs != exchanged


def with_both_sides(pairs: Iterator[Pair], skipped: ReadReport) -> Iterator[Pair]:
    """Leaves out the pairs of which one side is white space alone."""
    for pair in pairs:
        if pair.source.strip() and pair.target.strip():
            yield pair
        else:
            skipped.skip("empty side")


def sources_of(files: Sequence[Path]) -> list[ParallelSource]:
    """Files of pairs are used one by one; other files are parallel ones, and each two of them belong together.

    Raises:
        SeqtasksError: A folder, or a file without its parallel one.
    """
    sources: list[ParallelSource] = []
    waiting: list[Path] = []
    for file in files:
        if is_dir(file):
            raise SeqtasksError(
                f"{file} is a folder; translation needs files of sentence pairs.",
                f"Give its files, or a pattern that they match, such as '{file}/*.parquet'.",
            )
        if PairReader.for_file(file) is not None:
            sources.append(ParallelSource(path=file))
        elif problem := foreign_by_name(file):
            raise problem
        else:
            waiting.append(file)
        if len(waiting) == 2:
            sources.append(ParallelSource(source=waiting[0], target=waiting[1]))
            waiting = []
    if waiting:
        raise SeqtasksError(
            f"{waiting[0]} needs a second, parallel file, or a name that ends in {PairReader.suffixes()}.",
            "For a format of your own, give the file with its reader: --code FILE.",
        )
    return sources


def languages_of(files: Sequence[Path]) -> tuple[str, str] | None:
    """The languages that two parallel files have in their names: train.en and train.de."""
    suffixes = [uncompressed_suffix(file)[1:] for file in files[:2] if PairReader.for_file(file) is None]
    if len(suffixes) == 2 and all(suffix.isalpha() and len(suffix) in (2, 3) for suffix in suffixes):
        return suffixes[0], suffixes[1]
    return None


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
            f"{source} has {counted(counts[0], 'lines')}, but {target} has {counts[1]:,}.",
            "Parallel files need the same number of lines: line n of one is the translation of line n of the other.",
        )


class TSVReader(PairReader, kind="tsv"):
    """A table with tabs, in which quotes mean nothing; see `seqtasks.data.tables`."""

    def read(self, source: ParallelSource, skipped: ReadReport, languages: Languages | None) -> Iterator[Pair]:
        """The pairs of a table; an empty file has none."""
        assert source.path is not None
        named = any(isinstance(column, str) for column in requested(source).values())
        table = open_table(source.path, ROLES, header=named or source.header, languages=languages or ())
        if not table.width:
            return iter(())
        columns = pair_columns(table, requested(source), languages, sure=source.header is not None)
        skipped.columns.append(describe_columns(table.path, columns, table.header, table.width))
        return pairs_in(table, columns, skipped)


class CSVReader(TSVReader, kind="csv"):
    """The same with commas, semicolons or bars, and quotes (RFC 4180)."""


class JSONLReader(PairReader, kind="jsonl"):
    """A JSON object a line: `{"source": ..., "target": ...}` or `{"translation": {"en": ..., "de": ...}}`."""

    keys_are_called: ClassVar[str] = "keys"
    first_objects = staticmethod(first_objects)
    read_objects = staticmethod(read_objects)

    def read(self, source: ParallelSource, skipped: ReadReport, languages: Languages | None) -> Iterator[Pair]:
        """A pair a line; lines that lack one of the two texts are counted by `skipped`."""
        assert source.path is not None
        objects = self.first_objects(source.path, SAMPLE_LINES)
        keys = json_keys(source, [flattened(each) for each in objects], languages)
        skipped.columns += [describe_keys(source.path, keys, self.keys_are_called)] * any(keys)
        for each in self.read_objects(source.path, skipped, blank=True, keys=keys):
            fields = flattened(each)
            first, second = (fields.get(key) for key in keys)
            if is_text(first) and is_text(second):
                yield Pair(first, second)
            else:
                skipped.skip("broken line")


class JSONReader(JSONLReader, kind="json"):
    """The same in a list, or in columns; see `seqtasks.data.json_lines`."""


class NDJSONReader(JSONLReader, kind="ndjson"):
    """Another name of JSON lines."""


class ParquetReader(JSONLReader, kind="parquet"):
    """The same in the rows of Parquet; see `seqtasks.data.files.parquet`."""

    keys_are_called = "columns"
    first_objects = staticmethod(first_rows)
    read_objects = staticmethod(report_rows)


class TMXReader(PairReader, kind="tmx"):
    """Translation memories."""

    def read(self, source: ParallelSource, skipped: ReadReport, languages: Languages | None) -> Iterator[Pair]:
        """Raises SeqtasksError without `languages`: a translation memory may hold any number of them."""
        assert source.path is not None
        if languages is None:
            raise SeqtasksError(f"{source.path}: reading a .tmx file requires a language pair.", GIVE_LANGUAGES)
        return read_tmx(source.path, skipped, languages)


def requested(source: ParallelSource) -> dict[str, str | int | None]:
    """The columns that were asked for."""
    return {"source": source.source_column, "target": source.target_column}


def pairs_in(table: Table, columns: tuple[int, int], skipped: ReadReport) -> Iterator[Pair]:
    """The pairs in the rows of a table that are whole."""
    name, (first, second) = str(table.path), columns
    least = max(columns) + 1
    most = sys.maxsize if table.header is None else table.width  # behind it a delimiter belongs to a text: which one?
    for number, cells, problem in table.rows:
        skipped.reach(name, number)
        if problem or not least <= len(cells) <= most:
            skipped.skip(problem or "wrong number of columns")
        else:
            yield Pair(cells[first], cells[second])


def json_keys(
    source: ParallelSource, objects: Sequence[Mapping[str, Any]], languages: Languages | None
) -> tuple[str, str]:
    """The keys of the texts, by those that the first `objects` of a file have; ("", "") where there is none."""
    assert source.path is not None
    keys = list(dict.fromkeys(key for each in objects for key in each))
    if languages is None and any("translation" in key.split(".")[:-1] for key in keys):
        message = f"{source.path}:1: reading texts by language requires a language pair."
        raise SeqtasksError(message, GIVE_LANGUAGES)
    if not keys:
        return "", ""
    table = Table(source.path, "", tuple(key.lower() for key in keys), len(keys), cells_of(objects, keys), iter(()))
    first, second = pair_columns(table, requested(source), languages)
    return keys[first], keys[second]
