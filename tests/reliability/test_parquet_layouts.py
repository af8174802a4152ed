"""Layouts that Parquet files have in the world, for every task, and what has to be read from them, or refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet
from reliability.layouts import written, zstd

from seqtasks.data.captions.readers import read_captions
from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.documents.text_corpus import TextSource, read_texts
from seqtasks.data.examples import ReadReport
from seqtasks.data.files.parquet import read_rows
from seqtasks.data.parallel.readers import read_pairs
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.data.tagging.readers import TaggedSource, read_tagged
from seqtasks.errors import SeqtasksError

ONE, TWO = ("A dog runs.", "Ein Hund rennt."), ("A cat, too.", "Eine Katze, auch.")
BOTH = [ONE, TWO]
SOURCES, TARGETS = ([pair[side] for pair in BOTH] for side in (0, 1))
SENTENCES = [[("EU", "B-ORG"), ("rejects", "O")], [("Joe", "B-PER"), ("Doe", "I-PER"), ("runs", "O")]]
TAGS = ["O", "B-PER", "I-PER", "B-ORG"]
WORDS = [[word for word, _ in sentence] for sentence in SENTENCES]
NUMBERS = [[TAGS.index(tag) for _, tag in sentence] for sentence in SENTENCES]
CAPTIONS = [("a.jpg", "A dog runs."), ("a.jpg", "A dog, running."), ("b.png", "Two men talk.")]

Features = dict[str, Any]
STRING = {"dtype": "string", "_type": "Value"}


def class_label(*names: str) -> Features:
    return {"names": list(names), "_type": "ClassLabel"}


def content(features: Features | None = None, *, schema: Any = None, **columns: list[Any]) -> bytes:
    """A Parquet file; `features` are what `datasets` says of its columns."""
    table = pyarrow.table(columns, schema=schema)
    if features is not None:
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(table, sink, row_group_size=1)
    return sink.getvalue().to_pybytes()


TRANSLATION = content(
    {"id": STRING, "translation": {"languages": ["en", "de"], "_type": "Translation"}},
    id=["0", "1"], translation=[{"en": source, "de": target} for source, target in BOTH],
)  # fmt: skip
MAP = content(
    schema=pyarrow.schema([("translation", pyarrow.map_(pyarrow.string(), pyarrow.string()))]),
    translation=[[("de", target), ("en", source)] for source, target in BOTH],
)
CATEGORIES = pyarrow.array(["good", "bad", "good"]).dictionary_encode()
TEXTS = ["a b", "c d", "e f"]

PAIRS: dict[str, tuple[str, bytes, dict[str, Any], list[tuple[str, str]]]] = {
    "source and target": ("a.parquet", content(source=SOURCES, target=TARGETS), {}, BOTH),
    "an index of pandas": ("a.parquet", content(target=TARGETS, source=SOURCES, __index_level_0__=["x y", "z w"]), {}, BOTH),
    "scores and addresses beside them": ("a.parquet", content(url=["https://a.org", "https://b.org"], de=TARGETS, score=[0.5, 1.0], en=SOURCES), {"languages": ("en", "de")}, BOTH),
    "Hugging Face's translation": ("a.parquet", TRANSLATION, {"languages": ("en", "de")}, BOTH),
    "Hugging Face's translation, the other way round": ("a.parquet", TRANSLATION, {"languages": ("de", "en")}, [(target, source) for source, target in BOTH]),
    "a map of languages": ("a.parquet", MAP, {"languages": ("en", "de")}, BOTH),
    "names in capitals": ("a.parquet", content(Target=TARGETS, SOURCE=SOURCES), {}, BOTH),
    "columns that were asked for": ("a.parquet", content(x=SOURCES, y=SOURCES, z=TARGETS), {"source_column": "x", "target_column": "z"}, BOTH),
    "dots in names": ("a.parquet", content(**{"translation.en": SOURCES, "translation.de": TARGETS}), {"languages": ("en", "de")}, BOTH),
    "columns of bytes beside them": ("a.parquet", content(source=SOURCES, audio=[b"\xff", b"\x00"], target=TARGETS), {}, BOTH),
    "nulls": ("a.parquet", content(source=[None, *SOURCES], target=["x", *TARGETS], note=[None, None, "n"]), {}, BOTH),
    "nulls among translations": ("a.parquet", content(translation=[None, *({"en": source, "de": target} for source, target in BOTH)]), {"languages": ("en", "de")}, BOTH),
    "categories": ("a.parquet", content(source=pyarrow.array(SOURCES).dictionary_encode(), target=TARGETS), {}, BOTH),
    "long strings": ("a.parquet", content(source=pyarrow.array(SOURCES, pyarrow.large_string()), target=TARGETS), {}, BOTH),
    "what Prodigy's annotators rejected": ("a.parquet", content(source=SOURCES, target=TARGETS, answer=["accept", "reject"]), {}, [ONE]),
    "the format said": ("a.data", content(source=SOURCES, target=TARGETS), {"format": "parquet"}, BOTH),
    "no rows": ("a.parquet", content(source=pyarrow.array([], pyarrow.string()), target=pyarrow.array([], pyarrow.string())), {}, []),
}  # fmt: skip
DOCUMENTS: dict[str, tuple[bytes, dict[str, Any], list[tuple[str, ...]]]] = {
    "text and label": (content(text=TEXTS, label=["x", "y", "x"]), {}, [("a b", "x"), ("c d", "y"), ("e f", "x")]),
    "numbers of labels": (content(text=TEXTS, label=[0, 1, 0]), {}, [("a b", "0"), ("c d", "1"), ("e f", "0")]),
    "a ClassLabel": (content({"text": STRING, "label": class_label("neg", "pos")}, text=TEXTS, label=[1, 0, 1]), {}, [("a b", "pos"), ("c d", "neg"), ("e f", "pos")]),
    "a ClassLabel, unknown in a test set": (content({"label": class_label("neg", "pos")}, sentence=TEXTS, label=[1, -1, 0]), {}, [("a b", "pos"), ("c d",), ("e f", "neg")]),
    "several ClassLabels": (content({"labels": {"feature": class_label("x", "y", "z"), "_type": "Sequence"}}, text=TEXTS, labels=[[0, 2], [], [1]]), {}, [("a b", "x", "z"), ("c d",), ("e f", "y")]),
    "several ClassLabels, as datasets 4 has them": (content({"labels": {"feature": class_label("x", "y"), "_type": "List"}}, text=TEXTS, labels=[[0, 1], [], [1]]), {}, [("a b", "x", "y"), ("c d",), ("e f", "y")]),
    "a ClassLabel in an object": (content({"meta": {"label": class_label("x", "y")}}, text=TEXTS, meta=[{"label": 1}, {"label": 0}, None]), {"label_column": "meta.label"}, [("a b", "y"), ("c d", "x"), ("e f",)]),
    "categories": (content(text=TEXTS, label=CATEGORIES), {}, [("a b", "good"), ("c d", "bad"), ("e f", "good")]),
    "metadata of others": (content({"text": "?"}, text=TEXTS, label=[1, 0, 1]), {}, [("a b", "1"), ("c d", "0"), ("e f", "1")]),
    "no labels": (content(text=TEXTS), {}, [("a b",), ("c d",), ("e f",)]),
}  # fmt: skip
TAGGED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "tokens and tags": (content(tokens=WORDS, tags=[[tag for _, tag in sentence] for sentence in SENTENCES]), {}),
    "Hugging Face's CoNLL-2003": (content({"ner_tags": {"feature": class_label(*TAGS), "length": -1, "_type": "Sequence"}}, tokens=WORDS, pos_tags=NUMBERS, ner_tags=NUMBERS), {"label_column": "ner_tags"}),
    "a list of ClassLabels": (content({"ner_tags": [class_label(*TAGS)]}, tokens=WORDS, ner_tags=NUMBERS), {}),
    "keys of one's own": (content(words=WORDS, gold=[[tag for _, tag in sentence] for sentence in SENTENCES]), {"label_column": "gold"}),
}  # fmt: skip
CAPTIONED: dict[str, tuple[bytes, dict[str, Any], list[tuple[str, ...]]]] = {
    "image and caption": (content(image=[name for name, _ in CAPTIONS], caption=[text for _, text in CAPTIONS]), {}, CAPTIONS),
    "lists of captions": (content(file_name=["a.jpg", "b.png"], captions=[["A dog runs.", "A dog, running."], ["Two men talk."]]), {}, CAPTIONS),
    "images beside their names": (content(image=[{"bytes": b"x", "path": "a.jpg"}] * 3, filename=[name for name, _ in CAPTIONS], text=[text for _, text in CAPTIONS]), {}, CAPTIONS),
    "columns that were asked for": (content(P=[name for name, _ in CAPTIONS], W=[text for _, text in CAPTIONS]), {"image": "P", "caption": "W"}, CAPTIONS),
    "splits": (content(image=["a.jpg"], caption=["A dog."], split=["val"]), {}, [("a.jpg", "A dog.", "val")]),
}  # fmt: skip


def pairs(path: Path, **options: Any) -> list[tuple[str, str]]:
    languages = options.pop("languages", None)
    found = read_pairs(ParallelSource(path=path, **options), ReadReport(), languages=languages)
    return [(pair.source, pair.target) for pair in found]


def documents(path: Path, **options: Any) -> list[tuple[str, ...]]:
    found = read_documents(DocumentSource(path=path, **options), ReadReport())
    return [(each.text, *each.labels) for each in found]


def tagged(path: Path, **options: Any) -> list[list[tuple[str, str]]]:
    found = read_tagged(TaggedSource(path=path, **options), ReadReport())
    return [list(zip(each.words, each.labels, strict=True)) for each in found]


def captions(path: Path, **columns: Any) -> list[tuple[str, ...]]:
    found = read_captions(path, ReadReport(), columns=columns)
    return [(each.image, each.text, *([each.split] if each.split else [])) for each in found]


@pytest.mark.parametrize("layout", PAIRS)
def test_pairs(tmp_path: Path, layout: str) -> None:
    name, packed, options, expected = PAIRS[layout]
    assert pairs(written(tmp_path, name, packed), **options) == expected


@pytest.mark.parametrize("layout", DOCUMENTS)
def test_documents(tmp_path: Path, layout: str) -> None:
    packed, options, expected = DOCUMENTS[layout]
    path = written(tmp_path, "a.parquet", packed)
    assert documents(path, **options) == expected
    if not options:
        assert list(read_texts(TextSource(path=path), ReadReport())) == [text for text, *_ in expected]


@pytest.mark.parametrize("layout", TAGGED)
def test_tagged(tmp_path: Path, layout: str) -> None:
    packed, options = TAGGED[layout]
    assert tagged(written(tmp_path, "a.parquet", packed), **options) == SENTENCES


@pytest.mark.parametrize("layout", CAPTIONED)
def test_captions(tmp_path: Path, layout: str) -> None:
    packed, options, expected = CAPTIONED[layout]
    assert captions(written(tmp_path, "a.parquet", packed), **options) == expected


@pytest.mark.parametrize(
    ("read", "packed", "options", "told"),
    [
        (pairs, content(x=["a b"], y=["c d"], z=["e f"]), {}, "--source-column"),
        (pairs, content(source=["a b"], target=["c d"]), {"source_column": "text"}, "'text'"),
        (pairs, TRANSLATION, {}, "--language-pair"),
        (pairs, content(en=["a"], de=["b"], fr=["c"]), {}, "--language-pair"),
        (documents, content(one=["x y"], two=["a b"], three=["c d"]), {}, "--text-column"),
        (tagged, content(tokens=[["EU"]], pos_tags=[["X"]], ner_tags=[["O"]]), {}, "--label-column ner_tags"),
        (captions, content(image=[b"\xff\xd8\xff"], caption=["A dog."]), {}, "its images are in the file itself (image)"),
        (captions, content(image=[{"bytes": b"x"}], text=["A dog."]), {}, "its images are in the file itself (image.bytes)"),
        (captions, content(a=["a.jpg"], text=["A dog."]), {}, "the image. They are a, text. Give it by name: --image-column a"),
        (captions, content(image=["a.jpg"], words=["A dog."]), {}, "--caption-column"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, read: Any, packed: bytes, options: dict[str, Any], told: str) -> None:
    with pytest.raises(SeqtasksError) as raised:
        read(written(tmp_path, "a.parquet", packed), **options)
    assert told in f"{raised.value.message} {raised.value.hint}"


GOOD = content(source=SOURCES, target=TARGETS)


@pytest.mark.parametrize("read", [pairs, documents, tagged, captions])
@pytest.mark.parametrize(
    ("name", "packed", "told"),
    [
        ("a.parquet", b"source,target\n", "this is no Parquet file"),
        ("a.parquet", b"", "this is no Parquet file"),
        ("a.parquet", GOOD[:-20], "cannot be read to its end"),
        ("a.parquet", GOOD[:20], "cannot be read to its end"),
        ("a.parquet.zst", zstd.compress(GOOD), "Unpack the file"),
    ],
)
def test_no_parquet(tmp_path: Path, read: Any, name: str, packed: bytes, told: str) -> None:
    with pytest.raises(SeqtasksError, match=told) as raised:
        read(written(tmp_path, name, packed))
    assert raised.value.message.startswith(f"{tmp_path / name}: ")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    for read in (pairs, documents, tagged, captions):
        with pytest.raises(SeqtasksError, match="there is no such file"):
            read(tmp_path / "a.parquet")


def test_text_that_is_none_is_told_with_its_row(tmp_path: Path) -> None:
    wrong = pyarrow.array([b"good", b"\xff"]).view(pyarrow.string())
    path = written(tmp_path, "a.parquet", content(source=wrong, target=["x y", "z"]))
    with pytest.raises(SeqtasksError, match=r"a\.parquet row:2: not UTF-8\."):
        pairs(path)


def test_a_name_of_a_column_that_is_no_text_is_told(tmp_path: Path) -> None:
    wrong = content(source=["a"], target=["b"]).replace(b"target", b"t\xffrget")
    with pytest.raises(SeqtasksError, match=r"a\.parquet: the file cannot be read to its end \("):
        pairs(written(tmp_path, "a.parquet", wrong))


def test_what_is_skipped_and_taken_is_told(tmp_path: Path) -> None:
    report = ReadReport()
    path = written(tmp_path, "a.parquet", content(source=["a", None, " "], target=["x", "y", "z"]))
    assert len(list(read_pairs(ParallelSource(path=path), report))) == 1
    assert report.columns == [f'{path}: columns "source", "target"']
    assert report.describe() == f"skipped 2 of 3: 1 broken line ({path} row:2), 1 empty side ({path} row:3)"


def rows(path: Path) -> Iterable[int]:
    return (int(row["number"]) for row in read_rows(path, ["number"]))


def test_rows_come_a_few_at_a_time_whatever_the_row_groups_are(tmp_path: Path) -> None:
    for size in (1_000, 100_000):
        path = tmp_path / f"{size}.parquet"
        numbers = list(range(5_000))
        parquet.write_table(pyarrow.table({"number": numbers, "text": ["x" * 200] * 5_000}), path, row_group_size=size)
        assert list(rows(path)) == numbers
        before = pyarrow.total_allocated_bytes()
        reading = iter(read_rows(path))
        assert next(reading)["number"] == 0
        assert pyarrow.total_allocated_bytes() - before < 1_000_000
