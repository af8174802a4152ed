"""Protected spans come out as they are, each as often as in the source."""

from __future__ import annotations

import seqtasks
from seqtasks.text.protected_spans import SpanRecognizer
from span_lines import LineWriter


def test_made_lines_keep_all_of_them() -> None:
    pipeline = seqtasks.load("en-de", task="translation", threads=1)
    lines = [
        *LineWriter("en", 3).write(30),
        "Acme bought %s and %s.",
        "{0}",
        "{a} {b} {c} {d} {e} {f} {g} {h} {i} {j} {k} in",
    ]
    spans = SpanRecognizer(["Acme"])
    for line, found in zip(lines, pipeline.translate(lines, beam_size=1, protect=["Acme"]), strict=True):
        assert spans.texts(found.text) == spans.texts(line)
        assert spans.keeps_numbers(line, found.text)
    [bare] = pipeline.translate(["Acme bought %s and %s."], beam_size=1, protect=None)
    assert bare.text != found.text


def test_numbers_are_those_of_the_source() -> None:
    pipeline = seqtasks.load("en-de", task="translation", threads=1)
    text = "Our company was founded in 1998."
    assert "1998" not in pipeline.translate(text, protect=None).text
    assert "1998" in pipeline.translate(text).text
    assert "1998" in pipeline.translate(text, beam_size=1).text
