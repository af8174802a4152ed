from __future__ import annotations

from collections import Counter

import pytest
from pydantic import TypeAdapter, ValidationError

from seqtasks.data.documents.readers import Document
from seqtasks.data.holdout import ValidationSplit, split_text, train_validation_split, validation_size
from seqtasks.text import normalize

DOCUMENTS = [Document(f"{label} {number}", (label,)) for label, count in (("a", 60), ("b", 20), ("c", 3))
             for number in range(count)]  # fmt: skip


def split(documents: list[Document], share: float, seed: int) -> tuple[list[Document], list[Document]]:
    texts, labels = [normalize(each.text) for each in documents], [each.labels for each in documents]
    return train_validation_split(documents, share, seed, groups=texts, labels=labels)


def test_each_label_gives_its_share() -> None:
    train, held_out = split(DOCUMENTS, 0.1, seed=1)
    counts = Counter(each.labels[0] for each in held_out)
    assert (len(held_out), abs(counts["a"] - 6) <= 1, abs(counts["b"] - 2) <= 1) == (8, True, True)
    assert sorted(train + held_out, key=DOCUMENTS.index) == DOCUMENTS
    assert split(DOCUMENTS, 0.1, seed=1) == (train, held_out)
    assert split(DOCUMENTS, 0.1, seed=2)[1] != held_out


def test_equal_texts_are_never_on_both_sides() -> None:
    twice = [*DOCUMENTS, *(Document(f" {each.text}  ", ("b",)) for each in DOCUMENTS)]
    train, held_out = split(twice, 0.3, seed=1)
    assert not {each.text.strip() for each in train} & {each.text.strip() for each in held_out}
    assert len(train) + len(held_out) == len(twice)


def test_sets_of_labels_give_their_share_and_every_label_stays() -> None:
    sets = [("x",), ("x", "y"), ("y",), (), ("x", "y", "z")]
    documents = [Document(f"{number}", sets[number % 5]) for number in range(100)]
    held_out = split(documents, 0.2, seed=1)[1]
    counts = Counter(each.labels for each in held_out)
    assert len(held_out) == 20
    assert all(3 <= counts[labels] <= 5 for labels in sets)
    alone = [Document(f"{number}", (f"{number}", "common")) for number in range(5)]
    assert split([*alone, Document("other", ("common",))], 0.9, seed=1) == (alone, [Document("other", ("common",))])


def test_a_little_data_still_gives_one() -> None:
    documents = [Document("x", ("a",)), Document("y", ("b",)), Document("z", ("b",))]
    train, held_out = split(documents, 0.1, seed=1)
    assert [each.labels for each in held_out] == [("b",)]
    assert len(train) == 2
    assert split(documents[:1], 0.5, seed=1) == (documents[:1], [])
    assert split([], 0.5, seed=1) == ([], [])


@pytest.mark.parametrize(
    ("validation_split", "examples", "expected"),
    [(0.1, 100, 10), (0.1, 3, 1), (0.99, 2, 1), (0.5, 1, 0), (0.5, 0, 0),
     (7, 100, 7), (1000, 100, 10), (1, 5, 1), (1000, 5, 1), (3, 1, 0)],
)  # fmt: skip
def test_a_share_below_1_or_a_count_of_at_most_a_tenth(validation_split: float, examples: int, expected: int) -> None:
    assert validation_size(validation_split, examples) == expected


@pytest.mark.parametrize("validation_split", [0.2, 5])
def test_examples_of_a_group_stay_together_in_their_order(validation_split: float) -> None:
    texts = [f"text {number % 50}" for number in range(150)]
    train, held_out = train_validation_split(texts, validation_split, 1, groups=texts)
    count = validation_size(validation_split, 50)
    assert (len(set(held_out)), len(held_out)) == (count, 3 * count)
    assert not set(train) & set(held_out)
    assert held_out == [text for text in texts if text in set(held_out)]
    assert sorted(train + held_out) == sorted(texts)
    assert train_validation_split(texts, validation_split, 1, groups=texts) == (train, held_out)
    assert train_validation_split(texts, validation_split, 2, groups=texts) != (train, held_out)
    assert train_validation_split(["one", "one"], validation_split, 1, groups=["one", "one"]) == (["one", "one"], [])


def test_a_number_of_documents_is_held_out_evenly_over_the_labels() -> None:
    train, held_out = split(DOCUMENTS * 2, 8, seed=1)
    counts = Counter(each.labels[0] for each in held_out)
    assert (counts.total(), abs(counts["a"] - 12) <= 2, abs(counts["b"] - 4) <= 2) == (16, True, True)
    assert len(train) + len(held_out) == 2 * len(DOCUMENTS)


def test_the_end_of_a_long_text_is_held_out() -> None:
    text = "".join(map(str, range(400)))
    for validation_split, length in ((0.1, len(text) - int(len(text) * 0.9)), (25, 25), (10_000, len(text) // 10)):
        train, end = split_text(text, validation_split)
        assert (train + end, len(end)) == (text, length)
    assert split_text("short text", 0.1) == ("short tex", "t")
    assert split_text("short", 5) == ("short", "")


def test_what_is_neither_a_share_nor_a_count_is_refused() -> None:
    adapter: TypeAdapter[float] = TypeAdapter(ValidationSplit)
    found = [adapter.validate_python(value) for value in (0.25, 1, 1000, 12.0)]
    assert found == [0.25, 1, 1000, 12]
    assert [type(value) for value in found] == [float, int, int, int]
    for wrong in (0, -1, -0.5, 1.5, float("inf"), float("nan"), "many"):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
