from pathlib import Path

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.special_tokens import UNKNOWN
from seqtasks.text import WordTokenizer
from seqtasks.text.tokenizers.base import FIRST_BYTE
from seqtasks.text.tokenizers.word import APART, JOINED, MARKS, WORD_END
from seqtasks.text.vocabulary import FIRST_MARK
from seqtasks.text.word_splitter import word_splitter

SENTENCES = ["The dog can't see (it).", "The cat doesn't see it, can't it?", 'A "dog" sees the cat.']


def fit(*texts: str, language: str = "en", min_freq: int = 1, size: int = 50000) -> WordTokenizer:
    return WordTokenizer.train(texts, WordTokenizer.Config(language=language, min_freq=min_freq, vocab_size=size))


def test_words_and_punctuation_are_tokens() -> None:
    words = fit(*SENTENCES)
    assert words.pieces(words.encode("The dog can't.")) == ["The", "dog", "ca", "n't", "."]
    assert [words.decode(words.encode(sentence)) for sentence in SENTENCES] == SENTENCES


def test_unseen_words_are_spelled_in_bytes() -> None:
    words = fit(*SENTENCES)
    ids = words.encode("The ox é.")
    assert words.pieces(ids) == [
        "The", "<0x6F>", "<0x78>", "<end of word>", "<0xC3>", "<0xA9>", "<end of word>", ".",
    ]  # fmt: skip
    assert words.decode(ids) == "The ox é."


def test_unusual_blanks_are_marked() -> None:
    words = fit(*SENTENCES)
    assert not {JOINED, APART} & {number for sentence in SENTENCES for number in words.encode(sentence)}
    ids = words.encode("The dog ,cat .")
    assert words.pieces(ids) == ["The", "dog", "<apart>", ",", "<joined>", "cat", "<apart>", "."]
    assert words.decode(ids) == "The dog ,cat ."


def test_minimum_count_and_size() -> None:
    assert fit(*SENTENCES, min_freq=3).vocabulary.tokens == ["it", "n't"]
    many = [f"w{number}" for number in range(100)]
    assert fit(" ".join(many), size=300).size == 300


@pytest.mark.parametrize(
    ("ids", "text"),
    [([JOINED], ""), ([WORD_END, WORD_END], ""), ([APART, 4 + ord("a"), JOINED], "a"),
     ([4 + ord("a"), WORD_END, JOINED, 4 + ord("b")], "ab"), ([4 + ord("\n"), WORD_END, 4 + 0xFF], "\ufffd")],
)  # fmt: skip
def test_odd_ids_have_a_text(ids: list[int], text: str) -> None:
    assert fit(*SENTENCES).decode(ids) == text


def test_language_names() -> None:
    assert [token for token, _ in word_splitter("en-GB").split("don't")] == ["do", "n't"]
    assert [token for token, _ in word_splitter("qq").split("don't, no")] == ["don't", ",", "no"]


def test_language_that_needs_another_package(monkeypatch: pytest.MonkeyPatch) -> None:
    spacy = pytest.importorskip("spacy")

    def fail(language: str) -> None:
        raise ImportError("Martian support requires another package.\nMore lines.")

    monkeypatch.setattr(spacy, "blank", fail)
    with pytest.raises(SeqtasksError, match=r"'pl'.*Martian support"):
        fit("text", language="pl")


@pytest.mark.timeout(60)
def test_long_runs_take_linear_time() -> None:
    """Where time grows with the square of the length this takes hours."""
    words = fit(*SENTENCES)
    text = "(" * 100_000
    assert words.decode(words.encode(text)) == text


def test_no_text() -> None:
    with pytest.raises(SeqtasksError, match="no text"):
        fit("", "\n")


def test_save_and_load(tmp_path: Path) -> None:
    saved = fit(*SENTENCES)
    saved.save(tmp_path / "words.json")
    loaded = WordTokenizer.load(tmp_path / "words.json", saved.config)
    assert loaded.size == saved.size
    assert loaded.encode(SENTENCES[0]) == saved.encode(SENTENCES[0])


def test_rare_words_can_be_one_unknown_that_is_never_read() -> None:
    words = WordTokenizer.train(
        ["a dog , a cat .", "a dog ran ."], WordTokenizer.Config(language="en", min_freq=2, oov="unknown")
    )
    ids = words.encode("A dog ran, a cat.")
    assert ids.count(UNKNOWN) == 4  # A, ran, the comma, cat
    assert not any(FIRST_BYTE <= number < FIRST_MARK + len(MARKS) for number in ids)
    assert words.decode(ids) == "dog a."


def test_what_is_unknown() -> None:
    text = "The ox sees Łódź, 北京 and 北京."
    words = fit(*SENTENCES)
    assert words.unknown(text) == ("ox", "Łódź", "北京")  # no word that is known has an x
    full = fit(*SENTENCES, *(f"w{number}" for number in range(50)), size=300)
    assert full.known_characters is None  # letters may stand in words that had no room
    assert full.unknown(text) == ()
    config = WordTokenizer.Config(language="en", min_freq=1, oov="unknown")
    assert WordTokenizer.train(SENTENCES, config).unknown(text) == ("ox", "Łódź", "北京", "and")
