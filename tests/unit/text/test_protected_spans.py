"""What is not translated is found, and nothing else, in linear time."""

from __future__ import annotations

import time

import pytest

from seqtasks.text.protected_spans import SpanRecognizer


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Dear %(size)s, %1$s of %d %5.2f%s", ["%(size)s", "%1$s", "%d", "%5.2f", "%s"]),
        ("{0} {} {name} {0:.2f}", ["{0}", "{}", "{name}", "{0:.2f}"]),
        ("{{ x }} ${HOME} $PATH #{a}", ["{{ x }}", "${HOME}", "$PATH", "#{a}"]),
        ("See https://a.org/x?y=1, (www.b.com) or a.b@c-d.org.", ["https://a.org/x?y=1", "www.b.com", "a.b@c-d.org"]),
        ("Type `a. b` in <b class='x'>bold</b><br/>", ["`a. b`", "<b class='x'>", "</b>", "<br/>"]),
        ("Acme Corp and Acme; Acmes", ["Acme Corp", "Acme"]),
        ("5 % of 100% do, 5% a day, a < b, it costs $5 {a b", []),
    ],
)  # fmt: skip
def test_spans(text: str, spans: list[str]) -> None:
    assert [text[start:end] for start, end in SpanRecognizer(["Acme", "Acme Corp"]).find(text)] == spans


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("In 1998, $49.90 or 15% of 1,250 on 12/25/2024.", ["1998", "$49.90", "15%", "1,250", "12/25/2024"]),
        ("At 17:45 or 5:30 p.m., 9am", ["17:45"]),
        ("{0} %1$s https://a.org/12 3rd A4 1-2 x2 5-year", ["1-2"]),
    ],
)
def test_numbers(text: str, numbers: list[str]) -> None:
    assert [text[start:end] for start, end in SpanRecognizer().numbers(text)] == numbers


@pytest.mark.parametrize(
    ("source", "translation", "kept"),
    [
        ("1,250 in 1998", "1.250 im Jahr 1998", True),
        ("1000 on 12/25/2024", "1.000 am 25.12.2024", True),
        ("in 1998", "1960", False),
        ("1998 and 1998", "1998", False),
        ("12,500", "zwölf,500", False),
        ("{0} of 5", "{0} von 5", True),
        ("5 of {5}", "{5}", False),
    ],
)
def test_digits_of_numbers_are_kept(source: str, translation: str, kept: bool) -> None:
    assert SpanRecognizer().keeps_numbers(source, translation) is kept


@pytest.mark.parametrize(
    "part", ["a", "a.", "a@", "{", "%", "`", "<a ", "http://", "www.", "$a", "a@b.", "{{", " ", "1", "1.", "$1", "1 "]
)
def test_linear_time(part: str) -> None:
    started = time.perf_counter()
    SpanRecognizer().find(part * (200_000 // len(part)))
    SpanRecognizer().keeps_numbers(part * (200_000 // len(part)), part)
    assert time.perf_counter() - started < 5
