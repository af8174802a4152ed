"""Subtitles: times and names stay, sentences over several cues are one text."""

from __future__ import annotations

import pysubs2
import pytest
from helpers.uppercase import in_capitals, read, texts_of, upper
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.documents.subtitle_cuts import Slot, cut, wrap
from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import InlineTag, MarkupText

SUBTITLES = """1
00:00:01,000 --> 00:00:03,000
<i>This is the first part</i>

2
00:00:03,200 --> 00:00:05,000
<i>and this is the second.</i>

3
00:00:06,000 --> 00:00:08,000 X1:1
{\\an8}- Who?
- Me: 3 < x and y > 2.

4
00:00:09,000 --> 00:00:10,000
42
"""
WEB_SUBTITLES = """WEBVTT - a title

STYLE
::cue { color: red }

NOTE a note

a name
00:01.000 --> 00:03.000 line:0
<v Bob>Tom &amp; Jerry are here
to stay

00:03.200 --> 00:05.000
with us for a <c.x>long</c> time.
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_subrip(newline: str) -> None:
    texts = ["This is the first part and this is the second.", "- Who?", "- Me: 3 < x and y > 2."]
    assert texts_of(SUBTITLES, "srt") == texts
    source = wanted = SUBTITLES.replace("\n", newline)
    for text in ("This is the first part", "and this is the second.", "Who?", "Me: 3 < x and y > 2."):
        wanted = wanted.replace(text, upper(text))
    written = in_capitals(source, "srt").decode()
    assert written == wanted
    before, after = (pysubs2.SSAFile.from_string(text, format_="srt") for text in (source, written))
    assert [(each.start, each.end) for each in after] == [(each.start, each.end) for each in before]


def test_webvtt() -> None:
    assert texts_of(WEB_SUBTITLES, "vtt") == ["Tom & Jerry are here to stay with us for a long time."]
    document = read(WEB_SUBTITLES, "vtt")
    [text] = [segment.text for segment in document.segments]
    written = document.write([MarkupText(text.text.upper(), text.tags)]).decode()
    assert written.startswith(WEB_SUBTITLES[: WEB_SUBTITLES.index("Tom")])
    assert "<v Bob>TOM &amp; JERRY ARE HERE TO STAY" in written
    assert "A <c.x>LONG</c> TIME." in written
    assert len(pysubs2.SSAFile.from_string(written, format_="vtt")) == 2


@pytest.mark.parametrize(("format", "text"), [("srt", "hello\n"), ("vtt", "1\n00:00:01.000 --> 00:00:02.000\na\n")])
def test_what_are_no_subtitles(format: str, text: str) -> None:
    with pytest.raises(SeqtasksError, match=r"this is no valid (SubRip|WebVTT) subtitles"):
        in_capitals(text, format)


@given(
    st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(1, 40), st.floats(0, 5)), min_size=1, max_size=6),
    st.data(),
)
def test_cuts_lose_nothing(words: list[str], slots: list[tuple[int, float]], data: st.DataObject) -> None:
    text = " ".join(words)
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, len(text)))
    tags = (InlineTag(first, "start", 0), InlineTag(last, "end", 0))
    parts = cut(MarkupText(text, tags), [Slot(*slot) for slot in slots])
    assert len(parts) == len(slots)
    assert "".join(part.text for part in parts).replace(" ", "") == text.replace(" ", "")
    if len(words) >= len(slots):
        assert " ".join(part.text for part in parts) == text
    inside = "".join(inside_element(part) for part in parts).replace(" ", "")
    assert inside == text[first:last].replace(" ", "")


def inside_element(part: MarkupText) -> str:
    starts = [tag.position for tag in part.tags if tag.kind == "start"]
    ends = [tag.position for tag in part.tags if tag.kind == "end"]
    return "".join(part.text[start:end] for start, end in zip(starts, ends, strict=True))


@given(st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=20))
def test_wrapped_lines_fit(words: list[str]) -> None:
    text = " ".join(words)
    wrapped = wrap(MarkupText(text), 20).text
    assert wrapped.replace("\n", " ") == text
    assert max(map(len, wrapped.split("\n"))) <= 20


def test_parts_end_behind_clauses() -> None:
    text = MarkupText("eins zwei drei vier fünf sechs, sieben acht neun zehn elf zwölf")
    assert cut(text, [Slot(20, 3.0), Slot(20, 3.0)])[0].text == "eins zwei drei vier fünf sechs,"
