"""Readers: every format gives the same pairs; what is broken is counted or told by file and line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pydantic import ValidationError

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.readers import read_pairs
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted

TMX = """<?xml version="1.0" encoding="{encoding}"?>
<tmx version="1.4"><header/><body>
<tu><tuv xml:lang="en"><seg>A cat.</seg></tuv><tuv xml:lang="de"><seg>Eine Katze.</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>Größe &amp; more</seg></tuv><tuv xml:lang="de"><seg>Größe &amp; mehr</seg></tuv></tu>
</body></tmx>
"""
PAIRS = [Pair("A cat.", "Eine Katze."), Pair("Größe & more", "Größe & mehr")]
CONTENTS = {
    "tsv": "A cat.\tEine Katze.\nGröße & more\tGröße & mehr\tcc-by 2.0\n",
    "csv": 'source,target\nA cat.,Eine Katze.\n"Größe & more",Größe & mehr\n',
    "jsonl": '{"source": "A cat.", "target": "Eine Katze.", "id": 7}\n'
    '{"source": "Größe & more", "target": "Größe & mehr"}\n',
    "tmx": TMX.format(encoding="UTF-8"),
}
LANGUAGES = ("en", "de")


def read(path: Path, report: ReadReport | None = None, languages: tuple[str, str] | None = LANGUAGES) -> list[Pair]:
    return list(read_pairs(ParallelSource(path=path), report or ReadReport(), languages=languages))


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("suffix", CONTENTS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_gives_the_same_pairs(tmp_path: Path, suffix: str, packed: bool) -> None:
    content = CONTENTS[suffix].encode()
    path = tmp_path / f"pairs.{suffix}{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(content) if packed else content)
    report = ReadReport()
    assert read(path, report) == PAIRS
    assert (report.read, report.skipped) == (2, 0)


@pytest.mark.parametrize("suffix", ["tsv", "csv", "jsonl"])
def test_windows_line_ends_and_a_byte_order_mark_are_no_text(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"pairs.{suffix}", "\ufeff" + CONTENTS[suffix].replace("\n", "\r\n"))
    assert read(path) == PAIRS


def test_only_a_newline_ends_a_line(tmp_path: Path) -> None:
    source = write(tmp_path / "a.en", "one\x0bstill\u2028one\rsame\ntwo\n")
    target = write(tmp_path / "a.de", "eins\nzwei")
    pairs = list(read_pairs(ParallelSource(source=source, target=target), ReadReport()))
    assert pairs == [Pair("one\x0bstill\u2028one\rsame", "eins"), Pair("two", "zwei")]


def test_parallel_files_may_be_compressed_each_for_itself(tmp_path: Path) -> None:
    source = tmp_path / "a.en.gz"
    source.write_bytes(gzip.compress(b"one\ntwo\n"))
    target = write(tmp_path / "a.de", "eins\nzwei\n")
    assert list(read_pairs(ParallelSource(source=source, target=target), ReadReport())) == [
        Pair("one", "eins"),
        Pair("two", "zwei"),
    ]


@pytest.mark.parametrize(("left", "right"), [(3, 2), (1, 5), (0, 1)])
def test_unequal_parallel_files_are_told_with_both_counts(tmp_path: Path, left: int, right: int) -> None:
    source, target = write(tmp_path / "a.en", "x\n" * left), write(tmp_path / "a.de", "y\n" * right)
    with pytest.raises(SeqtasksError, match=f"a.en has {counted(left, 'lines')}, but .*a.de has {right}"):
        list(read_pairs(ParallelSource(source=source, target=target), ReadReport()))


def test_parallel_files_stream(tmp_path: Path) -> None:
    source, target = write(tmp_path / "a.en", "x\n" * 9), write(tmp_path / "a.de", "y\n" * 8)
    report = ReadReport()
    assert next(read_pairs(ParallelSource(source=source, target=target), report)) == Pair("x", "y")
    assert report.read == 1


SKIPS = {
    "tsv": "a\tb\nno tab\n\t b\na\t \n\nc\td\n",
    "csv": 'a,b\nalone\n,b\na," "\n"x"y,z\nc,d\n',
    "jsonl": '{"source": "a", "target": "b"}\n{"source": "a"\n{"source": "", "target": "b"}\n'
    '{"source": "a", "target": " "}\n{"source": "c", "target": "d"}\n',
}


BROKEN = {
    "tsv": [("wrong number of columns", 2)],
    "csv": [("wrong number of columns", 2), ("unclosed quote", 5)],
    "jsonl": [("broken line", 2)],
}


@pytest.mark.parametrize("suffix", SKIPS)
def test_single_bad_examples_are_skipped_and_counted(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a.{suffix}", SKIPS[suffix])
    report = ReadReport()
    assert read(path, report) == [Pair("a", "b"), Pair("c", "d")]
    assert {reason: omission.places for reason, omission in report.omissions.items()} == {
        **{reason: [f"{path}:{line}"] for reason, line in BROKEN[suffix]},
        "empty side": [f"{path}:3", f"{path}:4"],
    }


@pytest.mark.parametrize(
    "line",
    [
        '{"source": 1, "target": "b"}',
        '{"source": "a", "target": null}',
        '{"translation": "a"}',
        '{"translation": {"en": "a", "fr": "b"}}',
        '"source target"',
        "9" * 5000,
        "[" * 100_000,
        "",
    ],
)
def test_any_json_that_holds_no_pair_is_a_broken_line(tmp_path: Path, line: str) -> None:
    report = ReadReport()
    path = write(tmp_path / "a.jsonl", f'{{"source": "a", "target": "b"}}\n{line}\n')
    assert read(path, report) == [Pair("a", "b")]
    assert report.omissions["broken line"].count == 1


def test_csv_rows_may_hold_newlines_and_places_stay_right(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", '"two\nlines","say ""x"", y"\nbroken\n"never closed,b\nc,d\n')
    report = ReadReport()
    assert read(path, report) == [Pair("two\nlines", 'say "x", y'), Pair("c", "d")]
    assert report.omissions["wrong number of columns"].places == [f"{path}:3"]
    assert report.omissions["unclosed quote"].places == [f"{path}:4"]


def test_a_csv_header_is_only_a_header_in_the_first_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\nsource,target\n")
    assert read(path) == [Pair("a", "b"), Pair("source", "target")]


def test_not_utf8_is_told_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"a\tb\ncaf\xe9\tb\n")
    with pytest.raises(SeqtasksError, match=r"a\.tsv:2: not UTF-8 \(byte 4 of the line\)"):
        read(path)


@pytest.mark.parametrize("suffix", ["tsv", "tmx"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "plain"])
def test_damaged_compression_is_told(tmp_path: Path, suffix: str, damage: str) -> None:
    packed = gzip.compress(CONTENTS[suffix].encode())
    contents = {
        "cut": packed[: len(packed) // 2],
        "flipped": packed[:20] + bytes([packed[20] ^ 0xFF, packed[21] ^ 0xFF]) + packed[22:],
        "plain": CONTENTS[suffix].encode(),
    }
    path = tmp_path / f"a.{suffix}.gz"
    path.write_bytes(contents[damage])
    with pytest.raises(SeqtasksError, match=rf"a\.{suffix}\.gz: the file cannot be read to its end"):
        read(path)


def test_wrong_files_are_told_before_the_first_pair_is_asked_for(tmp_path: Path) -> None:
    there = write(tmp_path / "a.txt", "a\tb\n")
    (tmp_path / "folder.tsv").mkdir()
    cases = {
        "no such file": ParallelSource(path=tmp_path / "missing.tsv"),
        "missing.de: there is no such file": ParallelSource(source=there, target=tmp_path / "missing.de"),
        r"unknown format '\.txt'": ParallelSource(path=there),
        "cannot be opened": ParallelSource(path=tmp_path / "folder.tsv"),
    }
    for message, source in cases.items():
        with pytest.raises(SeqtasksError, match=message):
            read_pairs(source, ReadReport())


@pytest.mark.parametrize("suffix", ["jsonl", "tmx"])
def test_formats_with_several_languages_need_to_be_told_which(tmp_path: Path, suffix: str) -> None:
    content = '{"translation": {"en": "a", "de": "b"}}\n' if suffix == "jsonl" else CONTENTS[suffix]
    file = write(tmp_path / f"a.{suffix}", content)
    with pytest.raises(SeqtasksError, match="requires a language pair"):
        read(file, languages=None)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"source": "a"},
        {"path": "a.tsv", "target": "b"},
        {"path": "a.tsv", "source": "a", "target": "b"},
        {"path": "a.tsv", "weight": 0},
        {"path": "a.tsv", "weight": float("inf")},
    ],
)
def test_a_source_is_one_file_or_two_with_a_positive_weight(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ParallelSource.model_validate(settings)


@pytest.mark.parametrize("kind", ["tsv", "csv", "jsonl"])
def test_sides_are_exchanged_where_that_is_asked_for(tmp_path: Path, kind: str) -> None:
    source = ParallelSource(path=write(tmp_path / f"pairs.{kind}", CONTENTS[kind]), reverse=True)
    found = list(read_pairs(source, ReadReport(), languages=("de", "en")))
    assert found == [Pair(pair.target, pair.source) for pair in PAIRS]


def test_parallel_files_are_exchanged_too(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.en", "A cat.\n"), write(tmp_path / "a.de", "Eine Katze.\n")]
    source = ParallelSource(source=files[0], target=files[1], reverse=True)
    assert list(read_pairs(source, ReadReport(), languages=("de", "en"))) == [Pair("Eine Katze.", "A cat.")]


NAMED = {
    "csv": "nr;english;german\n0;Yes.;Ja.\n1;A cat.;Eine Katze.\n",
    "jsonl": '{"translation": {"en": "A cat.", "de": "Eine Katze."}}\n',
    "tmx": CONTENTS["tmx"],
}


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("languages", [("en", "de"), ("de", "en")])
def test_sides_that_are_named_by_their_languages_cannot_be_exchanged(
    tmp_path: Path, kind: str, languages: tuple[str, str]
) -> None:
    path = write(tmp_path / f"pairs.{kind}", NAMED[kind])
    last = read(path, languages=languages)[-1]
    assert (last.source in {"A cat.", "Größe & more"}) == (languages[0] == "en")
    with pytest.raises(SeqtasksError, match="there are no sides to exchange") as error:
        read_pairs(ParallelSource(path=path, reverse=True), ReadReport(), languages=languages)
    assert "Leave out --reverse" in str(error.value)
