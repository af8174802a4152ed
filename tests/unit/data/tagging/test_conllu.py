"""CoNLL-U: the words and labels that it holds; what is written is what was read, but for one column."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from helpers.tagged import EXAMPLE
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.examples import ReadReport
from seqtasks.data.tagging.conllu import Sentence, write_conllu
from seqtasks.data.tagging.readers import parse_sentences, read_sentences

TREEBANK = Path(os.environ.get("SEQTASKS_DATA", "data")) / "ud_ewt" / "en_ewt-ud-dev.conllu"

parts = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=5)
labelled = st.lists(st.tuples(parts, parts.filter(lambda label: label != "_")), min_size=1, max_size=6)


def read(path: Path, text: str, report: ReadReport | None = None, column: str | int = "upos") -> list[Sentence]:
    path.write_bytes(text.encode())
    return list(read_sentences(path, report or ReadReport(), column=column))


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        ("xpos", ("PRP", "MD", "RB", ".")),
        ("DEPREL", ("root", "aux", "advmod", "punct")),
        (8, ("root", "aux", "advmod", "punct")),
        (-3, ("root", "aux", "advmod", "punct")),
        ("feats", ("Case=Nom", "_", "_", "_")),
        ("misc", ()),
    ],
)
def test_conllu_labels_come_from_the_column_asked_for(
    tmp_path: Path, column: str | int, labels: tuple[str, ...]
) -> None:
    assert read(tmp_path / "a.conllu", EXAMPLE, column=column)[0].labels == labels


def test_broken_sentences_of_conllu_are_counted_with_the_line_of_the_mistake(tmp_path: Path) -> None:
    word = "\tw\tw\tX\t_\t_\t_\t_\t_\t_\n"
    lines = [
        f"# fine\n1{word}\n",  # 1
        f"1{word}2\tw\tX\n3\n\n",  # 4
        f"# twice\n1{word}1{word}\n",  # 8
        f"1{word}3{word}\n",  # 12
        "1\t \tw\tX\t_\t_\t_\t_\t_\t_\n\n",  # 15
        f"# nothing\n1-2{word}0.1{word}\n",  # 17
        f"x{word}\n",  # 21
        f"1{word.replace(chr(9), ' ')}\n",  # 23
        f"1{word}2{word}",  # 25
    ]
    path = tmp_path / "a.conllu"
    report = ReadReport()
    assert [sentence.words for sentence in read(path, "".join(lines), report)] == [("w",), ("w", "w")]
    assert report.read == 9
    assert {reason: omission.places for reason, omission in report.omissions.items()} == {
        "wrong number of columns": [f"{path}:5", f"{path}:23"],
        "id out of order": [f"{path}:10", f"{path}:13", f"{path}:21"],
        "empty word": [f"{path}:15"],
        "sentence without words": [f"{path}:17"],
    }


def test_conllu_comes_back_with_one_column_changed(tmp_path: Path) -> None:
    sentences = read(tmp_path / "a.conllu", EXAMPLE)
    assert "".join(write_conllu(each, "upos", each.labels) for each in sentences) == EXAMPLE
    changed = "".join(write_conllu(each, "deprel", [f"d{n}" for n in range(len(each.words))]) for each in sentences)
    expected = EXAMPLE
    for old, new in {"1\taux": "1\td1", "advmod": "d2", "1\tpunct": "1\td3", "root": "d0", "1\tdep": "1\td1"}.items():
        expected = expected.replace(f"{old}\t", f"{new}\t")
    assert changed == expected


def test_a_sentence_of_another_form_is_written_with_ids_and_words_alone() -> None:
    assert write_conllu(Sentence(("New  York", "\n")), "xpos", ("A", "B")) == (
        "1\tNew York\t_\t_\tA\t_\t_\t_\t_\t_\n2\t_\t_\t_\tB\t_\t_\t_\t_\t_\n\n"
    )


@pytest.mark.parametrize("labels", [("A",), ("A", "B", "C")])
def test_writing_needs_a_label_for_each_word(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="zip"):
        write_conllu(Sentence(("a", "b")), "upos", labels)


@pytest.mark.parametrize("column", ["upos", "xpos", "deprel", "feats", "lemma"])
def test_a_treebank_comes_back_byte_for_byte(column: str) -> None:
    if not TREEBANK.is_file():
        pytest.skip("needs the English Web Treebank in SEQTASKS_DATA")
    report = ReadReport()
    sentences = list(read_sentences(TREEBANK, report, column=column))
    content = TREEBANK.read_bytes()
    assert (report.read, report.skipped) == (content.count(b"\n# sent_id ="), 0)
    assert sum(len(sentence.words) for sentence in sentences) == len(re.findall(rb"(?m)^\d+\t", content))
    if column in ("upos", "feats"):
        assert all(sentence.labels for sentence in sentences)
    written = "".join(
        write_conllu(each, column, each.labels) if each.labels else "\n".join([*each.lines, "", ""])
        for each in sentences
    )
    assert written.encode() == content


@given(st.lists(labelled, min_size=1, max_size=4))
def test_what_is_written_is_read_again(sentences: list[list[tuple[str, str]]]) -> None:
    expected = [Sentence(tuple(word for word, _ in pairs), tuple(label for _, label in pairs)) for pairs in sentences]
    text = "".join(write_conllu(sentence, "upos", sentence.labels) for sentence in expected)
    found = list(parse_sentences(text.split("\n"), "a", ReadReport()))
    assert [(each.words, each.labels) for each in found] == [(each.words, each.labels) for each in expected]
    assert "".join(write_conllu(each, "upos", each.labels) for each in found) == text
