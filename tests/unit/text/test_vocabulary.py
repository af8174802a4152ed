import json
from collections import Counter
from pathlib import Path

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.text.vocabulary import Vocabulary

A, HEART = 4 + ord("a"), [4 + 0xE2, 4 + 0x99, 4 + 0xA5]


def test_numbers_in_order() -> None:
    vocabulary = Vocabulary(["one", "two"], marks=["<mark>"])
    assert vocabulary.size == 4 + 256 + 1 + 2
    assert [vocabulary.names[number] for number in (0, 3, 4, 259, 260, 261, 262)] == [
        "<pad>", "</s>", "<0x00>", "<0xFF>", "<mark>", "one", "two",
    ]  # fmt: skip


def test_spell() -> None:
    vocabulary = Vocabulary(["one"])
    assert vocabulary.spell("one") == [260]
    assert vocabulary.spell("a♥") == [A, *HEART]


@pytest.mark.parametrize(
    ("ids", "read"),
    [
        ([], []),
        ([0, 1, 2, 3], []),
        ([261, 262], [(261, "one"), (262, "two")]),
        ([A, *HEART, 261], [(4, "a♥"), (261, "one")]),
        ([A, 260, A, 260], [(4, "a"), (260, ""), (4, "a"), (260, "")]),
        ([HEART[0], 2, *HEART[1:]], [(4, "♥")]),
        ([HEART[0], 261], [(4, "\ufffd"), (261, "one")]),
    ],
)
def test_read(ids: list[int], read: list[tuple[int, str]]) -> None:
    assert list(Vocabulary(["one", "two"], marks=["<mark>"]).read(ids)) == read


def test_of_counts_keeps_the_commonest() -> None:
    counts = Counter({"rare": 1, "b": 2, "a": 2, "often": 9})
    assert Vocabulary.of_counts(counts, min_freq=1).tokens == ["often", "a", "b", "rare"]
    assert Vocabulary.of_counts(counts, min_freq=2).tokens == ["often", "a", "b"]
    assert Vocabulary.of_counts(counts, min_freq=1, size=263, marks=["<mark>"]).tokens == ["often", "a"]


def test_of_counts_refuses_nothing() -> None:
    with pytest.raises(SeqtasksError, match="no text"):
        Vocabulary.of_counts(Counter(), min_freq=1)


def test_save_and_load(tmp_path: Path) -> None:
    saved = Vocabulary(["é", '"', "\u00a0"], marks=["<mark>"])
    saved.save(tmp_path / "words.json")
    assert Vocabulary.load(tmp_path / "words.json", marks=["<mark>"]).ids == saved.ids


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"tokens": "abc"}', '{"tokens": ["a", 1]}', '{"tokens": [""]}', '{"tokens": ["a", "a"]}',
     "[" * 100_000],
)  # fmt: skip
def test_damaged_files_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "words.json"
    path.write_text(content)
    with pytest.raises(SeqtasksError, match=r"words\.json"):
        Vocabulary.load(path)


def test_missing_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="cannot be read"):
        Vocabulary.load(tmp_path / "words.json")
    (tmp_path / "words.json").write_bytes(json.dumps({"tokens": ["é"]}, ensure_ascii=False).encode("latin-1"))
    with pytest.raises(SeqtasksError, match="damaged"):
        Vocabulary.load(tmp_path / "words.json")
