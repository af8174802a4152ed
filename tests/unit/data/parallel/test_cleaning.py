"""What is left out of parallel data, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.cleaning import CleaningConfig, clean_pairs

GOOD = Pair("The government announced new measures on Monday.", "Die Regierung kündigte am Montag neue Maßnahmen an.")


def cleaned(
    *pairs: Pair, languages: tuple[str, str] | None = ("en", "de"), **settings: object
) -> tuple[list[Pair], dict[str, int]]:
    skipped = ReadReport()
    config = CleaningConfig.model_validate(settings)
    left = list(clean_pairs(pairs, languages, config, skipped))
    return left, {reason: omission.count for reason, omission in skipped.omissions.items()}


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        (GOOD.source, "", "empty side"),
        (" ", GOOD.target, "empty side"),
        ("word " * 151, "Wort " * 151, "long side"),
        ("一" * 800, "Wort " * 100, "long side"),
        (GOOD.source, "Die Regierung kündigte an", None),
        (GOOD.source, "Die Regierung.", "length ratio"),
        ("OK", "In Ordnung", None),
        ("-> 12 [34] 56 == 78 && (90)", "-> 12 [34] 56 == 78 && (90)", "few letters"),
        ("It costs 10 % + 5 %", "Es kostet 10 % + 5 %", None),
        ("We saw the fa\ufffdade of the house.", "Wir sahen die Fassade des Hauses.", "wrong encoding"),
        ("We saw the facade of the house.", "Wir sahen die schÃ¶ne Fassade.", "wrong encoding"),
        (GOOD.source, GOOD.source, "untranslated"),
        ("New York City", "New York City", None),
        ("He was 25 years old in 1984.", "Er war 1984 25 Jahre alt.", None),
        ("He was 25 years old in 1984.", "Er war 1985 25 Jahre alt.", "other numbers"),
        (GOOD.target + " Jetzt.", "Die Regierung hat neue Maßnahmen am Montag bekanntgegeben.", "not en"),
        (GOOD.source, "Le gouvernement a annoncé de nouvelles mesures lundi soir à Paris.", "not de"),
    ],
)  # fmt: skip
def test_reasons(source: str, target: str, reason: str | None) -> None:
    pair = Pair(source, target)
    assert cleaned(pair)[1] == ({reason: 1} if reason else {})


def test_what_is_kept_is_normalized_and_in_order() -> None:
    other = Pair("I have seen it.", "Ich habe es gesehen.")
    spaced = Pair(f"  {GOOD.source} ", GOOD.target.replace(" ", "\u00a0"))
    assert cleaned(spaced, other)[0] == [GOOD, other]


def test_duplicates_differ_in_case_and_punctuation_at_most() -> None:
    again = Pair(GOOD.source.upper(), GOOD.target.replace(".", "!!"))
    another = Pair(GOOD.source, "Am Montag kündigte die Regierung neue Maßnahmen an.")
    assert cleaned(GOOD, again, another)[0] == [GOOD, another]
    assert cleaned(GOOD, again, another)[1] == {"duplicate": 1}
    assert len(cleaned(GOOD, again, another, duplicates=True)[0]) == 3


@pytest.mark.parametrize(
    ("pair", "settings"),
    [
        (Pair("He is 25 years old.", "Er ist 26 Jahre alt."), {"check_numbers": False}),
        (Pair(GOOD.source, GOOD.source), {"copies": True, "check_languages": False}),
        (Pair(GOOD.source, "Die Regierung."), {"max_length_ratio": 5}),
        (Pair("word " * 151, "Wort " * 151), {"max_words": 151, "check_languages": False}),
        (Pair(GOOD.target, GOOD.source), {"check_languages": False}),
    ],
)  # fmt: skip
def test_checks_can_be_left_out(pair: Pair, settings: dict[str, object]) -> None:
    assert not cleaned(pair)[0]
    assert len(cleaned(pair, **settings)[0]) == 1


def test_languages_that_are_not_known_are_not_checked() -> None:
    assert cleaned(GOOD, languages=("tlh", "xx"))[0] == [GOOD]
    assert cleaned(GOOD, languages=None)[0] == [GOOD]


@given(st.lists(st.builds(Pair, st.text(max_size=60), st.text(max_size=60)), max_size=8))
def test_clean_data_stay_as_they_are(pairs: list[Pair]) -> None:
    left, reasons = cleaned(*pairs, languages=None)
    assert cleaned(*left, languages=None) == (left, {})
    assert len(left) + sum(reasons.values()) == len(pairs)
