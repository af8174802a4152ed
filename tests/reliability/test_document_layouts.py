"""Layouts that files of labeled documents have in the world, and what has to be read from them, or refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from reliability.layouts import json_lines, table, written, zstd

from seqtasks.data.documents.columns import is_apart
from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError

ROWS = [
    ("What a lovely film, really.", "pos"),
    ("Dull and too long.", "neg"),
    ("Great fun for all.", "pos"),
    ("So bad it hurts.", "neg"),
]
OBJECTS = [{"text": text, "label": label} for text, label in ROWS]
TURNED = [(label, text) for text, label in ROWS]
COUNTED = [(str(number), *row) for number, row in enumerate(ROWS)]
NUMBERS = [(text, "1" if label == "pos" else "0") for text, label in ROWS]

SENTIMENT_140 = table(("0", "1467810369", "Mon Apr 06 22:19:45 PDT 2009", "NO_QUERY", "one", "so sad today"),
    ("4", "1467810372", "Mon Apr 06 22:20:31 PDT 2009", "NO_QUERY", "two", "what a fine day"))  # fmt: skip
FLAGS = table(
    ("id", "comment_text", "toxic", "insult"), ("a1", "You, idiot", "1", "0"), ("a2", "Nice to see you", "0", "0")
)

LAYOUTS: dict[str, tuple[str, str | bytes, dict[str, Any], list[tuple[str, ...]]]] = {
    "text, label": ("a.csv", table(("text", "label"), *ROWS), {}, ROWS),
    "label, text": ("a.csv", table(("label", "text"), *TURNED), {}, ROWS),
    "capitals": ("a.csv", table(("Text", "LABEL"), *ROWS), {}, ROWS),
    "numbers as labels": ("a.csv", table(("text", "label"), *NUMBERS), {}, NUMBERS),
    "tabs": ("a.tsv", table(("text", "label"), *ROWS, by="\t"), {}, ROWS),
    "tabs, label first": ("a.tsv", table(("label", "text"), *TURNED, by="\t"), {}, ROWS),
    "Excel in German": ("a.csv", table(("text", "label"), *ROWS, by=";", end="\r\n"), {}, ROWS),
    "Excel in German, its own words": ("a.csv", table(("Bewertung", "Klasse"), *ROWS, by=";", end="\r\n"), {}, ROWS),
    "Excel with the delimiter": ("a.csv", "sep=;\r\n" + table(("text", "label"), *ROWS, by=";", end="\r\n"), {}, ROWS),
    "Excel's unicode text": ("a.tsv", table(("text", "label"), *ROWS, by="\t", end="\r\n").encode("utf-16"), {}, ROWS),
    "Excel's UTF-8": ("a.csv", b"\xef\xbb\xbf" + table(("text", "label"), *ROWS, end="\r\n").encode(), {}, ROWS),
    "bars": ("a.csv", table(("text", "label"), *ROWS, by="|"), {}, ROWS),
    "pandas": ("a.csv", table(("", "text", "label"), *COUNTED), {}, ROWS),
    "pandas, written twice": ("a.csv", table(("", "Unnamed: 0", "text", "label"), *((row[0], *row) for row in COUNTED)), {}, ROWS),
    "pandas without names": ("a.csv", table(("", "0", "1"), *COUNTED), {}, ROWS),
    "pandas without names and index": ("a.csv", table(("0", "1"), *ROWS), {}, ROWS),
    "a column without a name behind": ("a.csv", "text,label\n" + table(*((*row, "checked") for row in ROWS)), {}, ROWS),
    "delimiters at the ends of rows": ("a.csv", "text,label\n" + table(*((*row, "") for row in ROWS)), {}, ROWS),
    "R's tables": ("a.csv", "text,label\n" + table(*COUNTED), {}, ROWS),
    "R's tables with words for names of rows": ("a.csv", '"","text","label"\n' + table(*((f"r{number}", *row) for number, row in enumerate(ROWS))), {}, ROWS),
    "no header": ("a.csv", table(*ROWS), {}, ROWS),
    "no header, label first": ("a.tsv", table(*TURNED, by="\t"), {}, ROWS),
    "no header, counted": ("a.csv", table(*COUNTED), {}, ROWS),
    "no header, names and languages": ("a.csv", table(("Smith", "English"), ("Meyer", "German"), ("Jones", "English"), ("Bauer", "German")), {},
        [("Smith", "English"), ("Meyer", "German"), ("Jones", "English"), ("Bauer", "German")]),
    "names that nobody knows above numbers": ("a.csv", table(("Kommentar", "Bewertung"), ("A great film, really.", "5"), ("Dull and long.", "1"), ("Fine, that.", "5")), {},
        [("A great film, really.", "5"), ("Dull and long.", "1"), ("Fine, that.", "5")]),
    "names that nobody knows below numbers": ("a.csv", table(("nps", "feedback"), ("-10", "A great film, really."), ("7.5", "Dull and long.")), {},
        [("A great film, really.", "-10"), ("Dull and long.", "7.5")]),
    "lists of labels that pandas wrote": ("a.csv", table(("text", "labels"), ("a b", "['x', 'y']"), ("c d", "['x']"), ("e f", "[]"), ("g h", "[z]")), {},
        [("a b", "x", "y"), ("c d", "x"), ("e f",), ("g h", "[z]")]),
    "choices of Label Studio": ("a.csv", 'text,sentiment\na b,"{""choices"":[""x"",""y""]}"\nc d,x\n', {}, [("a b", "x", "y"), ("c d", "x")]),
    "utterance, intent": ("a.csv", table(("utterance", "intent"), *ROWS), {}, ROWS),
    "names that nobody knows": ("a.csv", table(("stuff", "thing"), *ROWS), {}, ROWS),
    "names that nobody knows, label first": ("a.csv", table(("thing", "stuff"), *TURNED), {}, ROWS),
    "review, sentiment (Kaggle's IMDb)": ("a.csv", table(("review", "sentiment"), *ROWS), {}, ROWS),
    "v1, v2 (Kaggle's SMS)": ("a.csv", table(("v1", "v2", "", "", ""), *((*row, "", "", "") for row in TURNED)), {}, ROWS),
    "idx, sentence, label (GLUE)": ("a.csv", table(("idx", "sentence", "label"), *COUNTED), {}, ROWS),
    "id, tweet, label": ("a.csv", table(("id", "tweet", "label"), *COUNTED), {}, ROWS),
    "id, label, text": ("a.csv", table(("id", "label", "text"), *((row[0], row[2], row[1]) for row in COUNTED)), {}, ROWS),
    "more columns than needed": ("a.csv", table(("date", "text", "user", "label"), *(("2024-05-01", text, "x y", label) for text, label in ROWS)), {}, ROWS),
    "columns that were asked for": ("a.csv", table(("title", "body text", "stars"), *(("x", *row) for row in ROWS)),
        {"text_column": "body text", "label_column": "stars"}, ROWS),
    "numbers of columns that were asked for": ("a.csv", table(*(("x", *row) for row in ROWS)), {"text_column": 2, "label_column": 3}, ROWS),
    "a stray quote": ("a.csv", 'text,label\n"fine film,1\nbad film,0\ngood film,1\n', {}, [("bad film", "0"), ("good film", "1")]),
    "two stray quotes": ("a.csv", 'text,label\n"fine film,1\nbad film,0\n"good film,1\nbad one,0\n', {}, [("bad film", "0"), ("bad one", "0")]),
    "lines in cells": ("a.csv", 'text,label\n"one\ntwo",pos\nthree,neg\n', {}, [("one\ntwo", "pos"), ("three", "neg")]),
    "quotes in cells": ("a.csv", 'text,label\n"a ""good"" one",pos\n', {}, [('a "good" one', "pos")]),
    "quotes behind tabs": ("a.tsv", 'text\tlabel\n"good" one\tpos\n', {}, [('"good" one', "pos")]),
    "several labels in a cell": ("a.csv", table(("text", "labels"), ("a b", "x|y"), ("c d", "x")), {"label_separator": "|"}, [("a b", "x", "y"), ("c d", "x")]),
    "one column": ("a.csv", "text\nan apple, a pear\nplums\n", {}, [("an apple, a pear",), ("plums",)]),
    "compressed": ("a.csv.gz", gzip.compress(table(("", "text", "label"), *COUNTED).encode()), {}, ROWS),
    "compressed with Zstandard": ("a.csv.zst", zstd.compress(table(("", "text", "label"), *COUNTED).encode()), {}, ROWS),
    "another suffix": ("a.data", table(("text", "label"), *ROWS), {"format": "csv"}, ROWS),
    "JSON lines": ("a.jsonl", json_lines(*({"text": text, "label": label} for text, label in ROWS)), {}, ROWS),
    "JSON lines with numbers": ("a.jsonl", json_lines({"text": "a", "label": 1}, {"text": "b", "label": 0}), {}, [("a", "1"), ("b", "0")]),
    "JSON lines of pandas": ("a.jsonl", json_lines({"text": "a", "label": 1.0}, {"text": "b", "label": 0.0}), {}, [("a", "1"), ("b", "0")]),
    "JSON lines with truth values": ("a.jsonl", json_lines({"text": "a", "label": True}, {"text": "b", "label": False}), {}, [("a", "true"), ("b", "false")]),
    "JSON lines with lists": ("a.jsonl", json_lines({"text": "a", "labels": ["x", "y"]}), {}, [("a", "x", "y")]),
    "JSON lines of Prodigy": ("a.jsonl", json_lines(*({"text": text, "label": label, "answer": answer}
        for (text, label), answer in zip(ROWS, ("accept", "reject", "ignore", "accept"), strict=True))), {}, [ROWS[0], ROWS[3]]),
    "JSON lines with answers that are asked for": ("a.jsonl", json_lines({"text": "a", "answer": "reject"}), {"label_column": "answer"}, [("a", "reject")]),
    "JSON lines with other keys": ("a.jsonl", json_lines(*({"utterance": text, "intent": label} for text, label in ROWS)), {}, ROWS),
    "JSON lines with keys that nobody knows": ("a.jsonl", json_lines(*({"stuff": text, "thing": label} for text, label in ROWS)), {}, ROWS),
    "JSON lines called json": ("a.json", json_lines(*OBJECTS), {}, ROWS),
    "JSON lines called ndjson": ("a.ndjson", json_lines(*OBJECTS), {}, ROWS),
    "a list in JSON": ("a.json", json.dumps(OBJECTS), {}, ROWS),
    "a list in JSON, over lines": ("a.json", json.dumps(OBJECTS, indent=4), {}, ROWS),
    "a list in JSON under data": ("a.json", json.dumps({"data": OBJECTS, "version": 2}), {}, ROWS),
    "columns of Hugging Face": ("a.json", json.dumps({"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]}), {}, ROWS),
    "columns of pandas": ("a.json", json.dumps({"text": {str(place): text for place, (text, _) in enumerate(ROWS)}, "label": {str(place): label for place, (_, label) in enumerate(ROWS)}}), {}, ROWS),
    "rows of Hugging Face's server": ("a.json", json.dumps({"features": [], "rows": [{"row_idx": 0, "row": {"text": "a", "label": 1}}]}), {}, [("a", "1")]),
    "one object with a list of others": ("a.jsonl", json_lines({"text": "a", "label": "x", "entities": [{"start": 1}]}), {}, [("a", "x")]),
    "JSON lines with half a character": ("a.jsonl", '{"text": "a \\ud83d", "label": "x"}\n{"text": "a", "label": "\\udc00"}\n' + json_lines(*OBJECTS), {}, ROWS),
    "Sentiment140, its columns said": ("a.csv", SENTIMENT_140, {"text_column": 6, "label_column": 1}, [("so sad today", "0"), ("what a fine day", "4")]),
    "a column of 0 and 1 a label": ("a.csv", FLAGS, {}, [("You, idiot",), ("Nice to see you",)]),
    "fastText": ("a.txt", "".join(f"__label__{label} {text}\n" for text, label in ROWS), {}, ROWS),
    "Stanford's sentiment": ("stsa.binary.train", "".join(f"{label} {text}\n" for text, label in NUMBERS), {}, NUMBERS),
    "a label, a tab, a text": ("a.txt", "".join(f"{label}\t{text}\n" for text, label in ROWS * 2), {}, ROWS * 2),
    "a label before tokens": ("a.txt", "".join(f"{label} well , {text}\n" for text, label in NUMBERS * 2), {}, [(f"well , {text}", label) for text, label in NUMBERS * 2]),
    "a .txt that is said to be a table": ("a.txt", table(("text", "label"), *ROWS, by=";"), {"format": "csv"}, ROWS),
}  # fmt: skip

REFUSED: dict[str, tuple[str, str | bytes, dict[str, Any], str]] = {
    "three columns without names": ("a.csv", table(("x y", "a b", "c d"), ("z w", "e f", "g h")), {}, "--text-column"),
    "three columns with unknown names": ("a.csv", table(("one", "two", "three"), ("x y", "a b", "c d")), {"header": True}, "--text-column"),
    "R's tables with words for names of rows, which have none": ("a.csv", "text,label\n" + table(*((f"r{number}", *row) for number, row in enumerate(ROWS))), {}, "2 names for 3 columns"),
    "Sentiment140": ("a.csv", SENTIMENT_140, {}, "--text-column"),
    "a column that is not there": ("a.csv", table(("text", "label"), *ROWS), {"text_column": "review"}, "'review'"),
    "a number that is not there": ("a.csv", table(("text", "label"), *ROWS), {"label_column": 3}, "2 columns"),
    "Kaggle's emotions, a table in a .txt": ("train.txt", "".join(f"{text};{label}\n" for text, label in ROWS * 2), {}, "Rename it to train.csv"),
    "labels of several words before a tab": ("a.txt", "".join(f"very {label}\t{text}\n" for text, label in ROWS * 2), {}, "Rename it to a.tsv"),
    "a .txt with the labels behind a tab": ("a.txt", "".join(f"{text}\t{label}\n" for text, label in ROWS * 2), {}, "line 1: What a lovely film"),
    "a .txt with a header": ("a.txt", "label,text\n" + "".join(f"{label},{text.replace(',', '')}\n" for text, label in ROWS), {}, 'format = "csv"'),
    "a .txt of JSON lines": ("a.txt", json_lines(*OBJECTS), {}, "Rename it to a.jsonl"),
    "a format that is not there": ("a.csv", table(("text", "label"), *ROWS), {"format": "excel"}, "no format 'excel'"),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read(tmp_path: Path, layout: str) -> None:
    name, content, options, expected = LAYOUTS[layout]
    source = DocumentSource(path=written(tmp_path, name, content), **options)
    assert [(each.text, *each.labels) for each in read_documents(source, ReadReport())] == expected


@pytest.mark.parametrize("layout", REFUSED)
def test_refused(tmp_path: Path, layout: str) -> None:
    name, content, options, told = REFUSED[layout]
    source = DocumentSource(path=written(tmp_path, name, content), **options)
    with pytest.raises(SeqtasksError) as raised:
        list(read_documents(source, ReadReport()))
    assert told in f"{raised.value.message} {raised.value.hint}"


@pytest.mark.parametrize(
    ("name", "content", "options", "told"),
    [
        ("a.csv", FLAGS, {}, "no column is read as the label, but 2 hold 0 and 1, such as toxic"),
        ("a.jsonl", json_lines({"text": "a", "label": "x", "category": "y"}), {}, "label is read as the label, but category"),
        ("a.csv", table(("text", "label", "topic"), (*ROWS[0], "film")), {}, "--label-column"),
        ("a.csv", table(("text", "label", "topic"), (*ROWS[0], "film")), {"label_column": "label"}, ""),
        ("a.csv", table(("text", "label", "stars"), (*ROWS[0], "1")), {}, ""),
    ],
)  # fmt: skip
def test_several_columns_of_labels_are_told(
    tmp_path: Path, name: str, content: str, options: dict[str, Any], told: str
) -> None:
    report = ReadReport()
    list(read_documents(DocumentSource(path=written(tmp_path, name, content), **options), report))
    assert (told in " ".join(report.warnings), bool(report.warnings)) == (True, bool(told))


def test_a_first_row_that_is_shorter_than_the_others() -> None:
    """It names no columns where it has none for the labels."""
    assert not is_apart([["text"], ["a film", "pos"], ["a play", "pos"], ["a book", "neg"], ["a tree", "neg"]], 1)


def test_what_annotators_rejected_is_told(tmp_path: Path) -> None:
    lines = json_lines(
        *({"text": "a", "label": "b", "answer": each} for each in ("accept", "reject", "reject", "ignore"))
    )
    report = ReadReport()
    assert len(list(read_documents(DocumentSource(path=written(tmp_path, "a.jsonl", lines)), report))) == 1
    assert {reason: omission.count for reason, omission in report.omissions.items()} == {"rejected": 2, "ignored": 1}
