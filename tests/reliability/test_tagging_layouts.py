"""Layouts that files of words with labels have in the world, and what has to be read from them, or refused."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from reliability.layouts import json_lines, written, zstd

from seqtasks.data.examples import ReadReport
from seqtasks.data.tagging.readers import TaggedSource, read_tagged
from seqtasks.errors import SeqtasksError

Tagged = list[tuple[str, str]]
EU: Tagged = [("EU", "B-ORG"), ("rejects", "O"), ("it", "O"), (".", "O")]
JOE: Tagged = [("Joe", "B-PER"), ("Doe", "I-PER"), ("runs", "O")]
BOTH = [EU, JOE]
POS = [[(word, label) for (word, _), label in zip(sentence, labels, strict=True)]
       for sentence, labels in zip(BOTH, (("PROPN", "VERB", "PRON", "PUNCT"), ("PROPN", "PROPN", "VERB")), strict=True)]  # fmt: skip


def columns(*sentences: Tagged, by: str = " ", form: str = "{0}{by}{1}", end: str = "\n") -> str:
    """A line a word, and an empty one behind each sentence."""
    return "".join(
        "".join(form.format(word, label, place, by=by) + end for place, (word, label) in enumerate(sentence, 1)) + end
        for sentence in sentences
    )


def rows(*sentences: Tagged, form: str, end: str = "") -> str:
    """The same with the number of the sentence."""
    return "".join(
        form.format(word, label, number, place, first=f"Sentence: {number}" if place == 1 else "") + "\n"
        for number, sentence in enumerate(sentences, 1)
        for place, (word, label) in enumerate(sentence, 1)
    )


CONLLU = "{2}\t{0}\t_\t{1}\t_\t_\t_\t_\t_\t_"
PARTS = """# newdoc id = d1
# sent_id = 1
# text = Can't stop
1-2\tCan't\t_\t_\t_\t_\t_\t_\t_\t_
1\tCa\tcan\tAUX\tMD\t_\t0\troot\t_\t_
2\tn't\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_
2.1\tyou\t_\tPRON\t_\t_\t_\t_\t_\t_
3\tstop\tstop\tVERB\tVB\t_\t1\txcomp\t_\tSpaceAfter=No

