"""Texts in another language than is claimed are found; what may be right is left alone."""

from __future__ import annotations

import pytest

from seqtasks.data.language_detection import find_language, language_name

ENGLISH = [
    "The children are playing in the garden.",
    "She would like to have a cup of tea with milk.",
    "Where can I buy a ticket for the train to the city?",
    "It has been raining since yesterday evening.",
] * 60
GERMAN = [
    "Die Kinder spielen im Garten.",
    "Sie hätte gern eine Tasse Tee mit Milch.",
    "Wo kann ich eine Fahrkarte für den Zug in die Stadt kaufen?",
    "Seit gestern Abend regnet es.",
] * 60


@pytest.mark.parametrize(
    ("texts", "claimed", "found"),
    [
        (ENGLISH, "en", None),
        (ENGLISH, "en-GB", None),
        (ENGLISH, "de", "en"),
        (GERMAN, "en", "de"),
        (GERMAN, "xx", None),
        (GERMAN[:2], "en", None),
        (GERMAN[:3], "en", "de"),
        (ENGLISH[:3], "de", "en"),
        (ENGLISH[:3], "en", None),
        (GERMAN[:3], "xx", None),
        (["Bhikkhu Yuttadhammo", "Bhikkhunī Dhammadinnā", "Bhikkhunī Nibbidā"], "de", None),
        (["Windows", "Linux", "Mac OS X"], "de", None),
        (["OK", "OK", "OK"], "de", None),
        (["12", "3.5", "%"], "en", None),
        ([*ENGLISH, *GERMAN, *GERMAN], "de", None),
        ([], "en", None),
    ],
)
def test_what_is_found(texts: list[str], claimed: str, found: str | None) -> None:
    assert find_language(texts, claimed) == found


def test_names() -> None:
    assert (language_name("de"), language_name("zh")) == ("German", "Chinese")
