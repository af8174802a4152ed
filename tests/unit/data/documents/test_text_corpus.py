from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from seqtasks.data.documents.text_corpus import TextSource, read_texts
from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError


def read(path: Path, text: str | int | None = None) -> tuple[list[str], ReadReport]:
    skipped = ReadReport()
    return list(read_texts(TextSource(path=path, text_column=text), skipped)), skipped


def test_a_file_is_one_text_whatever_made_it(tmp_path: Path) -> None:
    content = "\ufeffTo be,\r\n  or not\r\n\r\nto be\t!\n".encode()
    (tmp_path / "book.txt").write_bytes(content)
    (tmp_path / "book.md.gz").write_bytes(gzip.compress(content))
    for name in ("book.txt", "book.md.gz"):
        assert read(tmp_path / name)[0] == ["To be,\n  or not\n\nto be\t!\n"]


def test_tables_are_documents(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('label,text\npos,"two\nlines, and a comma"\nneg,\nneg,other\n', encoding="utf-8")
    (tmp_path / "b.tsv").write_text("1\tone\n2\ttwo\n", encoding="utf-8")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(b'{"body": "one"}\nbroken\n{"body": "two"}\n'))
    texts, skipped = read(tmp_path / "a.csv")
    assert texts == ["two\nlines, and a comma", "other"]
    assert (skipped.read, skipped.skipped) == (3, 1)
    assert read(tmp_path / "b.tsv", 2)[0] == ["one", "two"]
    texts, skipped = read(tmp_path / "c.jsonl.gz", "body")
    assert (texts, skipped.skipped) == (["one", "two"], 1)


def test_a_folder_is_documents_with_all_below_it(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for name, content in (("b.txt", b"second"), ("inner/c.txt", b"third"), ("a.txt", b"first"), (".hidden", b"no")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\x00")
    (tmp_path / "empty.txt").write_bytes(b" \n")
    texts, skipped = read(tmp_path)
    assert texts == ["first", "second", "third"]
    assert set(skipped.omissions) == {"file that is not UTF-8 text", "empty text"}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("missing.txt", None, "missing.txt: there is no such file"),
        ("latin.txt", b"\xe4", "latin.txt: not UTF-8 text"),
        ("cut.txt.gz", gzip.compress(b"text" * 100, mtime=0)[:20], "cannot be read to its end"),
        ("a.csv", b"x,y,z\n1,2,3\n", "it is not clear which of its 3 columns is the text"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SeqtasksError, match=told):
        read(tmp_path / name)


def test_addresses_and_features_beside_reviews_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "unsup").mkdir()
    for name, text in {
        "unsup/0_0.txt": "A film, see https://a.org/x.", "urls_unsup.txt": "https://a.org/x\nhttps://a.org/y\n",
        "unsupBow.feat": "0 0:8 1:6 3:5\n", "empty.txt": " \n",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    report = ReadReport()
    assert list(read_texts(TextSource(path=tmp_path), report)) == ["A film, see https://a.org/x."]
    assert {reason: each.count for reason, each in report.omissions.items()} == {
        "file of addresses or features": 2, "empty text": 1,
    }  # fmt: skip