"""
PARTS_READ = [[("Ca", "AUX"), ("n't", "PART"), ("stop", "VERB")]]
CUPT = "# global.columns = ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC PARSEME:MWE\n"
HF = [{"id": str(number), "tokens": [word for word, _ in each], "ner_tags": [label for _, label in each]}
      for number, each in enumerate(BOTH)]  # fmt: skip

ONE_SENTENCE = "# sent_id = 1\n1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n\n"

LAYOUTS: dict[str, tuple[str, str | bytes, dict[str, Any], list[Tagged]]] = {
    "CoNLL-2003": ("eng.train", "-DOCSTART- -X- -X- O\n\n" + columns(*BOTH, form="{0} NNP B-NP {1}"), {}, BOTH),
    "CoNLL-2003, DOCSTART without an empty line": ("eng.txt.conll", "-DOCSTART- -X- O O\n" + columns(*BOTH, form="{0} NNP B-NP {1}"), {}, BOTH),
    "CoNLL-2003, DOCSTART alone with O": ("a.conll", "-DOCSTART- O\n\n" + columns(*BOTH), {}, BOTH),
    "CoNLL-2002": ("esp.train", columns(*BOTH), {}, BOTH),
    "CoNLL-2002 of Dutch": ("ned.train", "-DOCSTART- -DOCSTART- O\n" + columns(*BOTH, form="{0} N {1}"), {}, BOTH),
    "CoNLL-2000": ("chunk.train", columns([("A", "B-NP"), ("dog", "I-NP")], form="{0} DT {1}"), {}, [[("A", "B-NP"), ("dog", "I-NP")]]),
    "another column": ("a.conll", columns(*POS, form="{0} {1} B-NP O"), {"label_column": 2}, POS),
    "a column from the end": ("a.conll", columns(*POS, form="{0} {1} B-NP O"), {"label_column": -3}, POS),
    "tabs": ("a.conll", columns(*BOTH, by="\t"), {}, BOTH),
    "tabs in .tsv (BioBERT, WNUT)": ("train.tsv", columns(*BOTH, by="\t"), {}, BOTH),
    "tabs in .txt (WNUT, NCBI disease)": ("train.txt", columns(*BOTH, by="\t"), {}, BOTH),
    "several blanks": ("a.conll", columns(*BOTH, by="    "), {}, BOTH),
    "blanks at the ends of lines": ("a.conll", columns(*BOTH, end=" \n"), {}, BOTH),
    "lines of tabs between sentences": ("a.conll", columns(*BOTH, by="\t").replace("\n\n", "\n\t\n"), {}, BOTH),
    "Windows": ("a.conll", columns(*BOTH, end="\r\n"), {}, BOTH),
    "a byte order mark": ("a.conll", "\ufeff" + columns(*BOTH), {}, BOTH),
    "UTF-16": ("a.conll", columns(*BOTH, by="\t", end="\r\n").encode("utf-16"), {}, BOTH),
    "no empty line at the end": ("a.conll", columns(*BOTH).rstrip("\n"), {}, BOTH),
    "several empty lines": ("a.conll", "\n\n" + columns(*BOTH).replace("\n\n", "\n\n\n\n") + "\n", {}, BOTH),
    "IOB1": ("a.conll", columns([("Joe", "I-PER"), ("Doe", "I-PER"), ("Ann", "B-PER")]), {}, [[("Joe", "I-PER"), ("Doe", "I-PER"), ("Ann", "B-PER")]]),
    "BILOU": ("a.conll", columns([("EU", "U-ORG"), ("Joe", "B-PER"), ("Doe", "L-PER")]), {}, [[("EU", "U-ORG"), ("Joe", "B-PER"), ("Doe", "L-PER")]]),
    "labels before words (MIT movies)": ("engtrain.bio", columns(*BOTH, form="{1}\t{0}"), {}, BOTH),
    "labels before words, asked for": ("a.conll", columns(*POS, form="{1}\t{0}"), {"word_column": 2, "label_column": 1}, POS),
    "a word that is a hash": ("a.conll", columns([("#", "O"), ("1", "O")]), {}, [[("#", "O"), ("1", "O")]]),
    "comments (WNUT, GermEval)": ("a.conll", "# sent_id = 7\n# http://a.org [2009-10-17]\n" + columns(*BOTH, by="\t"), {}, BOTH),
    "numbers and words, asked for (GermEval)": ("a.tsv", "#\thttp://a.org [2009]\n" + columns(*BOTH, form="{2}\t{0}\t{1}\tO"),
        {"word_column": 2, "label_column": 3}, BOTH),
    "OntoNotes (CoNLL-2012), asked for": ("a.gold_conll", "#begin document (bc/cctv); part 000\n" + columns(*POS, form="bc/cctv 0 {2} {0} {1} (TOP* - - - - * -") + "#end document\n",
        {"word_column": 4, "label_column": 5}, POS),
    "a header between blanks": ("a.conll", "word pos ner\n" + columns(*BOTH, form="{0} NNP {1}"), {}, BOTH),
    "a header between tabs": ("a.tsv", "Token\tTag\n" + columns(*BOTH, by="\t"), {}, BOTH),
    "a header between tabs, and an empty line": ("a.tsv", "Word\tNER\n\n" + columns(*BOTH, by="\t"), {}, BOTH),
    "Kaggle's NER, the number in the first row": ("ner_dataset.csv", "Sentence #,Word,POS,Tag\n" + rows(*BOTH, form="{first},{0},NNP,{1}"), {}, BOTH),
    "Kaggle's NER, the number in all rows": ("ner.csv", ",sentence_idx,word,tag\n" + rows(*BOTH, form="{3},{2}.0,{0},{1}"), {}, BOTH),
    "Kaggle's NER, another column": ("ner.csv", "Sentence #,Word,POS,Tag\n" + rows(*POS, form="{first},{0},{1},O"), {"label_column": "pos"}, POS),
    "Kaggle's NER in Excel of Germany": ("ner.csv", "Sentence #;Word;Tag\n" + rows(*BOTH, form="{first};{0};{1}"), {}, BOTH),
    "Kaggle's NER with tabs": ("ner.tsv", "Sentence #\tWord\tTag\n" + rows(*BOTH, form="{first}\t{0}\t{1}"), {}, BOTH),
    "a table and a column without a name behind": ("ner.csv", "word,tag\n" + columns(*BOTH, form="{0},{1},0.98"), {}, BOTH),
    "sentences, words, tags, and a column without a name": ("ner.csv", "sentence,word,tag\n" + rows(*BOTH, form="{2},{0},{1},x"), {}, BOTH),
    "a comma among the words": ("ner.csv", 'sentence_id,word,tag\n1,A,O\n1,",",O\n1,"""",O\n', {}, [[("A", "O"), (",", "O"), ('"', "O")]]),
    "a table with empty lines": ("ner.csv", "word,tag\n" + columns(*BOTH, by=","), {}, BOTH),
    "a table with empty rows": ("ner.csv", "word,tag\n" + columns(*BOTH, by=",").replace("\n\n", "\n,\n"), {}, BOTH),
    "CoNLL-U": ("a.conllu", "# text = EU\n" + columns(*POS, form=CONLLU), {}, POS),
    "CoNLL-U, words in one and words not written": ("a.conllu", PARTS, {}, PARTS_READ),
    "CoNLL-U, another column": ("a.conllu", PARTS, {"label_column": "xpos"}, [[("Ca", "MD"), ("n't", "RB"), ("stop", "VB")]]),
    "CoNLL-U in another file": ("a.txt", PARTS, {}, PARTS_READ),
    "CoNLL-X": ("a.conll", columns(*POS, form="{2}\t{0}\t_\t{1}\tX\t_\t0\troot\t_\t_"), {}, POS),
    "CoNLL-U Plus": ("a.conllup", "# global.columns = ID FORM UPOS NER\n" + columns(*BOTH, form="{2}\t{0}\tX\t{1}"), {"label_column": "ner"}, BOTH),
    "PARSEME (.cupt)": ("a.cupt", CUPT + columns(*POS, form=CONLLU + "\t*"), {}, POS),
    "CoNLL-U of documents whose sentences have the same numbers": ("a.conllu", f"# newdoc id = a\n{ONE_SENTENCE}# newdoc id = b\n{ONE_SENTENCE}", {}, [[("Go", "VERB")]] * 2),
    "a table of documents whose sentences have the same numbers": ("ner.csv", "doc_id,sentence_id,word,tag\n" + "".join(f"{name},1,{word},O\n" for name in "ab" for word in "xy"), {},
        [[("x", "O"), ("y", "O")]] * 2),
    "a table of documents, the name in the first row": ("ner.csv", "document,sentence,word,tag\na,1,x,O\n,,y,O\n,2,z,O\nb,2,x,O\n", {},
        [[("x", "O"), ("y", "O")], [("z", "O")], [("x", "O")]]),
    "a blank that does not break": ("a.conll", columns([("10\u00a0000", "NUM"), ("x", "X")]), {}, [[("10\u00a0000", "NUM"), ("x", "X")]]),
    "JSON lines": ("a.jsonl", json_lines({"words": ["EU", "."], "labels": ["B-ORG", "O"]}), {}, [[("EU", "B-ORG"), (".", "O")]]),
    "JSON lines of Hugging Face": ("train.jsonl", json_lines(*HF), {}, BOTH),
    "JSON lines of Hugging Face in .json": ("train.json", json_lines(*HF), {}, BOTH),
    "JSON lines with numbers": ("a.jsonl", json_lines({"tokens": ["EU", "."], "ner_tags": [3, 0]}), {}, [[("EU", "3"), (".", "0")]]),
    "JSON lines with several labels": ("a.jsonl", json_lines({"tokens": ["EU"], "pos_tags": ["X"], "ner_tags": ["O"]}), {"label_column": "ner_tags"}, [[("EU", "O")]]),
    "JSON lines with keys of one's own": ("a.jsonl", json_lines({"tokens": ["EU"], "gold": ["O"]}), {"label_column": "gold"}, [[("EU", "O")]]),
    "compressed": ("a.conll.gz", gzip.compress(columns(*BOTH).encode()), {}, BOTH),
    "compressed with Zstandard": ("a.conll.zst", zstd.compress(columns(*BOTH).encode()), {}, BOTH),
    "the format said": ("a.dat", columns(*POS, form=CONLLU), {"format": "conllu"}, POS),
}  # fmt: skip

