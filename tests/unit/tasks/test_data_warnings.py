"""Warnings of data: what is doubtful is told once, and ordinary data are not."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from seqtasks.data.examples import Pair
from seqtasks.errors import SeqtasksError
from seqtasks.tasks import fingerprint
from seqtasks.tasks.classification.task import ClassificationTask
from seqtasks.tasks.data_warnings import (
    are_swapped,
    doubtful_labels,
    few_examples,
    not_prose,
    other_language,
    other_languages,
    seen_in_training,
    unknown_labels,
)
from seqtasks.text.normalize import normalize
from seqtasks.text.word_indexer import WordIndexerConfig

GERMAN = ["Der Hund läuft über die Straße und bellt die Katze an.", "Heute scheint die Sonne, und wir gehen spazieren."]


def test_few_examples() -> None:
    assert list(few_examples(100, 100, "pairs")) == []
    assert "only 99 training pairs" in next(few_examples(99, 100, "pairs"))


def test_validation_examples_that_are_training_examples() -> None:
    train = [f"text {number}" for number in range(200)]
    assert list(seen_in_training(train, train[:5] + ["new"] * 95, "texts")) == []
    (told,) = seen_in_training(train, train[:6] + ["new"] * 94, "texts")
    assert told.startswith("6 of 100 validation texts are also training texts")
    (told,) = seen_in_training(train, ["text 1"] * 3, "texts")
    assert told.startswith("3 of 3 ")
    assert list(seen_in_training(train, [], "texts")) == []


@pytest.mark.parametrize(
    ("train", "validation", "single", "told"),
    [
        ({"pos": 9, "neg": 8}, {"pos"}, "document", []),
        ({"Pos": 2, "pos": 9, "neg": 8}, (), "", ["'pos' (9) and 'Pos' (2)"]),
        ({"not good": 9, "Not_Good": 2}, (), "", ["'not good' (9) and 'Not_Good' (2)"]),
        ({"1": 9, "1.0": 2, "0": 3}, (), "", ["'1' (9) and '1.0' (2)"]),
        ({"a": 9, "b": 2}, {"a", "c"}, "", ["the label 'c' is in the validation data"]),
        ({"a": 9, "b": 2}, set("cdefg"), "", ["the labels 'c', 'd', 'e' and 2 more are in the validation data"]),
        ({"a": 9, "b": 1}, (), "document", ["the label 'b' is in only one training document"]),
        ({"a": 9, "b": 1}, (), "", []),
    ],
)
def test_doubtful_labels(train: dict[str, int], validation: set[str], single: str, told: list[str]) -> None:
    found = list(doubtful_labels(Counter(train), validation, single=single))
    assert len(found) == len(told)
    assert all(part in warning for part, warning in zip(told, found, strict=True))


def test_a_language_that_is_claimed() -> None:
    texts = GERMAN * 30
    (told,) = other_language(WordIndexerConfig(language="en"), texts, "sentences")
    assert told == "the sentences look like German, not English, as text.language claims"
    assert list(other_language(WordIndexerConfig(language="de"), texts, "sentences")) == []
    assert list(other_language(WordIndexerConfig(), texts, "sentences")) == []
    assert list(other_language(object(), texts, "sentences")) == []


def test_classification_tells_of_its_data(tmp_path: Path) -> None:
    rows = [(f"text number {number}", "pos" if number % 2 else "neg") for number in range(60)]
    train = [*rows, ("one more", "Pos"), ("another one", "Pos")]
    for name, some in (("train", train), ("validation", rows[:10])):
        content = "text,label\n" + "".join(f"{text},{label}\n" for text, label in some)
        (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
    config = ClassificationTask.Config.model_validate(
        {
            "text": {"kind": "characters"},
            "data": {each: [{"path": str(tmp_path / f"{each}.csv")}] for each in ("train", "validation")},
            "model": {"encoder": {"kind": "bag-of-words"}},
        }
    )
    labels, seen = ClassificationTask.prepare(config, seed=1).warnings
    assert "'neg' (30)" not in labels
    assert "'pos' (30) and 'Pos' (2)" in labels
    assert seen.startswith("10 of 10 validation documents are also training documents")


@pytest.mark.parametrize("text", ["10\u00a0000", "soft\u00adly", "a\u200bb", "x\u3000y", "a\u200db"])
def test_a_fingerprint_changes_with_what_is_read(text: str) -> None:
    plain = hashlib.sha256(f"{text}\0\n".encode()).hexdigest()
    assert normalize(text) != text
    assert fingerprint([(text,)]) != plain


@pytest.mark.parametrize(
    "text", ["plain", "Straße", "two\u2028lines", "\U0001f468\u200d\U0001f469", "\u0646\u200c\u0647"]
)
def test_a_fingerprint_stays_where_nothing_else_is_read(text: str) -> None:
    assert fingerprint([(text,)]) == hashlib.sha256(f"{text}\0\n".encode()).hexdigest()


def test_labels_that_a_model_does_not_have() -> None:
    assert list(unknown_labels(Counter(pos=3, neg=2), ["neg", "pos"], "documents")) == []
    (told,) = unknown_labels(Counter(pos=3, neutral=2), ["neg", "pos"], "documents")
    assert told == "the label 'neutral' is none of the model's: it is always wrong about 2 of 5 documents"
    with pytest.raises(SeqtasksError, match="The model has none of the labels of these documents: '0', '1'") as refused:
        list(unknown_labels(Counter({"0": 3, "1": 2}), ["neg", "pos"], "documents"))
    assert "It has 'neg', 'pos'" in str(refused.value.hint)


def test_texts_that_hold_more_than_prose() -> None:
    book = (
        "The Project Gutenberg eBook of Moby Dick\n\nTitle: Moby Dick\n\n"
        "*** START OF THE PROJECT GUTENBERG EBOOK MOBY DICK ***\n\nCall me Ishmael.\nSome years ago\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK MOBY DICK ***\nFull license\n"
    )
    assert list(not_prose(["Call me Ishmael.\n1 < 2 > 0\n<unk> and <pad>\n*** START ***", "The end."])) == []
    (told,) = not_prose([book, "Another book."])
    assert told.startswith("7 of 13 lines are the header and the license of Project Gutenberg")
    (told,) = not_prose([book[book.index("Call") :]])
    assert told.startswith("2 of 6 lines are")
    (told,) = not_prose(["A <b>film</b>.<br /><br />Great.\nIndeed.", "<p class='x'>So</p>"])
    assert told == "2 of 3 lines contain HTML, such as <b>: a model learns to write it"


def test_sides_of_pairs_that_are_swapped() -> None:
    english = ["The dog runs across the street and barks at the cat.", "The sun shines today, and we go for a walk."]
    pairs = [Pair(german, other) for german, other in zip(GERMAN, english, strict=True)] * 40
    assert list(other_languages(("de", "en"), pairs)) == []
    told = list(other_languages(("en", "de"), pairs))
    assert [each.partition(":")[0] for each in told] == [
        "the source texts look like German, not English", "the target texts look like English, not German",
    ]  # fmt: skip
    assert are_swapped(("en", "de"), pairs)
    assert are_swapped(("en-GB", "de-AT"), pairs)
    assert not are_swapped(("de", "en"), pairs)
    assert not are_swapped(("nl", "fr"), pairs)
    assert not are_swapped(("xx", "xx"), pairs)
