"""Readers of words with labels: every form gives the same sentences; what is broken is counted or told."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from helpers.tagged import EXAMPLE
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.examples import ReadReport
from seqtasks.data.tagging.conllu import Sentence, write_conllu
from seqtasks.data.tagging.readers import Form, parse_sentences, read_sentences, with_labels
from seqtasks.errors import SeqtasksError

WORDS = [("She", "ca", "n't", "."), ("10 000", "_")]
UPOS = [("PRON", "AUX", "PART", "PUNCT"), ("NUM", "SYM")]
CONTENTS = {
    "conllu": EXAMPLE,
    "conll": "-DOCSTART-\tX\tO\n\nShe\tX\tPRON\nca\tX\tAUX\nn't\tX\tPART\n.\tX\tPUNCT\n\n10 000\tX\tNUM\n_\tX\tSYM\n",
    "jsonl": "".join(
        json.dumps({"words": words, "labels": labels, "id": 3}) + "\n"
        for words, labels in zip(WORDS, UPOS, strict=True)
    ),
}


def read(
    path: Path, report: ReadReport | None = None, column: str | int = "upos", form: Form = "auto"
) -> list[Sentence]:
    return list(read_sentences(path, report or ReadReport(), column=column, form=form))


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def places(report: ReadReport) -> dict[str, list[str]]:
    return {reason: omission.places for reason, omission in report.omissions.items()}


def pairs(sentences: list[Sentence]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(sentence.words, sentence.labels) for sentence in sentences]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ends", ["unix", "windows", "no end"])
@pytest.mark.parametrize("suffix", CONTENTS)
def test_every_form_gives_the_same_sentences(tmp_path: Path, suffix: str, ends: str, packed: bool) -> None:
    text = CONTENTS[suffix]
    text = {"unix": text, "windows": "\ufeff" + text.replace("\n", "\r\n"), "no end": text.rstrip("\n")}[ends]
    path = tmp_path / f"a.{suffix}{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    report = ReadReport()
    assert pairs(read(path, report)) == list(zip(WORDS, UPOS, strict=True))
    assert (report.read, report.skipped) == (2, 0)


def test_text_has_words_between_blanks_and_no_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\n # She  ca n't .\n\n10\u00a0000\t_ \n")
    assert read(path) == [Sentence(("#", "She", "ca", "n't", ".")), Sentence(("10\u00a0000", "_"))]


@pytest.mark.parametrize(("column", "labels"), [(2, ("X", "X")), (3, ("NUM", "SYM")), (-2, ("X", "X"))])
def test_column_labels_come_from_the_column_asked_for(tmp_path: Path, column: int, labels: tuple[str, ...]) -> None:
    assert read(write(tmp_path / "a.conll", CONTENTS["conll"]), column=column)[1].labels == labels


@pytest.mark.parametrize("column", ["form", "id", "pos", 0, 1, 2, 11, -9, -11])
def test_a_column_that_holds_no_labels_is_told_at_once(tmp_path: Path, column: str | int) -> None:
    with pytest.raises(SeqtasksError, match=r"no column .* for labels"):
        read_sentences(write(tmp_path / "a.conllu", EXAMPLE), ReadReport(), column=column)
    if column in ("pos", 0, 1):
        with pytest.raises(SeqtasksError, match=r"a\.conll: there is no column .* for labels"):
            read_sentences(write(tmp_path / "a.conll", CONTENTS["conll"]), ReadReport(), column=column)


def test_a_missing_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="there is no such file"):
        read_sentences(tmp_path / "a.conllu", ReadReport())


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("a.conll", EXAMPLE, "conllu"),
        ("a.txt.gz", "\n\n# text = can't\n1-2\tcan't" + "\t_" * 8 + "\n1\tca" + "\t_" * 8 + "\n", "conllu"),
        ("a.conllu", "", "conllu"),
        ("a.txt", "-DOCSTART- -X- O\n\nEU NNP B-ORG\n", "columns"),
        ("a.testb", "EU NNP B-ORG\n", "columns"),
        ("a.tsv", "EU\tB-ORG\n", "columns"),
        ("a.txt", "EU\tB-ORG\nrejects\tO\n", "columns"),
        ("a.JSONL", '{"words": ["EU"]}\n', "jsonl"),
        ("a.txt", "EU rejects\n", "text"),
        ("standard input", "EU rejects\n", "text"),
        ("a", "", "text"),
    ],
)
def test_the_form_follows_from_name_and_content(tmp_path: Path, name: str, text: str, form: Form) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    found = read(path)
    assert found == read(path, form=form)
    others = [each for each in ("conllu", "columns", "jsonl", "text") if each != form]
    assert not found or all(found != read(path, form=other) for other in others)
    assert found or not text


def test_broken_sentences_of_columns_are_counted_with_the_line_of_the_mistake(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", "a X\n\na X\nb\nc X\n \na\tX\n\tX\n\na b c X\nd X\ne X\n\na\tX \nb\t\n")
    report = ReadReport()
    assert pairs(read(path, report)) == [(("a",), ("X",))]
    assert report.read == 5
    assert places(report) == {
        "wrong number of columns": [f"{path}:4", f"{path}:10", f"{path}:14"],
        "empty word": [f"{path}:8"],
    }
    report = ReadReport()
    assert read(path, report, column=4) == []
    assert report.omissions["wrong number of columns"].count == 5


def test_comments_and_documents_in_columns_are_no_words(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.conll",
        "-DOCSTART- -X- O O\n\n# id 7\tdomain=en\n# more\na _ _ O\n# _ _ O\n\n-DOCSTART- O\n# _ _ O\nb _ _ O\n",
    )
    assert pairs(read(path)) == [(("a", "#"), ("O", "O")), (("#", "b"), ("O", "O"))]


def test_a_column_of_words_alone_has_no_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", "EU\nrejects\n\ncalls\n")
    for column in ("upos", 4):
        assert read(path, column=column) == [Sentence(("EU", "rejects")), Sentence(("calls",))]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"words": "EU"}', "broken line"),
        ('{"words": ["EU", 1]}', "broken line"),
        ('{"words": ["\\ud800"]}', "broken line"),
        ('{"words": ["EU"], "labels": ["A", "B"]}', "broken line"),
        ('{"words": ["EU"], "labels": [0.5]}', "broken line"),
        ('{"words": ["EU"], "labels": "A"}', "broken line"),
        ('["EU"]', "broken line"),
        ("[" * 100_000, "broken line"),
        ("", "broken line"),
        ('{"words": ["EU", " "]}', "empty word"),
        ('{"words": ["EU", null]}', "empty word"),
        ('{"words": []}', "sentence without words"),
        ('{"labels": ["A"]}', "broken line"),
        ('{"text": "EU"}', "sentence without words"),
    ],
)
def test_json_that_holds_no_sentence_is_counted(tmp_path: Path, line: str, reason: str) -> None:
    path = write(tmp_path / "a.jsonl", '{"words": ["a\\tb"], "labels": ["X\\n"]}\n' + line + "\n")
    report = ReadReport()
    assert read(path, report) == [Sentence(("a b",), ("X",))]
    assert places(report) == {reason: [f"{path}:2"]}


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        ("conllu", EXAMPLE.replace("\tAUX\t", "\t_\t")),
        ("conll", CONTENTS["conll"].replace("AUX", "_")),
        ("jsonl", CONTENTS["jsonl"].replace('"AUX"', "null")),
        ("jsonl", CONTENTS["jsonl"].replace('"AUX"', '""')),
    ],
)
def test_a_word_without_label_leaves_its_sentence_for_tagging_alone(tmp_path: Path, suffix: str, text: str) -> None:
    path = write(tmp_path / f"a.{suffix}", text)
    assert pairs(read(path)) == [(WORDS[0], ()), (WORDS[1], UPOS[1])]
    report = ReadReport()
    labelled = list(with_labels(read_sentences(path, report), report))
    assert pairs(labelled) == [(WORDS[1], UPOS[1])]
    start = 3 if suffix == "conll" else 1
    assert places(report) == {"word without label": [f"{path}:{start}"]}


@pytest.mark.parametrize("suffix", CONTENTS)
def test_not_utf8_is_told_by_file_and_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    content = CONTENTS[suffix].encode()
    path.write_bytes(content + b"caf\xe9\n")
    with pytest.raises(SeqtasksError, match=rf"a\.{suffix}:{content.count(10) + 1}: not UTF-8 \(byte 4 of the line\)"):
        read(path)


def test_a_file_is_read_as_it_is_asked_for(tmp_path: Path) -> None:
    report = ReadReport()
    path = tmp_path / "a.conllu"
    path.write_bytes((EXAMPLE * 2000).encode() + b"\xff")
    sentences = read_sentences(path, report)
    assert next(sentences).words == WORDS[0]
    assert report.read == 1


def test_lines_need_no_file() -> None:
    report = ReadReport()
    found = list(parse_sentences([*EXAMPLE.splitlines(), "1\tx"], "standard input", report))
    assert [sentence.words for sentence in found] == WORDS
    assert places(report) == {"wrong number of columns": ["standard input:14"]}


@given(
    st.sampled_from(["auto", "conllu", "columns", "jsonl", "text"]),
    st.lists(
        st.sampled_from(["1", "2", "1-2", "1.1", "#", "\t", "\t_" * 8, "\n", "\n\n", " ", "-DOCSTART-", "\xa0"])
        | st.sampled_from(['{"words"', ": [", '"a"', "]}", '"labels"', ", ", "O", "\r", "\x1c"])
        | st.text(max_size=3)
    ).map("".join),
)
def test_whatever_the_lines_each_sentence_is_read_or_counted(form: Form, text: str) -> None:
    report = ReadReport()
    found = list(parse_sentences(text.split("\n"), "a", report, form=form))
    assert report.read == len(found) + report.skipped
    for sentence in found:
        assert sentence.words
        assert all(sentence.words)
        assert len(sentence.labels) in (0, len(sentence.words))
        again = write_conllu(sentence, "upos", ["X"] * len(sentence.words))
        (read_again,) = parse_sentences(again.split("\n"), "b", ReadReport(), form="conllu")
        assert read_again.labels == ("X",) * len(sentence.words)


def test_comments_of_columns_are_no_words(tmp_path: Path) -> None:
    text = "#begin document x\n# sent_id = 12\n# newdoc\nJoe NNP B-NP B-PER\nruns VBZ B-VP O\n\n# NN X O\n#tag NN X O\n"
    assert pairs(read(write(tmp_path / "a.conll", text))) == [
        (("Joe", "runs"), ("B-PER", "O")),
        (("#", "#tag"), ("O", "O")),
    ]


PLUS = """\
# global.columns = ID FORM UPOS NER
# text = Joe can't
1\tJoe\tPROPN\tB-PER
2-3\tcan't\t_\t_
2\tca\tAUX\tO
3\tn't\tPART\tO
"""


@pytest.mark.parametrize("name", ["a.conllup", "a.cupt", "a.txt"])
def test_the_columns_of_conllu_plus_are_those_of_its_first_line(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, PLUS)
    words = ("Joe", "ca", "n't")
    assert pairs(read(path)) == [(words, ("PROPN", "AUX", "PART"))]
    assert pairs(read(path, column="ner")) == pairs(read(path, column=4)) == [(words, ("B-PER", "O", "O"))]
    with pytest.raises(SeqtasksError, match=r"no column 'xpos' for labels. It has UPOS, NER"):
        read(path, column="xpos")
    with pytest.raises(SeqtasksError, match="which column holds the words"):
        read(write(tmp_path / "b.txt", PLUS.replace("FORM", "WORD")))


def test_numbers_of_words_are_not_taken_for_words(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match=r"a.conll:1: the first column numbers the words"):
        read(write(tmp_path / "a.conll", "1\tJoe\tB-PER\n2\truns\tO\n"))