MANY = [[(f"w{sentence}-{place}", "ABC"[place % 3]) for place in range(10)] for sentence in range(12)]
REFUSED: dict[str, tuple[str, str | bytes, dict[str, Any], str]] = {
    "numbers before words (GermEval)": ("a.tsv", columns(*BOTH, form="{2}\t{0}\t{1}\tO"), {}, "--word-column"),
    "numbers before words, no labels": ("a.tsv", columns(*BOTH, form="{2}\t{0}"), {}, "numbers the words"),
    "OntoNotes (CoNLL-2012)": ("a.gold_conll", "#begin document (bc/cctv); part 000\n" + columns(*BOTH, form="bc/cctv 0 {2} {0} NN -"), {}, "always 'bc/cctv'"),
    "CoNLL-2009": ("a.conll09", columns(*POS, form="{2}\t{0}\t_\t_\t{1}" + "\t_" * 9), {}, "--word-column 2 --label-column 5"),
    "Universal NER": ("en_ewt-ud-train.iob2", "# sent_id = 1\n" + columns(*BOTH, form="{2}\t{0}\t{1}\t-\tname"), {}, "--word-column 2 --label-column 3"),
    "brat": ("a.ann", "T1\tPerson 0 3\tJoe\n", {}, "standoff2conll"),
    "brat, called otherwise": ("a.conll", "T1\tPerson 0 3\tJoe\n", {}, "standoff2conll"),
    "labels before words": ("a.conll", columns(*MANY, form="{1}\t{0}"), {}, "--word-column 2"),
    "lemmas behind labels (TreeTagger)": ("a.conll", columns(*MANY, form="{0}\t{1}\t{0}"), {}, "--label-column 2"),
    "a table of sentences": ("a.csv", 'words,labels\n"EU rejects it .","B-ORG O O O"\n"Joe Doe runs","B-PER I-PER O"\n', {}, "one word per row"),
    "a table without sentences": ("a.csv", "word,tag\n" + "EU,O\n" * 200, {}, "where its sentences end"),
    "a table with names that nobody knows": ("a.csv", "one,two\nEU,O\n", {}, "--word-column"),
    "a table without labels": ("a.csv", "word,two,three\nEU,O,X\n", {}, "--label-column"),
    "a column that is not there": ("a.csv", "word,tag\nEU,O\n", {"label_column": "ner"}, "'ner'"),
    "JSON lines with several labels": ("a.jsonl", json_lines({"tokens": ["EU"], "pos_tags": ["X"], "ner_tags": ["O"]}), {}, "--label-column ner_tags"),
    "a list in JSON (spaCy 2)": ("train.json", '[\n{"id": 0, "paragraphs": []}]\n', {}, "one object per line and sentence"),
    "Latin-1": ("esp.testa", columns([("Coruña", "B-LOC"), (",", "O")]).encode("latin-1"), {}, "not UTF-8"),
    "CoNLL-U without a column": ("a.conllu", PARTS, {"label_column": "ner"}, "no column 'ner'"),
}  # fmt: skip
LEFT_OUT: dict[str, tuple[str, str, str]] = {
    "words with slashes (Brown)": ("a.txt", "The/DT dog/NN runs/VBZ ./.\n", "word without label"),
    "CoNLL-U with blanks": ("a.conllu", columns(*POS, form=CONLLU.replace("\t", " ")), "wrong number of columns"),
    "spans of letters (doccano)": ("a.jsonl", json_lines({"text": "Joe runs", "label": [[0, 3, "PER"]]}), "broken line"),
    "half a character": ("a.jsonl", '{"words": ["\\ud83d"], "labels": ["X"]}\n', "broken line"),
    "half a character in a label": ("a.jsonl", '{"words": ["a"], "labels": ["\\udc00"]}\n', "broken line"),
    "plain text": ("a.txt", "EU rejects it .\n", "word without label"),
}  # fmt: skip


def read(path: Path, options: dict[str, Any], report: ReadReport) -> list[Tagged]:
    found = read_tagged(TaggedSource(path=path, **options), report)
    return [list(zip(sentence.words, sentence.labels, strict=True)) for sentence in found]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read(tmp_path: Path, layout: str) -> None:
    name, content, options, expected = LAYOUTS[layout]
    report = ReadReport()
    assert read(written(tmp_path, name, content), options, report) == expected
    assert report.skipped == 0


@pytest.mark.parametrize("layout", REFUSED)
def test_refused(tmp_path: Path, layout: str) -> None:
    name, content, options, told = REFUSED[layout]
    with pytest.raises(SeqtasksError) as raised:
        read(written(tmp_path, name, content), options, ReadReport())
    assert told in f"{raised.value.message} {raised.value.hint}"


@pytest.mark.parametrize("layout", LEFT_OUT)
def test_left_out(tmp_path: Path, layout: str) -> None:
    name, content, reason = LEFT_OUT[layout]
    report = ReadReport()
    assert read(written(tmp_path, name, content), {}, report) == []
    assert reason in report.omissions
