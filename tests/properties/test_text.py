"""Whatever the text, it comes back; whatever the ids, they have a text of one line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.special_tokens import END
from seqtasks.text import CharacterTokenizer, SubwordTokenizer, Tokenizer, WordTokenizer, normalize

TEXTS = [
    "A man can't sit here (or \"there\"), isn't it?",
    "Two dogs - and a cat: 5% of all.",
    "Drüben läuft's gut.",
] * 5
PROCESSORS: list[Tokenizer] = [
    SubwordTokenizer.train(TEXTS, SubwordTokenizer.Config(vocab_size=330, subword_sampling=0.3)),
    SubwordTokenizer.train(TEXTS, SubwordTokenizer.Config(model_type="bpe", vocab_size=330, subword_sampling=0.3)),
    WordTokenizer.train(TEXTS, WordTokenizer.Config(language="en")),
    WordTokenizer.train(TEXTS, WordTokenizer.Config(language="xx", min_freq=10)),
    CharacterTokenizer.train(TEXTS, CharacterTokenizer.Config()),
]

known = st.sampled_from(
    [*"()\"'’“”„«»-/.,?!$%▁▅ \u00a0\n\t\u3000\u2028\ue000", "can't", "dogs'", "A", "man", "0", "1", "  "]
)
texts = st.one_of(st.text(), st.text(st.characters(codec=None)), st.lists(known, max_size=20).map("".join))

every = pytest.mark.parametrize("processor", PROCESSORS, ids=["unigram", "bpe", "words-en", "words-xx", "characters"])


@given(texts)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
    assert len(normalize(text).splitlines()) <= 1
    normalize(text).encode()


@every
@given(text=texts)
def test_any_text_comes_back(processor: Tokenizer, text: str) -> None:
    ids = processor.encode(text)
    assert processor.decode(ids) == normalize(text)
    assert all(END < number < processor.size for number in ids)
    assert processor.encode_all([text, text]) == [ids, ids]


@every
@given(text=texts, seed=st.integers(0, 2**32))
def test_samples_say_the_same(processor: Tokenizer, text: str, seed: int) -> None:
    assert processor.decode(processor.sample(text, np.random.default_rng(seed))) == normalize(text)


@every
@given(data=st.data())
def test_any_ids_have_a_text_of_one_line(processor: Tokenizer, data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.one_of(st.integers(0, processor.size - 1), st.integers(0, 263)), max_size=30))
    text = processor.decode(ids)
    assert text == normalize(text)
    assert len(processor.pieces(ids)) == len(ids)
