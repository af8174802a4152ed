"""Long inputs: work that grows with their length and no more, in bounded pieces, and others are not held up."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from seqtasks.data import text_io
from seqtasks.data.text_io import read_file, read_lines
from seqtasks.encoders import LstmEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.inference import classification, long_texts
from seqtasks.inference.base import in_sorted_batches
from seqtasks.inference.classification import ClassificationPipeline
from seqtasks.inference.line_batcher import LineBatcher
from seqtasks.inference.long_texts import segments
from seqtasks.models import Classifier
from seqtasks.text import CharacterTokenizer, WordTokenizer
from seqtasks.text.parts import text_parts
from seqtasks.text.word_cache import LONGEST, WordCache
from seqtasks.text.word_splitter import WordSplitter

WORDS = WordTokenizer.train(["the film was good and bad . but long !"] * 2, WordTokenizer.Config())
CHARACTERS = CharacterTokenizer.train(["abcdefghijklmnopqrstuvwxyz ."] * 2, CharacterTokenizer.Config())


@pytest.fixture
def classifier() -> ClassificationPipeline:
    torch.manual_seed(1)
    config = Classifier.Config(hidden_size=8, encoder=LstmEncoder.Config(hidden_size=8, num_layers=1))
    return ClassificationPipeline([Classifier(config, WORDS.size, 2).eval()], WORDS, ["good", "bad"])


@pytest.fixture
def positions(classifier: ClassificationPipeline) -> Callable[[str], tuple[int, int]]:
    """Positions, padding included, that the encoder reads for a text: in all, and in its largest batch."""
    read: list[int] = []
    encoder: nn.Module = classifier.models[0].encoder
    encoder.register_forward_pre_hook(lambda _, given: read.append(given[0].numel()))

    def count(text: str) -> tuple[int, int]:
        read.clear()
        classifier.classify(text)
        return sum(read), max(read)

    return count


def test_the_work_of_a_document_is_linear_and_its_batches_are_bounded(
    positions: Callable[[str], tuple[int, int]],
) -> None:
    (short, most), (long, most_of_long) = (
        positions("the film was good " * 2_500),
        positions("the film was good " * 10_000),
    )
    assert 3.6 < long / short < 4.4
    assert long < 2.2 * 40_000
    assert max(most, most_of_long) <= classification.BATCH_TOKENS


def test_a_long_document_changes_nothing_for_the_others(classifier: ClassificationPipeline) -> None:
    texts = ["the film was good", "but long and bad", "bad !"]
    alone = classifier.probabilities(texts)
    among = classifier.probabilities([texts[0], "the film was long " * 2_000, *texts[1:]])
    assert torch.equal(among[[0, 2, 3]], alone)
    assert among[1].sum().item() == pytest.approx(1, abs=1e-5)


def test_a_long_document_has_the_mean_of_its_windows(classifier: ClassificationPipeline) -> None:
    classifier.max_input_length = 8
    tokens = ["the", "film", "was", "good", "and", "bad", "but", "long", "was", "the", "the", "film"]
    windows = [" ".join(tokens[start : start + 8]) for start in (0, 4)]
    expected = classifier.probabilities(windows).mean(dim=0)
    assert torch.allclose(classifier.probabilities([" ".join(tokens)])[0], expected, atol=1e-6)


def test_documents_of_many_parts_are_read_to_their_end(
    classifier: ClassificationPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classification, "PART", 400)
    read: list[int] = []
    classifier.models[0].encoder.register_forward_pre_hook(lambda _, given: read.append(int(given[1].sum())))
    classifier.classify("good bad " * 400)
    assert sum(read) >= 800


def test_long_documents_are_not_explained(classifier: ClassificationPipeline) -> None:
    classifier.max_input_length = 8
    with pytest.raises(SeqtasksError, match="at most 8 tokens"):
        classifier.explain("the film was good and bad but long . !")


def test_pieces_of_long_inputs_come_apart_and_on_one_thread() -> None:
    before = torch.get_num_threads()
    calls: list[tuple[list[int], int]] = []

    def process(rows: list[int]) -> list[int]:
        calls.append((rows, torch.get_num_threads()))
        return rows

    torch.set_num_threads(2)
    try:
        found = in_sorted_batches(process, [3, 9, 4, 9], 100, long=[False, True, False, True])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert found == [0, 1, 2, 3]
    assert calls == [([2, 0], 2), ([1, 3], 1)]


@pytest.mark.parametrize("text", ["abc def ghi " * 3_000, f"{'a' * 9_000} bc", "犬" * 3_000, "bc d. " * 900])
def test_a_long_line_is_cut_in_pieces_of_few_tokens_and_nothing_is_lost(text: str) -> None:
    encoded: list[int] = []

    class Counting(CharacterTokenizer):
        def encode(self, text: str) -> list[int]:
            encoded.append(len(text))
            return super().encode(text)

    text = text.strip()
    found = [*segments(text, Counting(CHARACTERS.vocabulary, CHARACTERS.config))]
    assert "".join(part.text for part in found).replace(" ", "") == text.replace(" ", "")
    at_once = len(text) <= long_texts.MOST_CHARACTERS * long_texts.MAX_INPUT_LENGTH
    cut = 0 if "aaa" in text else len(text) - text.count(". ")
    assert sum(encoded) - at_once * len(text) == cut + 2 * ("aaa" in text)
    sizes = [len(CHARACTERS.encode(part.text)) for part in found if not part.copied]
    assert max(sizes) <= long_texts.MAX_INPUT_LENGTH


def test_what_is_no_word_is_copied_without_blanks() -> None:
    key = "abc" * 1_000
    found = [*segments(f"a {key} b. c", CHARACTERS)]
    assert [part.text for part in found if not part.copied] == ["a", "b.", "c"]
    parts = [long_texts.copy(part) for part in found]
    assert long_texts.concatenate("", found, parts).text == f"a {key} b. c"


def test_sentences_of_a_long_text_stay_whole_and_those_of_a_short_one_with_it() -> None:
    sentence = "ab cd ef gh."
    assert [part.text for part in segments(" ".join([sentence] * 40), CHARACTERS)] == [sentence] * 40
    assert [part.text for part in segments(" ".join([sentence] * 20), CHARACTERS)] == [" ".join([sentence] * 20)]


def test_parts_put_together_are_the_text() -> None:
    text = "ab cde " * 50 + "x" * 70 + " y"
    parts = [*text_parts(text, 30)]
    assert max(map(len, parts)) <= 30
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    assert set(" ".join(parts[:9]).split()) == {"ab", "cde"}


def test_lines_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_io, "MAX_LINE_BYTES", 1_000)
    monkeypatch.setattr(text_io, "MAX_FILE_BYTES", 2_000)
    packed = tmp_path / "a.txt.gz"
    packed.write_bytes(gzip.compress(b"short\n" + b"x" * 100_000))
    lines = read_lines(packed)
    assert next(lines) == "short"
    with pytest.raises(SeqtasksError, match=r"a.txt.gz:2: the line is longer"):
        next(lines)
    with pytest.raises(SeqtasksError, match="too large for one text"):
        read_file(packed)
    with pytest.raises(SeqtasksError, match="the line is longer"):
        list(LineBatcher([io.BytesIO(b"a\n" + b"y" * 1_001)]))
    assert [each.items for each in LineBatcher([io.BytesIO(b"a\n" + b"y" * 1_000)])] == [["a", "y" * 1_000]]


def test_stores_of_words_do_not_grow_with_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqtasks.text.word_splitter.FRESH", 200)
    splitter = WordSplitter("en")
    [*splitter.split("a")]
    known = len(splitter._tokenizer.vocab.strings)  # type: ignore[attr-defined]
    most = 0
    for number in range(1_000):
        [*splitter.split(f"w{number}x")]
        most = max(most, len(splitter._tokenizer.vocab.strings))  # type: ignore[attr-defined]
    assert most < known + 1_000


def test_very_long_words_are_not_kept() -> None:
    cache = WordCache(len)
    assert cache["a" * (LONGEST + 1)] == LONGEST + 1
    assert not cache
    assert cache["ab"] == 2
    assert cache
