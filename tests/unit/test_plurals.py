"""One of a thing is no plural."""

from __future__ import annotations

import pytest

from seqtasks.plurals import counted, counted_phrase, singular


@pytest.mark.parametrize(
    ("number", "plural", "text"),
    [
        (1, "steps", "1 step"),
        (0, "steps", "0 steps"),
        (2_000, "training pairs", "2,000 training pairs"),
        (1, "training images and videos", "1 training image and video"),
        (1.0, "minutes", "1 minute"),
        (0.5, "minutes", "0.5 minutes"),
        (1, "prefixes", "1 prefix"),
    ],
)
def test_counted(number: float, plural: str, text: str) -> None:
    assert counted(number, plural) == text


def test_singular() -> None:
    assert [singular(each) for each in ("tokens", "documents", "sentences")] == ["token", "document", "sentence"]


@pytest.mark.parametrize(
    ("phrase", "two"),
    [
        ("empty side", "2 empty sides"),
        ("line without captions", "2 lines without captions"),
        ("pair with too many tokens to score", "2 pairs with too many tokens to score"),
        ("file that is not UTF-8 text", "2 files that are not UTF-8 text"),
        ("span that ends before it begins", "2 spans that end before they begin"),
        ("wrong number of columns", "2 wrong numbers of columns"),
        ("several labels", "2 several labels"),
        ("broken", "2 broken"),
        ("not found under its exact name", "2 not found under its exact name"),
    ],
)
def test_counted_phrase(phrase: str, two: str) -> None:
    assert counted_phrase(2, phrase) == two
    assert counted_phrase(1, phrase) == f"1 {phrase}"
