from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from seqtasks.data.documents.readers import Document, DocumentSource, read_documents, with_labels
from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError

GOOD, BAD = ("A good film.", ("pos",)), ("A bad, long film.", ("neg",))


def found(path: Path, skipped: ReadReport | None = None, **options: Any) -> list[tuple[str, tuple[str, ...]]]:
    source = DocumentSource(path=path, **options)
    return [(each.text, each.labels) for each in read_documents(source, skipped or ReadReport())]


def write(path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "label\ttext\npos\tA good film.\nneg\tA bad, long film.\n"),
        ("a.tsv", "\ufeffreview\tSentiment\r\nA good film.\tpos\r\nA bad, long film.\tneg\r\n"),
        ("a.tsv.gz", "id\ttext\tlabel\n1\tA good film.\tpos\n\n2\tA bad, long film.\tneg"),
        ("a.tsv", "pos\tA good film.\nneg\tA bad, long film.\n"),
        ("a.tsv", "A good film.\tpos\nA bad, long film.\tneg\n"),
        ("a.csv", 'review,sentiment\nA good film.,pos\n"A bad, long film.",neg\n'),
        ("a.csv", "text;label\nA good film.;pos\nA bad, long film.;neg\n"),
        ("a.csv.gz", 'pos,A good film.\nneg,"A bad, long film."\n'),
        (
            "a.jsonl",
            '{"text": "A good film.", "label": "pos"}\n\n{"text": "A bad, long film.", "label": ["neg"]}\n',
        ),
        ("stsa.binary.train", "pos A good film.\n\nneg A bad, long film.\n"),
        ("train.txt", "__label__pos A good film.\n__label__neg A bad, long film.\n"),
        ("train.txt", "pos\tA good film.\n neg \t A bad, long film.\n"),
    ],
)
def test_every_form_of_file(tmp_path: Path, name: str, content: str) -> None:
    assert found(write(tmp_path / name, content)) == [GOOD, BAD]


def test_columns_can_be_chosen_by_name_and_by_number(tmp_path: Path) -> None:
    named = write(tmp_path / "named.csv", "Stars,Title,Body\n5,Yes,A good film.\n")
    assert found(named, text_column="body", label_column="Stars") == [("A good film.", ("5",))]
    assert found(named, text_column="title", label_column="stars") == [("Yes", ("5",))]
    unnamed = write(tmp_path / "unnamed.csv", '"3","Yes","A good film."\n')
    assert found(unnamed, text_column=3, label_column=1) == [("A good film.", ("3",))]
    lines = write(tmp_path / "a.jsonl", '{"body": "A good film.", "stars": 5, "text": "other"}\n')
    assert found(lines, text_column="body", label_column="stars") == [("A good film.", ("5",))]


def test_a_row_that_only_resembles_a_header_is_a_document(tmp_path: Path) -> None:
    file = write(tmp_path / "a.tsv", "comment\tWhat is this for?\nquestion\tWhy?\n")
    assert found(file) == [("What is this for?", ("comment",)), ("Why?", ("question",))]


def test_several_labels(tmp_path: Path) -> None:
    table = write(tmp_path / "a.tsv", "text\tlabels\nA good film.\tpos| short |pos\nNothing.\t\n")
    expected = [("A good film.", ("pos", "short")), ("Nothing.", ())]
    assert found(table, label_separator="|") == expected
    lines = [{"text": "A good film.", "labels": ["pos", "short"]}, {"text": "Nothing.", "labels": []}]
    assert found(write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)))) == expected
    marked = write(tmp_path / "a.txt", "__label__pos __label__short\t__label__pos A good film.\n__label__ Nothing.\n")
    assert found(marked) == expected


def test_labels_of_json_may_be_numbers_and_truth_values(tmp_path: Path) -> None:
    lines = ['{"text": "a", "label": 1}', '{"text": "b", "label": true}', '{"text": "c", "label": null}']
    assert found(write(tmp_path / "a.jsonl", "\n".join(lines))) == [("a", ("1",)), ("b", ("true",)), ("c", ())]


def test_documents_keep_their_lines_and_their_length(tmp_path: Path) -> None:
    long = "word " * 60_000
    file = write(tmp_path / "a.csv", f'text,label\n"one\n\ntwo",pos\n"{long}",neg\n')
    (first, _), (second, _) = found(file)
    assert first == "one\n\ntwo"
    assert second == long.strip()


def test_a_folder_a_class_as_the_imdb_reviews_have_it(tmp_path: Path) -> None:
    train = tmp_path / "aclImdb" / "train"
    for name, text in [
        ("pos/0_9.txt", "A good film."), ("pos/1_7.txt", "Two\nlines."), ("neg/0_3.txt", "A bad, long film."),
        ("unsup/0_0.txt", "Who knows?"), ("labeledBow.feat", "0 9:1"), ("pos/.hidden", "x"),
        ("pos/.inner/1.txt", "x"), ("neg/inner/1_1.txt.gz", "Inside."),
    ]:  # fmt: skip
        write(train / name, text)
    write(tmp_path / "aclImdb" / "test" / "pos" / "0_9.txt", "x")
    inside = ("Inside.", ("neg",))
    assert found(train) == [BAD, inside, GOOD, ("Two\nlines.", ("pos",))]
    report = ReadReport()
    assert len(list(read_documents(DocumentSource(path=train), report))) == 4
    assert report.describe() == f"skipped 1 of 5: 1 unlabeled document ({train / 'unsup' / '0_0.txt'}:1)"
    with pytest.raises(SeqtasksError, match=r"holds test and train, which are not class folders\. Give one of them"):
        found(tmp_path / "aclImdb")


