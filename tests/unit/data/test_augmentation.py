"""Changed copies: what each kind changes, and that a seed decides it."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seqtasks.config.run import read_config
from seqtasks.data.augmentation import (
    Augmentation,
    CopiedLines,
    CopiedSpans,
    QuotationMarks,
    RemoveEndPunctuation,
    TitleCase,
    Typos,
    UpperCase,
    augmented_pairs,
)
from seqtasks.data.augmentation.copied_spans import MAKERS, insert, shared_words, tagged
from seqtasks.data.examples import Pair
from seqtasks.tasks import TranslationTask
from seqtasks.text import normalize

PAIR = Pair("Tom said: we're 25 people, aren't we?", "Tom sagte: Wir sind 25 Leute, oder?")


def changed(kind: type[Augmentation], pair: Pair = PAIR, seed: int = 1, **settings: Any) -> Pair | None:
    return kind(kind.Config(**settings))(pair, Random(seed))


def test_upper_case() -> None:
    assert changed(UpperCase) == Pair("TOM SAID: WE'RE 25 PEOPLE, AREN'T WE?", "TOM SAGTE: WIR SIND 25 LEUTE, ODER?")


def test_title_case() -> None:
    assert changed(TitleCase) == Pair("Tom Said: We're 25 People, Aren't We?", PAIR.target)


def test_end_punctuation() -> None:
    assert changed(RemoveEndPunctuation) == Pair(PAIR.source[:-1], PAIR.target[:-1])
    assert changed(RemoveEndPunctuation, Pair("Well ...", "Na ja …")) == Pair("Well", "Na ja")
    for pair in (Pair("Yes.", "Ja"), Pair("Yes", "Ja."), Pair("...", "?"), Pair("", "")):
        assert changed(RemoveEndPunctuation, pair) is None


def test_typos_change_letters_of_long_words_of_the_source_alone() -> None:
    pair = Pair("a cat has something extraordinary 12345", "eine Katze hat etwas Besonderes 12345")
    for seed in range(50):
        found = changed(Typos, pair, seed, word_probability=1.0)
        assert found is not None
        assert found.target == pair.target
        words, before = found.source.split(" "), pair.source.split(" ")
        assert (words[:3], words[5]) == (before[:3], before[5])
        for word, right in zip(words[3:5], before[3:5], strict=True):
            assert word[0] == right[0]
            assert abs(len(word) - len(right)) <= 1
    assert changed(Typos, pair, 1, word_probability=1e-9) == pair


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_spans_are_put_into_both_sides_once(make: Any) -> None:
    for seed in range(100):
        random = Random(seed)
        span = make(random)
        assert normalize(span) == span
        for pair in (PAIR, Pair("It is so.", "So ist es."), Pair("a", "b")):
            found = insert(pair, span, random)
            assert found != pair
            assert found.source.count(span) == found.target.count(span) >= 1


def test_words_on_both_sides_give_way() -> None:
    assert shared_words(PAIR) == ["25", "Tom"]
    assert shared_words(Pair("Tom and Tom saw it in 1999.", "Tom und Tom sahen es.")) == []
    found = {insert(PAIR, "%s", Random(seed)) for seed in range(40)}
    assert Pair(PAIR.source.replace("Tom", "%s"), PAIR.target.replace("Tom", "%s")) in found
    assert Pair(PAIR.source.replace("25", "%s"), PAIR.target.replace("25", "%s")) in found


def test_tags_stand_around_the_same_word() -> None:
    found = {tagged(PAIR, Random(seed)) for seed in range(60)}
    assert Pair(PAIR.source.replace("Tom", "<b>Tom</b>"), PAIR.target.replace("Tom", "<b>Tom</b>")) in found
    whole = tagged(Pair("yes", "ja"), Random(1))
    assert whole.source.replace("yes", "ja") == whole.target
    assert whole.source.count("<") == whole.source.count(">") == 2


def test_symbols_are_spans() -> None:
    found = [changed(CopiedSpans, seed=seed, symbols=("⟦0⟧", "⟦1⟧"), symbol_probability=1.0) for seed in range(20)]
    for pair in found:
        assert pair is not None
        for symbol in ("⟦0⟧", "⟦1⟧"):
            assert pair.source.count(symbol) == pair.target.count(symbol) <= 1
        assert "⟦" in pair.source


KINDS = [UpperCase.Config(), TitleCase.Config(), RemoveEndPunctuation.Config(), Typos.Config(), CopiedSpans.Config()]
KINDS += [CopiedLines.Config(), QuotationMarks.Config()]


def test_kinds_of_spans_can_be_chosen() -> None:
    pair = Pair("It is so", "So ist es")
    for seed in range(30):
        found = changed(CopiedSpans, pair, seed, spans=["date"])
        assert found is not None
        assert re.search(r"\d{1,4}[-./]\d{1,2}[-./]\d{2,4}|</", found.source)
    with pytest.raises(ValidationError):
        CopiedSpans.Config(spans=["nothing"])
    with pytest.raises(ValidationError):
        CopiedSpans.Config(spans=[])


def test_the_spans_of_a_seed_are_those_of_before() -> None:
    """A training that is resumed has the same data: draws for the default kinds do not depend on new ones."""
    for seed, word, span in ((3, "25", "$INDEX"), (8, "25", "path()")):
        before = Pair(PAIR.source.replace(word, span), PAIR.target.replace(word, span))
        assert changed(CopiedSpans, seed=seed) == before


def test_lines_that_are_no_sentences() -> None:
    lines = {changed(CopiedLines, seed=seed) for seed in range(300)}
    assert all(pair is not None and pair.source == pair.target == normalize(pair.source) != "" for pair in lines)
    assert len(lines) > 150
    assert any(pair is not None and set(pair.source) == {"-"} for pair in lines)


def test_quotation_marks() -> None:
    pair = Pair('He said "Go home" and “wait”, it\'s 5" long.', "„Geh“, sagte er.")
    found = {changed(QuotationMarks, pair, seed) for seed in range(100)}
    assert Pair("He said «Go home» and «wait», it's 5\" long.", pair.target) in found
    assert len(found) > 8
    assert changed(QuotationMarks) == PAIR


@given(st.lists(st.builds(Pair, st.text(max_size=40), st.text(max_size=40)), max_size=20), st.integers(0, 5))
def test_the_seed_decides(pairs: list[Pair], seed: int) -> None:
    kinds = [kind.model_copy(update={"probability": 0.9}) for kind in KINDS]
    found = list(augmented_pairs(pairs, kinds, seed))
    assert found == list(augmented_pairs(pairs, kinds, seed))
    assert all(copy != pairs[number] for number, copy in found)


def test_the_probability_is_that_of_a_copy() -> None:
    pairs = [Pair(f"a number {number}.", f"eine Nummer {number}.") for number in range(4000)]
    counts = [len(list(augmented_pairs(pairs, [kind], 3))) for kind in KINDS[:3]]
    assert all(150 < count < 250 for count in counts)


def test_copies_are_trained_on_and_not_validated_on(tmp_path: Path) -> None:
    rows = "".join(f"The number is {number}.\tDie Zahl ist {number}.\n" for number in range(400))
    (tmp_path / "pairs.tsv").write_text(rows, encoding="utf-8")
    text = f"""
        task = "translation"
        languages = {{ source = "en", target = "de" }}
        [data]
        train = [{{ path = "{tmp_path}/pairs.tsv", weight = 0.5 }}]
        validation_split = 20
        augmentation = [{{ kind = "upper_case", probability = 0.5 }}, {{ kind = "typos" }}]
        [model.encoder]
        kind = "transformer"
        [model.decoder]
        kind = "transformer"
    """
    (tmp_path / "run.toml").write_text(text, encoding="utf-8")
    config = read_config(tmp_path / "run.toml").task
    assert isinstance(config, TranslationTask.Config)
    prepared = TranslationTask.prepare(config, seed=1)
    upper = [pair for pair in prepared.task.train if pair.source.isupper()]
    assert 140 < len(upper) < 240
    assert len(prepared.task.weights) == len(prepared.task.train)
    assert set(prepared.task.weights) == {0.5}
    assert not any(pair.source.isupper() for pair in prepared.task.validation)
    copies = len(prepared.task.train) - prepared.data["pairs"]
    assert f"changed copies of training pairs beside them: {copies:,}" in prepared.remarks
    assert prepared.remarks[0].startswith(f"training pairs: {prepared.data['pairs']:,} (skipped 0 of ")
    assert any(f"only {prepared.data['pairs']:,} training pairs" in warning for warning in prepared.warnings)
    with pytest.raises(ValidationError, match="upper_case"):
        TranslationTask.Config.model_validate(
            {**config.model_dump(), "data": {**config.data.model_dump(), "augmentation": [{"kind": "uppercase"}]}}
        )
