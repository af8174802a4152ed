from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.special_tokens import PAD, UNKNOWN
from seqtasks.text.word_indexer import WordIndexer, WordIndexerConfig

SENTENCES = [["The", "dog", "sees", "the", "Dog"], ["A", "dog", "barks"], ["Ärger", ""]]


def reader(*, with_characters: bool = True, **settings: object) -> WordIndexer:
    return WordIndexer.train(SENTENCES, WordIndexerConfig(**settings), with_characters=with_characters)


def spelled(found: WordIndexer, row: np.ndarray) -> str:
    assert found.characters is not None
    return "".join(text for _, text in found.characters.read(row[1:].tolist()))


def test_words_that_were_seen_have_numbers_and_others_are_unknown() -> None:
    found = reader()
    assert set(found.words.tokens) == {"dog", "the"}
    first = found.index(["dog", "Dog", "cat", "barks"])[:, 0].tolist()
    assert first[0] == first[1] == found.words.ids["dog"]
    assert first[2:] == [UNKNOWN, UNKNOWN]
    cased = reader(lowercase=False)
    assert set(cased.words.tokens) == {"dog"}
    assert cased.index(["Dog"])[0, 0] == UNKNOWN


def test_characters_are_those_of_the_word_with_its_case() -> None:
    found = reader()
    table = found.index(["Dog", "barks", "naïve"])
    assert table.shape == (3, 1 + 6), "ï was never seen: it is two bytes"
    assert [spelled(found, row) for row in table] == ["Dog", "barks", "naïve"]
    assert table[0, 4:].tolist() == [PAD] * 3


def test_a_long_word_is_read_at_both_ends() -> None:
    found = reader(max_word_length=5, min_freq=1)
    assert spelled(found, found.index(["abcdefghi"])[0]) == "abghi"
    assert spelled(found, found.index(["edgar"])[0]) == "edgar"


def test_composed_and_decomposed_letters_are_the_same() -> None:
    found = reader(min_freq=1)
    composed, decomposed = (unicodedata.normalize(form, "Ärger") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert np.array_equal(found.index([composed]), found.index([decomposed]))
    assert found.index([decomposed])[0, 0] == found.words.ids["ärger"]


def test_a_word_without_characters_is_unknown() -> None:
    assert reader().index(["", "\x00"]).tolist() == [[UNKNOWN, UNKNOWN]] * 2
    assert reader().index([]).shape == (0, 1)


def test_words_alone() -> None:
    found = reader(with_characters=False)
    assert found.index(["The", "cat"]).tolist() == [[found.words.ids["the"]], [UNKNOWN]]


def test_rows_do_not_depend_on_what_was_read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqtasks.text.word_cache.SIZE", 2)
    found, words = reader(), ["dog", "barks", "cat", "sees", "dog"]
    assert np.array_equal(found.index(words)[0], found.index(words)[4])
    assert len(found.rows) <= 2


@pytest.mark.parametrize("with_characters", [True, False])
def test_it_is_saved_and_loaded(tmp_path: Path, with_characters: bool) -> None:
    found = reader(with_characters=with_characters)
    found.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == (
        {"words.json", "characters.json"} if with_characters else {"words.json"}
    )
    again = WordIndexer.load(tmp_path, found.config, with_characters=with_characters)
    assert np.array_equal(again.index(SENTENCES[0]), found.index(SENTENCES[0]))


def test_no_words_at_all() -> None:
    with pytest.raises(SeqtasksError, match="no text"):
        WordIndexer.train([[""], []], WordIndexerConfig())


def test_what_is_unknown() -> None:
    sentences = [["the", "dog", "runs"]] * 2
    indexer = WordIndexer.train(sentences, WordIndexerConfig())
    assert indexer.unknown(["Dog", "god", "Łódź", "the", "Łódź", "🎉"]) == ("Łódź", "🎉")
    words_alone = WordIndexer.train(sentences, WordIndexerConfig(), with_characters=False)
    assert words_alone.unknown(["Dog", "god", "the"]) == ("god",)
