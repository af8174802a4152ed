"""Glossaries and words that translations contain or do not, with the model that ships."""

from __future__ import annotations

import pytest

import seqtasks
from seqtasks.errors import SeqtasksError
from seqtasks.inference.constraints.lexical_constraints import continuation_tokens
from seqtasks.text import CharacterTokenizer, WordTokenizer
from seqtasks.text.glossary import Glossary

TEXTS = ["The dog is sleeping.", "How are you?", "", "My house is old. The dog is here."]
GLOSSARY = Glossary([("dog", ["Köter", "Tölen"]), ("house", ["Bude"])])


@pytest.fixture(scope="module")
def translator() -> seqtasks.TranslationPipeline:
    return seqtasks.load("en-de", task="translation")


@pytest.mark.parametrize("engine", ["torch", "ctranslate2"])
def test_terms_are_met_and_other_texts_stay_as_they_are(engine: str) -> None:
    model = seqtasks.load("en-de", task="translation", engine=engine)
    found, free = model.translate(TEXTS, glossary=GLOSSARY), model.translate(TEXTS)
    assert [[term.source for term in each.terms] for each in found] == [["dog"], [], [], ["house", "dog"]]
    assert all(term.is_met(each.text) for each in found for term in each.terms)
    assert [found[place].text for place in (1, 2)] == [free[place].text for place in (1, 2)]
    assert not any(term.is_met(free[0].text) for term in found[0].terms)


def test_a_text_in_parts_has_its_terms_in_them(translator: seqtasks.TranslationPipeline) -> None:
    text = " ".join(["The dog is here."] * 120 + ["My house is old."])
    found = translator.translate(text, glossary=GLOSSARY)
    assert found.parts > 100
    assert found.text.count("Köter") + found.text.count("Tölen") >= 120
    assert "Bude" in found.text


def test_each_text_has_its_own_words(translator: seqtasks.TranslationPipeline) -> None:
    texts = ["The dog is sleeping."] * 3
    first, second, third = translator.translate(
        texts, force_words=[["Garten"], [], [["Tier", "Tiere"], "gerade"]], bad_words=[[], ["Der Hund"], []]
    )
    assert "Garten" in first.text
    assert not second.text.startswith("Der Hund")
    assert "gerade" in third.text
    assert {"Tier", "Tiere"} & set(third.text.split())
    assert translator.translate(texts[0], force_words=["Garten"]).text == first.text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"force_words": [["a"]]}, "force_words has 1 lists"),
        ({"force_words": ["Hund", "Hund"]}, "holds a string"),
        ({"bad_words": "Hund"}, "bad_words is one text"),
        ({"glossary": GLOSSARY, "beam_size": 1}, "needs beam search"),
        ({"force_words": [["  "], []]}, "empty form"),
    ],
)
def test_what_cannot_be_is_an_error(translator: seqtasks.TranslationPipeline, given: dict, message: str) -> None:
    with pytest.raises(SeqtasksError, match=message):
        translator.translate(["The dog.", "A cat."], **given)


def test_tokens_that_go_on_with_a_word(translator: seqtasks.TranslationPipeline) -> None:
    goes_on = continuation_tokens(translator.target)
    assert goes_on is not None
    ids = translator.target.encode("Straßenbahnen, „Haus“")
    pieces = translator.target.pieces(ids)
    for number, piece in zip(ids, pieces, strict=True):
        assert bool(goes_on[number]) == piece[:1].isalnum(), piece
    texts = ["ein Haus", "das Haus"]
    assert continuation_tokens(CharacterTokenizer.train(texts, CharacterTokenizer.Config())) is None
    assert continuation_tokens(WordTokenizer.train(texts, WordTokenizer.Config())) is None
