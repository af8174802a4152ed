"""Several files as one source: which ones a pattern means, and that they are read as one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqtasks.data.captions.readers import read_captions
from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.documents.text_corpus import TextSource, read_texts
from seqtasks.data.examples import ReadReport
from seqtasks.data.files.patterns import is_pattern, matching_files
from seqtasks.data.parallel.readers import ParallelSource, read_pairs
from seqtasks.data.tagging.readers import TaggedSource, read_tagged
from seqtasks.errors import SeqtasksError


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_files_of_a_pattern(tmp_path: Path) -> None:
    files = [write(tmp_path, name, "") for name in ("a-00.tsv", "a-01.tsv", "a-02.tsv", "a-10.tsv", "b/a-00.tsv")]
    (tmp_path / "a-99.tsv").mkdir()

    def names(pattern: str) -> list[Path]:
        return matching_files(tmp_path / pattern)

    assert names("a-*.tsv") == files[:4]
    assert names("**/a-00.tsv") == [files[0], files[4]]
    assert names("a-0[02].tsv") == [files[0], files[2]]
    assert names("a-{00..02}.tsv") == files[:3]
    assert names("a-{01..02}.*") == files[1:3]
    assert names("a-00.tsv") == files[:1]
    assert names("missing.tsv") == [tmp_path / "missing.tsv"]
    with pytest.raises(SeqtasksError, match=r"c-\*\.tsv: no file matches this pattern"):
        names("c-*.tsv")
    with pytest.raises(SeqtasksError, match=r"a-03\.tsv: there is no such file"):
        names("a-{00..10}.tsv")
    with pytest.raises(SeqtasksError, match=r"\{02\.\.01\} names no files"):
        names("a-{02..01}.tsv")


def test_a_file_may_be_called_like_a_pattern(tmp_path: Path) -> None:
    path = write(tmp_path, "a[1].tsv", "one\teins\n")
    assert not is_pattern(path)
    assert matching_files(path) == [path]
    assert [pair.target for pair in read_pairs(ParallelSource(path=path), ReadReport())] == ["eins"]


def test_every_reader_takes_a_pattern(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path, f"pairs-{number}.tsv", f"source\ttarget\nA dog {number}.\tEin Hund {number}.\n")
        write(tmp_path, f"documents-{number}.jsonl", f'{{"text": "a {number}", "label": "x"}}\n')
        write(tmp_path, f"tagged-{number}.conll", f"dog{number} NOUN\n\n")
        write(tmp_path, f"captions-{number}.csv", f"image,caption\n{number}.jpg,A dog.\n")
        write(tmp_path, f"texts-{number}.txt", f"text {number}")
    report = ReadReport()
    pairs = read_pairs(ParallelSource(path=tmp_path / "pairs-*.tsv", reverse=True), report)
    assert [pair.source for pair in pairs] == [f"Ein Hund {number}." for number in range(3)]
    documents = read_documents(DocumentSource(path=tmp_path / "documents-{0..2}.jsonl"), report)
    assert [each.text for each in documents] == [f"a {number}" for number in range(3)]
    sentences = read_tagged(TaggedSource(path=tmp_path / "tagged-?.conll"), report)
    assert [each.words for each in sentences] == [(f"dog{number}",) for number in range(3)]
    captions = read_captions(tmp_path / "captions-*.csv", report)
    assert [each.image for each in captions] == [f"{number}.jpg" for number in range(3)]
    texts = TextSource(path=tmp_path / "texts-*.txt")
    assert list(read_texts(texts, report)) == [f"text {number}" for number in range(3)]
    assert not texts.is_one_text
    told = [each.partition(": ")[0] for each in report.columns]
    files = ("pairs-0.tsv", "documents-0.jsonl", "tagged-0.conll", "captions-0.csv")
    assert told == [str(tmp_path / name) for name in files]


def test_columns_that_are_others_in_one_of_the_files_are_told(tmp_path: Path) -> None:
    write(tmp_path, "0.csv", "source,target\na b,c d\n")
    write(tmp_path, "1.csv", "source,target\ne f,g h\n")
    odd = write(tmp_path, "2.csv", "target,source\ni j,k l\n")
    report = ReadReport()
    assert len(list(read_pairs(ParallelSource(path=tmp_path / "*.csv"), report))) == 3
    assert report.columns == [
        f'{tmp_path / "0.csv"}: columns "source", "target" (1 and 2 of 2)',
        f'{odd}: columns "source", "target" (2 and 1 of 2)',
    ]


def test_a_pattern_that_nothing_matches_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="no file matches"):
        read_pairs(ParallelSource(path=tmp_path / "*.tsv"), ReadReport())
