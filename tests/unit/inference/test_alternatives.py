"""The words that could come next in a translation, with the model that ships."""

from __future__ import annotations

import math

import pytest

import seqtasks
from seqtasks.errors import SeqtasksError

TEXT = "The dog is sleeping in the garden."


@pytest.fixture(scope="module")
def translator() -> seqtasks.TranslationPipeline:
    return seqtasks.load("en-de", task="translation")


@pytest.mark.parametrize("prefix", ["", "Der Hund", "Der Hund schläft im Garten."])
def test_each_word_is_followed_by_the_best_that_there_is(translator: seqtasks.TranslationPipeline, prefix: str) -> None:
    found = translator.alternatives(TEXT, prefix, k=4)
    assert len({each.word for each in found}) == len(found) == 4
    assert [each.probability for each in found] == sorted((each.probability for each in found), reverse=True)
    assert sum(each.probability for each in found) <= 1 + 1e-4
    for each in found:
        assert each.translation.text.startswith(prefix)
        assert each.translation.text.removeprefix(prefix).strip().startswith(each.word)
        assert each.translation.source == TEXT
    free = translator.translate(TEXT, prefixes=prefix)
    if free.text != prefix:
        best = max(found, key=lambda each: each.translation.normalized_score)
        assert best.translation.text == free.text


def test_a_word_is_as_probable_as_its_tokens(translator: seqtasks.TranslationPipeline) -> None:
    [first, *_] = translator.alternatives(TEXT, "Der Hund", k=2, beam_size=2)
    begun = len(translator.target.encode("Der Hund"))
    tokens = len(translator.target.encode(f"Der Hund {first.word}")) - begun
    total = sum(translator.score(TEXT, f"Der Hund {first.word} im Garten.").log_probabilities[begun : begun + tokens])
    assert first.probability <= math.exp(total) + 1e-5
    assert first.probability == pytest.approx(math.exp(total), rel=0.2)


def test_what_cannot_be_is_an_error(translator: seqtasks.TranslationPipeline) -> None:
    with pytest.raises(SeqtasksError, match="0 parts"):
        translator.alternatives("", "Der")
    with pytest.raises(SeqtasksError, match="k = 0"):
        translator.alternatives(TEXT, "Der", k=0)
