"""Sentence pairs that stay on disk."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.pair_store import PairStore, open_store, write_store
from seqtasks.data.parallel.readers import read_texts
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.errors import SeqtasksError

LANGUAGES = ("en", "de")
TEXT = "A dog.\tEin Hund.\n\tleer\nonly one\nThree 🐕.\tDrei größere Hunde.\n\u200b\tnichts zu sehen\nend\tEnde\n"


@pytest.fixture
def source(tmp_path: Path) -> ParallelSource:
    (tmp_path / "pairs.tsv").write_text(TEXT, encoding="utf-8")
    return ParallelSource(path=tmp_path / "pairs.tsv")


def pairs_of(store: PairStore) -> list[Pair]:
    return store.pairs(np.arange(len(store)))


def test_a_store_holds_what_the_reader_gives(tmp_path: Path, source: ParallelSource) -> None:
    report = ReadReport()
    wanted = list(read_texts(source, report, LANGUAGES))
    for _ in range(2):  # read, then found
        store = open_store(source, LANGUAGES, tmp_path / "cache")
        told = ReadReport()
        store.tell(told)
        assert pairs_of(store) == wanted
        assert told.describe() == report.describe()
        assert told.columns == report.columns
    assert store.pairs(np.array([2, 0])) == [wanted[2], wanted[0]]
    assert store.lengths(np.array([1, 0])).tolist() == [[11, 6], [21, 9]]


def test_more_pairs_than_are_written_at_a_time(tmp_path: Path) -> None:
    pairs = [Pair(f"s{number}" * (number % 5 + 1), f"t{number}") for number in range(40_000)]
    write_store(pairs, tmp_path, ReadReport())
    assert pairs_of(PairStore(tmp_path)) == pairs


def test_no_pair(tmp_path: Path) -> None:
    write_store([], tmp_path, ReadReport())
    assert len(PairStore(tmp_path)) == 0


def test_a_file_that_changes_is_read_again(tmp_path: Path, source: ParallelSource) -> None:
    assert source.path is not None
    before = open_store(source, LANGUAGES, tmp_path / "cache")
    time = os.stat(source.path).st_mtime_ns
    source.path.write_text(TEXT.replace("A dog", "A cat"), encoding="utf-8")
    os.utime(source.path, ns=(time, time))  # of the same size, and as old
    after = open_store(source, LANGUAGES, tmp_path / "cache")
    assert [pairs_of(store)[0].source for store in (before, after)] == ["A dog.", "A cat."]
    assert before.digest != after.digest


def test_what_is_read_otherwise_is_another_store(tmp_path: Path, source: ParallelSource) -> None:
    stores = [
        open_store(each, LANGUAGES, tmp_path / "cache")
        for each in (source, source.model_copy(update={"reverse": True}), source.model_copy(update={"weight": 3.0}))
    ]
    assert pairs_of(stores[1])[0] == Pair("Ein Hund.", "A dog.")
    assert stores[0].folder == stores[2].folder, "a weight does not matter"


@pytest.mark.parametrize("file", ["texts.bin", "index.bin", "store.json"])
def test_a_store_that_is_cut_off(tmp_path: Path, source: ParallelSource, file: str) -> None:
    folder = open_store(source, LANGUAGES, tmp_path / "cache").folder
    os.truncate(folder / file, (folder / file).stat().st_size - 1)
    with pytest.raises(SeqtasksError, match="damaged") as raised:
        open_store(source, LANGUAGES, tmp_path / "cache")
    assert raised.value.hint == "Delete the folder: it is made again."


def test_a_text_that_is_damaged(tmp_path: Path, source: ParallelSource) -> None:
    store = open_store(source, LANGUAGES, tmp_path / "cache")
    content = bytearray((store.folder / "texts.bin").read_bytes())
    content[3] ^= 1
    (store.folder / "texts.bin").write_bytes(content)
    assert store.pairs(np.array([1]))[0].source == "Three 🐕."
    with pytest.raises(SeqtasksError, match="damaged"):
        store.pairs(np.array([0]))


def test_a_reader_that_stops_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.en").write_text("one\ntwo\n")
    (tmp_path / "a.de").write_text("eins\n")
    source = ParallelSource(source=tmp_path / "a.en", target=tmp_path / "a.de")
    with pytest.raises(SeqtasksError, match="2 lines"):
        open_store(source, LANGUAGES, tmp_path / "cache")
    assert not [file for file in (tmp_path / "cache").iterdir() if file.is_dir()]


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pairs.tsv")
    with pytest.raises(SeqtasksError, match="pipe") as raised:
        open_store(ParallelSource(path=tmp_path / "pairs.tsv"), LANGUAGES, tmp_path / "cache")
    assert raised.value.hint == "Set data.keep_in_memory = true."


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="no such file"):
        open_store(ParallelSource(path=tmp_path / "none.tsv"), LANGUAGES, tmp_path / "cache")