def test_a_file_a_class_as_the_names_have_it(tmp_path: Path) -> None:
    write(tmp_path / "English.txt", "Abbey\n\nAdams\r\n")
    write(tmp_path / "Irish.txt.gz", "O'Neill\n")
    write(tmp_path / "README.md", "names")
    assert found(tmp_path) == [("Abbey", ("English",)), ("Adams", ("English",)), ("O'Neill", ("Irish",))]


def test_names_of_classes_are_one_line_and_text(tmp_path: Path) -> None:
    write(tmp_path / "a\tb  c\n" / "1.txt", "one")
    assert found(tmp_path) == [("one", ("a b c",))]
    write(tmp_path / os.fsdecode(b"gr\xfcn") / "1.txt", "two")
    with pytest.raises(SeqtasksError, match=r"the name of this class is not UTF-8\. Rename it\."):
        found(tmp_path)


def test_places_are_told(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", 'text,label\n"one\ntwo",pos\nthree,neg\n')
    report = ReadReport()
    documents = list(read_documents(DocumentSource(path=file), report))
    assert documents[1] == Document("three", ("neg",), f"{file}:4")
    folder = write(tmp_path / "classes" / "a" / "1.txt", "one").parent.parent
    assert next(read_documents(DocumentSource(path=folder), report)).place == str(folder / "a" / "1.txt")


def test_what_is_broken_or_empty_is_left_out_and_told(tmp_path: Path) -> None:
    for name, content, told in [
        ("a.tsv", "text\tlabel\na\tx\nb\n  \tx\nc\tx\td\n", "skipped 3 of 4: 2 wrong numbers of columns"),
        ("a.csv", 'text,label\na,x\n"b" c,x\n,x\n', "skipped 2 of 3: 1 unclosed quote"),
        ("a.jsonl", '{"text": "a", "label": "x"}\n{"text": 1}\n[]\n{\n{"text": "b", "label": {}}\n{"text": " "}\n',
         "skipped 5 of 6: 4 broken lines"),
        ("a.train", "x a\nalone\n", "skipped 1 of 2: 1 empty text"),
    ]:  # fmt: skip
        report = ReadReport()
        assert found(write(tmp_path / name, content), report) == [("a", ("x",))], name
        assert told in report.describe()
        assert f"{tmp_path / name}:" in report.describe()


def test_files_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "x" / "good.txt", "\ufeffa")
    write(tmp_path / "x" / "latin.txt", "é".encode("latin-1"))
    write(tmp_path / "x" / "picture.png", b"\x89PNG\0")
    write(tmp_path / "x" / "empty.txt", "\n")
    report = ReadReport()
    assert found(tmp_path, report) == [("a", ("x",))]
    assert "skipped 3 of 4: 2 files that are not UTF-8 text" in report.describe()
    assert "1 empty text" in report.describe()


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.csv", "1,2,3\n", {}, r"not clear which of its 3 columns is the text. row 1"),
        ("a.csv", "text,label\na,b\n", {"label_column": "stars"}, "no column 'stars'.*2 columns: 1 text, 2 label"),
        ("a.csv", "text,label\na,b\n", {"text_column": 3}, "no column 3"),
        ("folder/README.md", "", {}, "holds neither folders nor .txt files"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, name: str, content: str, options: dict[str, Any], message: str) -> None:
    file = write(tmp_path / name, content)
    with pytest.raises(SeqtasksError, match=message):
        read_documents(DocumentSource(path=tmp_path / "folder" if "/" in name else file, **options), ReadReport())


def test_missing_and_damaged_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="there is no such file"):
        read_documents(DocumentSource(path=tmp_path / "none.csv"), ReadReport())
    damaged = tmp_path / "a.tsv.gz"
    damaged.write_bytes(gzip.compress(b"pos\tA good film.\n" * 999)[:-20])
    with pytest.raises(SeqtasksError, match="cannot be read to its end"):
        found(damaged)
    folder = tmp_path / "classes"
    (folder / "x").mkdir(parents=True)
    (folder / "x" / "1.txt.gz").write_bytes(b"not compressed")
    with pytest.raises(SeqtasksError, match="cannot be read to its end"):
        found(folder)


@pytest.mark.parametrize("name", ["a.tsv", "a.csv", "a.jsonl", "a.train"])
def test_nothing_comes_of_an_empty_file(tmp_path: Path, name: str) -> None:
    report = ReadReport()
    assert found(write(tmp_path / name, ""), report) == []
    assert report.read == 0


def test_one_label_or_several_or_none() -> None:
    documents = [Document("a", ("x",)), Document("b"), Document("c", ("x", "y"))]
    report = ReadReport()
    assert list(with_labels(iter(documents), report, multi_label=False)) == documents[:1]
    assert set(report.omissions) == {"document without label", "several labels"}
    assert list(with_labels(iter(documents), report, multi_label=True)) == documents
