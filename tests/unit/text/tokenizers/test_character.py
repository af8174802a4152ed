from pathlib import Path

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.text import CharacterTokenizer


def fit(*texts: str, min_freq: int = 1) -> CharacterTokenizer:
    return CharacterTokenizer.train(texts, CharacterTokenizer.Config(min_freq=min_freq))


def test_one_token_a_character() -> None:
    characters = fit("aab b")
    assert characters.size == 4 + 256 + 3
    assert characters.encode(" ab\nb ") == [260, 261, 262, 261]
    assert characters.pieces([260, 262, 261, 3]) == ["a", "▁", "b", "</s>"]
    assert characters.decode([2, 260, 262, 261, 3]) == "a b"


def test_rare_characters_are_spelled_in_bytes() -> None:
    characters = fit("aaé", min_freq=2)
    assert characters.pieces(characters.encode("aé")) == ["a", "<0xC3>", "<0xA9>"]
    assert characters.decode(characters.encode("aé éé")) == "aé éé"


def test_no_text() -> None:
    with pytest.raises(SeqtasksError, match="no text"):
        fit("", " \n")


def test_save_and_load(tmp_path: Path) -> None:
    saved = fit("x \u0308 y\u0308 ♥", min_freq=1)
    saved.save(tmp_path / "characters.json")
    loaded = CharacterTokenizer.load(tmp_path / "characters.json", saved.config)
    assert loaded.encode("y\u0308 ♥ ?") == saved.encode("y\u0308 ♥ ?")
    assert loaded.size == saved.size


def test_what_is_unknown() -> None:
    characters = fit("a dog.")
    assert characters.unknown("a god. \u00a0a dög, 犬犬 犬犬 😀") == ("dög,", "犬犬", "😀")
    assert characters.unknown("a god.") == ()
