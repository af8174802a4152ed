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


@pytest.mark.parametrize("part", ["a", "a.", "a@", "{", "%", "`", "<a ", "http://", "www.", "$a", "a@b.", "{{", " "])
def test_linear_time(part: str) -> None:
    started = time.perf_counter()
    SpanRecognizer().find(part * (200_000 // len(part)))
    assert time.perf_counter() - started < 5
