"""Layouts that files of sentence pairs have in the world, and what has to be read from them, or refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from reliability.layouts import json_lines, table, written, zstd

from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.readers import read_pairs
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.errors import SeqtasksError

ONE, TWO = ("A dog runs.", "Ein Hund rennt."), ("A cat, too.", "Eine Katze, auch.")
BOTH = [ONE, TWO]
SWAPPED = [(target, source) for source, target in BOTH]
OBJECTS = [{"source": source, "target": target} for source, target in BOTH]
EN_DE, DE_EN = ("en", "de"), ("de", "en")


def tmx(*units: str, version: str = "1.4", header: str = "", doctype: str = "") -> str:
    body = "".join(f"<tu>{unit}</tu>" for unit in units)
    return f'<?xml version="1.0"?>{doctype}<tmx version="{version}"><header {header}/><body>{body}</body></tmx>'


def tuv(language: str, text: str, attribute: str = "xml:lang") -> str:
    return f'<tuv {attribute}="{language}"><seg>{text}</seg></tuv>'


LAYOUTS: dict[str, tuple[str, str | bytes, dict[str, Any], list[tuple[str, str]]]] = {
    "tsv": ("a.tsv", table(*BOTH, by="\t"), {}, BOTH),
    "tsv with quotes in the text": ("a.tsv", 'He said "go".\tEr sagte „geh“.\n"Go!"\t"Geh!"\n', {},
        [('He said "go".', "Er sagte „geh“."), ('"Go!"', '"Geh!"')]),
    "tsv with a header": ("a.tsv", table(("source", "target"), *BOTH, by="\t"), {}, BOTH),
    "tsv of windows": ("a.tsv", table(*BOTH, by="\t", end="\r\n"), {}, BOTH),
    "tsv with a byte order mark": ("a.tsv", "\ufeff" + table(*BOTH, by="\t"), {}, BOTH),
    "unicode text of Excel": ("a.tsv", table(("source", "target"), *BOTH, by="\t", end="\r\n").encode("utf-16"), {}, BOTH),
    "csv without a header": ("a.csv", table(*BOTH), {}, BOTH),
    "csv": ("a.csv", table(("source", "target"), *BOTH), {}, BOTH),
    "csv the other way round": ("a.csv", table(("target", "source"), *SWAPPED), {}, BOTH),
    "csv in capitals": ("a.csv", table(("SOURCE", "Target"), *BOTH), {}, BOTH),
    "csv with short names": ("a.csv", table(("src", "tgt"), *BOTH), {}, BOTH),
    "csv with other short names": ("a.csv", table(("trg", "src"), *SWAPPED), {}, BOTH),
    "csv of pandas": ("a.csv", table(("", "source", "target"), ("0", *ONE), ("1", *TWO)), {}, BOTH),
    "csv of pandas read and written again": ("a.csv",
        table(("", "Unnamed: 0", "source", "target"), ("0", "0", *ONE), ("1", "1", *TWO)), {}, BOTH),
    "csv of pandas without names": ("a.csv", table(("", "0", "1"), ("0", *ONE), ("1", *TWO)), {}, BOTH),
    "csv of pandas without names and index": ("a.csv", table(("0", "1"), *BOTH), {}, BOTH),
    "csv of Excel in German": ("a.csv", table(("source", "target"), *BOTH, by=";", end="\r\n"), {}, BOTH),
    "csv of Excel that names the delimiter": ("a.csv", "sep=;\r\n" + table(*BOTH, by=";", end="\r\n"), {}, BOTH),
    "csv with tabs": ("a.csv", table(("source", "target"), *BOTH, by="\t"), {}, BOTH),
    "csv with bars": ("a.csv", table(("source", "target"), *BOTH, by="|"), {}, BOTH),
    "csv of languages": ("a.csv", table(("en", "de"), *BOTH), {}, BOTH),
    "csv of languages the other way round": ("a.csv", table(("de", "en"), *SWAPPED), {"languages": EN_DE}, BOTH),
    "csv of languages with other codes": ("a.csv", table(("deu", "eng"), *SWAPPED), {"languages": EN_DE}, BOTH),
    "csv of languages by name": ("a.csv", table(("English", "German"), *BOTH), {}, BOTH),
    "csv of languages by their own names": ("a.csv", table(("Deutsch", "Englisch"), *SWAPPED), {"languages": EN_DE}, BOTH),
    "csv of regions": ("a.csv", table(("en-US", "de_DE"), *BOTH), {"languages": EN_DE}, BOTH),
    "csv of three languages": ("a.csv", table(("en", "fr", "de"), (ONE[0], "Un chien.", ONE[1])), {"languages": EN_DE}, [ONE]),
    "csv of three languages, another pair": ("a.csv",
        table(("en", "fr", "de"), (ONE[0], "Un chien.", ONE[1])), {"languages": ("fr", "de")}, [("Un chien.", ONE[1])]),
    "csv of Hugging Face": ("a.csv", table(("id", "translation.de", "translation.en"), ("1", *SWAPPED[0])), {"languages": EN_DE}, [ONE]),
    "csv with a text and its translation": ("a.csv", table(("text", "translation"), *BOTH), {}, BOTH),
    "csv with columns in other words": ("a.csv", table(("source_sentence", "target_sentence"), *BOTH), {}, BOTH),
    "csv with lines in cells": ("a.csv", 'source,target\n"A dog\nruns.","Ein Hund\nrennt."\n', {}, [("A dog\nruns.", "Ein Hund\nrennt.")]),
    "csv with quotes in cells": ("a.csv", 'source,target\n"He said ""go"".","Er sagte ""geh""."\n', {}, [('He said "go".', 'Er sagte "geh".')]),
    "csv with one stray quote": ("a.csv", 'source,target\n"A dog,Ein Hund\nA cat,Eine Katze\nA cow,Eine Kuh\n', {},
        [("A cat", "Eine Katze"), ("A cow", "Eine Kuh")]),
    "csv with two stray quotes": ("a.csv", 'source,target\n"A dog,Ein Hund\nA cat,Eine Katze\n"A cow,Eine Kuh\nA pig,Ein Schwein\n', {},
        [("A cat", "Eine Katze"), ("A pig", "Ein Schwein")]),
    "csv with columns that were asked for": ("a.csv", table(("one", "two", "three"), ("x y", *ONE)),
        {"source_column": "two", "target_column": "three"}, [ONE]),
    "csv with numbers of columns that were asked for": ("a.csv", table(("x y", *ONE), ("z", *TWO)),
        {"source_column": 2, "target_column": 3, "header": False}, BOTH),
    "Tatoeba's sentence pairs": ("a.tsv", table(("1276", ONE[0], "77", ONE[1]), ("1277", TWO[0], "351", TWO[1]), by="\t"), {}, BOTH),
    "ManyThings' pairs with their license": ("a.tsv",
        table(*((*each, "CC-BY 2.0 (France) Attribution: tatoeba.org #1 (CM) & #2 (X)") for each in BOTH), by="\t"), {}, BOTH),
    "scores before the pairs": ("a.tsv", table(("1.071", *ONE), ("1.034", *TWO), by="\t"), {}, BOTH),
    "addresses before the pairs": ("a.tsv",
        table(("http://a.org/x", "https://a.org/y", *ONE), ("http://a.org/z", "https://a.org/w", *TWO), by="\t"), {}, BOTH),
    "names of sentences before the pairs": ("a.tsv", table(("sent-1", *ONE), ("sent-2", *TWO), by="\t"), {}, BOTH),
    "a dictionary with the names of languages": ("a.tsv", table(("English", "englisch"), ("German", "deutsch"), by="\t"), {},
        [("English", "englisch"), ("German", "deutsch")]),
    "R's tables": ("a.txt.tsv", '"source"\t"target"\n"1"\t"A dog runs."\t"Ein Hund rennt."\n"2"\t"A cat, too."\t"Eine Katze, auch."\n', {}, BOTH),
    "R's tables without quotes": ("a.tsv", "source\ttarget\n1\tA dog runs.\tEin Hund rennt.\n2\tA cat, too.\tEine Katze, auch.\n", {}, BOTH),
    "tsv with quotes around all texts": ("a.tsv", '"A dog runs."\t"Ein ""Hund"" rennt."\n"A cat, too."\t"Eine Katze, auch."\n', {},
        [(ONE[0], 'Ein "Hund" rennt.'), TWO]),
    "csv with a tab in a text": ("a.csv", table(("source", "target"), ("A\tdog", "Ein Hund"), *BOTH), {}, [("A\tdog", "Ein Hund"), *BOTH]),
    "csv with commas that lack their quotes": ("a.csv", "source,target\nA dog, too,Ein Hund, auch\nA cat,Eine Katze\n", {}, [("A cat", "Eine Katze")]),
    "tsv with a tab too many": ("a.tsv", "source\ttarget\nA dog\truns\tEin Hund\nA cat\tEine Katze\nA pig\tEin Schwein\n", {},
        [("A cat", "Eine Katze"), ("A pig", "Ein Schwein")]),
    "a column without a name behind": ("a.tsv", "source\ttarget\n" + table(*((*each, "CC-BY 2.0") for each in BOTH), by="\t"), {}, BOTH),
    "one row, and a column without a name behind": ("a.tsv", "source\ttarget\n" + table((*ONE, "CC-BY 2.0"), by="\t"), {}, [ONE]),
    "delimiters at the ends of rows": ("a.csv", "source,target\n" + table(*((*each, "") for each in BOTH)), {}, BOTH),
    "several delimiters at the ends of rows": ("a.csv", "source,target\n" + table(*((*each, "", "") for each in BOTH)), {}, BOTH),
    "R's tables that lack rows": ("a.csv", '"source","target"\n' + table(("7", *ONE), ("3", *TWO)), {}, BOTH),
    "names with blanks": ("a.tsv", table(("Target Text", "Source Text"), *SWAPPED, by="\t"), {}, BOTH),
    "languages in names with blanks (Kaggle)": ("a.csv", table(("English words/sentences", "French words/sentences"), *BOTH), {}, BOTH),
    "languages in names with blanks behind an index": ("a.csv",
        table(("Unnamed: 0", "English words/sentences", "French words/sentences"), ("0", *ONE), ("1", *TWO)), {}, BOTH),
    "a first text that is the word of a role": ("a.csv", "Target.,Ziel.\nCar.,Auto.\n", {}, [("Target.", "Ziel."), ("Car.", "Auto.")]),
    "a first text that looks like codes": ("a.tsv", "No.\tNe.\nYes.\tAno.\n", {}, [("No.", "Ne."), ("Yes.", "Ano.")]),
    "a first text that is a known name, no header": ("a.tsv", "Output\tAusgabe\nInput\tEingabe\n", {"header": False},
        [("Output", "Ausgabe"), ("Input", "Eingabe")]),
    "words alone, no header": ("a.csv", table(("Hund", "dog"), *BOTH * 6), {"header": False}, [("Hund", "dog"), *BOTH * 6]),
    "quotes behind blanks": ("a.csv", 'source, target\n"A dog runs.", "Ein Hund rennt."\n"A cat, too.", "Eine Katze, auch."\n', {}, BOTH),
    "quotes behind blanks, no header": ("a.csv", '"A dog runs.", "Ein Hund rennt."\n"A cat.", "Eine Katze."\n', {}, [ONE, ("A cat.", "Eine Katze.")]),
    "blanks within quotes": ("a.csv", 'source,target\n"He said, ""go"".","Er sagte, "\n', {}, [('He said, "go".', "Er sagte, ")]),
    "compressed": ("a.csv.gz", gzip.compress(table(("target", "source"), *SWAPPED).encode()), {}, BOTH),
    "compressed with Zstandard": ("a.csv.zst", zstd.compress(table(("target", "source"), *SWAPPED).encode()), {}, BOTH),
    "a list in JSON, compressed with Zstandard": ("a.json.zst", zstd.compress(json.dumps(OBJECTS).encode()), {}, BOTH),
    "TMX, compressed with Zstandard": ("a.tmx.zst", zstd.compress(tmx(*(tuv("en", source) + tuv("de", target) for source, target in BOTH)).encode()),
        {"languages": EN_DE}, BOTH),
    "JSON lines": ("a.jsonl", json_lines(*({"source": source, "target": target} for source, target in BOTH)), {}, BOTH),
    "JSON lines by language": ("a.jsonl", json_lines(*({"translation": {"de": target, "en": source}} for source, target in BOTH)),
        {"languages": EN_DE}, BOTH),
    "JSON lines with languages as keys": ("a.jsonl", json_lines(*({"id": "3", "de": target, "en": source} for source, target in BOTH)),
        {"languages": EN_DE}, BOTH),
    "JSON lines with short keys": ("a.jsonl", json_lines(*({"tgt": target, "src": source} for source, target in BOTH)), {}, BOTH),
    "JSON lines with keys that were asked for": ("a.jsonl", json_lines(*({"b": target, "a": source, "c": "x"} for source, target in BOTH)),
        {"source_column": "a", "target_column": "b"}, BOTH),
    "JSON lines of Prodigy": ("a.jsonl", json_lines({**OBJECTS[0], "answer": "accept"}, {**OBJECTS[1], "answer": "reject"}), {}, [ONE]),
    "JSON lines called ndjson": ("a.ndjson", json_lines(*OBJECTS), {}, BOTH),
    "JSON lines called json": ("a.json", json_lines(*OBJECTS), {}, BOTH),
    "a list in JSON": ("a.json", json.dumps(OBJECTS), {}, BOTH),
    "a list in JSON, over lines": ("a.json", json.dumps(OBJECTS, indent=2), {}, BOTH),
    "a list in JSON called jsonl": ("a.jsonl", "\ufeff\n" + json.dumps(OBJECTS, indent=2), {}, BOTH),
    "a list in JSON, one line a pair": ("a.json", "[\n" + ",\n".join(map(json.dumps, OBJECTS)) + "\n]\n", {}, BOTH),
    "a list in JSON, compressed": ("a.json.gz", gzip.compress(json.dumps(OBJECTS).encode()), {}, BOTH),
    "a list in JSON by language": ("a.json", json.dumps([{"translation": {"de": target, "en": source}} for source, target in BOTH]), {"languages": EN_DE}, BOTH),
    "a list in JSON with ids and languages": ("a.json", json.dumps([{"id": "0", "translation": {"en": source, "de": target}} for source, target in BOTH]), {"languages": EN_DE}, BOTH),
    "a list in JSON under data": ("a.json", json.dumps({"version": "1", "data": OBJECTS}), {}, BOTH),
    "one list in JSON": ("a.json", json.dumps({"pairs": OBJECTS}), {}, BOTH),
    "one object in JSON": ("a.json", json.dumps(OBJECTS[0]), {}, [ONE]),
    "one object in JSON, over lines": ("a.json", json.dumps(OBJECTS[0], indent=1), {}, [ONE]),
    "rows of Hugging Face's server": ("a.json", json.dumps({"rows": [{"row_idx": 0, "row": {"translation": {"de": ONE[1], "en": ONE[0]}}}], "partial": False}), {"languages": EN_DE}, [ONE]),
    "columns of Hugging Face": ("a.json", json.dumps({"source": [ONE[0], TWO[0]], "target": [ONE[1], TWO[1]]}), {}, BOTH),
    "columns of pandas": ("a.json", json.dumps({"source": {"0": ONE[0], "1": TWO[0]}, "target": {"0": ONE[1], "1": TWO[1]}}), {}, BOTH),
    "rows and names of pandas": ("a.json", json.dumps({"columns": ["target", "source"], "index": [0, 1], "data": SWAPPED}), {}, BOTH),
    "JSON lines, three objects deep": ("a.jsonl", json_lines({"x": {"translation": {"en": ONE[0], "de": ONE[1]}}}), {"languages": EN_DE}, [ONE]),
    "JSON lines, broken ones among them": ("a.jsonl", '{"source": "x"\n[1, 2]\n3\n' + json_lines(*OBJECTS), {}, BOTH),
    "JSON lines with numbers for texts": ("a.jsonl", json_lines({"source": 3, "target": "x"}, *OBJECTS), {}, BOTH),
    "codes in capitals": ("a.csv", table(("EN", "DE"), *BOTH), {}, BOTH),
    "codes with a capital, the languages": ("a.csv", table(("De", "En"), *SWAPPED), {"languages": EN_DE}, BOTH),
    "codes above words, the languages": ("a.csv", table(("de", "en"), ("Hund", "dog"), ("Katze", "cat"), ("Baum", "tree")), {"languages": EN_DE},
        [("dog", "Hund"), ("cat", "Katze"), ("tree", "Baum")]),
    "words that look like codes, no header": ("a.tsv", "No\tNe\nYes\tAno\n", {"header": False}, [("No", "Ne"), ("Yes", "Ano")]),
    "semicolons at the ends of rows alone": ("a.csv", "en;de\n" + table(*((*each, "") for each in BOTH), by=";"), {}, BOTH),
    "R's names of rows": ("a.csv", '"","source","target"\n' + table(("first", *ONE), ("second", *TWO)), {}, BOTH),
    "JSON lines with half a character": ("a.jsonl", '{"source": "A \\ud83d", "target": "x"}\n' + json_lines(*OBJECTS), {}, BOTH),
    "a list in JSON with half a character": ("a.json", '[{"source": "A", "target": "\\udc00"}, ' + json.dumps(OBJECTS)[1:], {}, BOTH),
    "TMX": ("a.tmx", tmx(*(tuv("en", source) + tuv("de", target) for source, target in BOTH)), {"languages": EN_DE}, BOTH),
    "first texts with the words of names": ("a.tsv", "Source 1\tTarget 1\nSource 2\tTarget 2\n", {}, [("Source 1", "Target 1"), ("Source 2", "Target 2")]),
    "TMX of regions": ("a.tmx", tmx(*(tuv("DE-DE", target) + tuv("EN-US", source) for source, target in BOTH)), {"languages": EN_DE}, BOTH),
    "TMX 1.1": ("a.tmx", tmx(*(tuv("EN", source, "lang") + tuv("DE", target, "lang") for source, target in BOTH), version="1.1"),
        {"languages": EN_DE}, BOTH),
}  # fmt: skip

REFUSED: dict[str, tuple[str, str | bytes, dict[str, Any], str]] = {
    "three columns of texts": ("a.tsv", table(("a b", "c d", "e f"), ("g h", "i j", "k l"), by="\t"), {}, "--source-column"),
    "names of rows, or a column without a name": ("a.csv", "source,target\n" + table(("x", *ONE), ("y", *TWO)), {}, "2 names for 3 columns"),
    "codes with a capital, or words": ("a.csv", table(("En", "De"), *BOTH), {}, "--no-header"),
    "words with a capital, or codes": ("a.tsv", "No\tNe\nYes\tAno\n", {"languages": EN_DE}, "row 1: No | Ne"),
    "codes above words": ("a.tsv", "it\tes\nciao\thola\ncane\tperro\ngatto\tgato\n", {}, "whether the first row names"),
    "a known name beside an unknown one": ("a.tsv", "Output\tAusgabe\nInput\tEingabe\n", {}, "--no-header"),
    "a known name beside an unknown one, in a csv": ("a.csv", "Translation,Übersetzung\nInput,Eingabe\n", {}, "row 1: Translation | Übersetzung"),
    "hosts behind the texts": ("a.csv", table((*ONE, "en.wikipedia.org", "de.wikipedia.org"), (*TWO, "en.a.org", "de.a.org"), by="|"), {}, "--source-column"),
    "no second column": ("a.csv", "one\ntwo\n", {}, "one column"),
    "languages that are not there": ("a.csv", table(("en", "fr"), ("a", "b")), {"languages": EN_DE}, "en, fr"),
    "three languages, none chosen": ("a.csv", table(("en", "fr", "de"), ("a", "b", "c")), {}, "--language-pair"),
    "a column that is not there": ("a.csv", table(("source", "target"), *BOTH), {"source_column": "text"}, "'text'"),
    "one column twice": ("a.csv", table(("source", "target"), *BOTH), {"source_column": 1, "target_column": 1}, "both"),
    "names that nobody knows": ("a.csv", table(("quelle", "ziel"), *BOTH, *BOTH, *BOTH), {}, "header"),
    "TMX without languages": ("a.tmx", tmx(tuv("en", "a") + tuv("de", "b")), {}, "--language-pair"),
    "JSON lines with other keys": ("a.jsonl", json_lines({"x": "a b", "y": "c d", "z": "e f"}), {}, "--source-column"),
    "JSON lines by language, none chosen": ("a.jsonl", json_lines({"translation": {"en": "a", "de": "b", "fr": "c"}}), {}, "--language-pair"),
    "JSON by language, none chosen": ("a.json", json.dumps([{"id": "1", "translation": {"en": "a", "de": "b"}}]), {}, "--language-pair"),
    "JSON of several splits": ("a.json", json.dumps({"train": OBJECTS, "test": OBJECTS}), {}, "train, test"),
    "broken JSON": ("a.json", '[\n{"source": "a"\n', {}, "a.json:3: broken JSON"),
    "JSON with other keys": ("a.json", json.dumps([{"x": "a b", "y": "c d", "z": "e f"}]), {}, "--source-column"),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read(tmp_path: Path, layout: str) -> None:
    name, content, options, expected = LAYOUTS[layout]
    columns = {key: value for key, value in options.items() if key != "languages"}
    source = ParallelSource(path=written(tmp_path, name, content), **columns)
    found = [
        (pair.source, pair.target) for pair in read_pairs(source, ReadReport(), languages=options.get("languages"))
    ]
    assert found == expected


@pytest.mark.parametrize("layout", REFUSED)
def test_refused(tmp_path: Path, layout: str) -> None:
    name, content, options, told = REFUSED[layout]
    columns = {key: value for key, value in options.items() if key != "languages"}
    source = ParallelSource(path=written(tmp_path, name, content), **columns)
    with pytest.raises(SeqtasksError) as raised:
        list(read_pairs(source, ReadReport(), languages=options.get("languages")))
    assert told in f"{raised.value.message} {raised.value.hint}"
