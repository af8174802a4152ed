"""Subtitles say what spans say; FFmpeg's readers of SubRip and WebVTT find the same texts at the same times."""

from __future__ import annotations

import io
import itertools
import json

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.video.caption_spans import CaptionSpan
from seqtasks.video.subtitles import cues, one_line, to_jsonl, to_srt, to_table, to_vtt

FORMATS = {
    "text": lambda spans: to_table(spans, "clip.mp4"),
    "srt": to_srt,
    "vtt": to_vtt,
    "jsonl": lambda spans: to_jsonl(spans, "clip.mp4"),
}
SPANS = [
    CaptionSpan(0.0, 1.0004, "A dog .", 0.25, 2),
    CaptionSpan(1.0004, 4.5, "", 0.5, 1),
    CaptionSpan(4.5, 3661.5, "Zwei Männer\tlaufen\n.", 1 / 3, 7),
]
HOSTILE = [
    "a --> b",
    "00:00:01,000 --> 00:00:09,000",
    "one\n\n2\n00:00:01,000 --> 00:00:02,000\ntwo",
    "x <i>y</i> <unk> a < b > c & &amp; d",
    "{\\an8}top {y:i}",
    "12",
    "WEBVTT",
    "NOTE this",
    "line\r\n\r\nline\x0bline\u2028\x85line",
    "nul \x00 bell \x07",
]


def lines(form: str, spans: list[CaptionSpan]) -> str:
    return "".join(f"{line}\n" for line in FORMATS[form](spans))


def read_back(form: str, content: str) -> list[tuple[int, int, str]]:
    """Starts, ends in milliseconds, and texts, as FFmpeg finds them."""
    found = []
    with av.open(io.BytesIO(content.encode()), format={"srt": "srt", "vtt": "webvtt"}[form]) as container:
        for packet in container.demux(subtitles=0):
            if packet.pts is not None:
                ticks = packet.time_base * 1000
                found.append((packet.pts * ticks, (packet.pts + packet.duration) * ticks, bytes(packet).decode()))
    return found


@st.composite
def timelines(draw: st.DrawFn) -> list[CaptionSpan]:
    """Spans without gaps, many of them far shorter than a millisecond."""
    lengths = draw(st.lists(st.one_of(st.floats(1e-6, 3e-3), st.floats(1e-6, 9e3)), min_size=1, max_size=30))
    times = list(itertools.accumulate(lengths, initial=draw(st.sampled_from([0.0, 0.4999, 3599.9996]))))
    texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))
    return [CaptionSpan(start, end, draw(texts), 0.5, 1) for start, end in itertools.pairwise(times)]


@given(timelines())
def test_rounded_spans_neither_overlap_nor_are_empty(spans: list[CaptionSpan]) -> None:
    written = [cue for _, cue in cues(spans)]
    assert all(cue.start < cue.end for cue in written)
    assert all(first.end == second.start for first, second in itertools.pairwise(written))
    assert written[-1].end >= round(spans[-1].end * 1000)
    assert all(cue.start <= round(span.start * 1000) + number for number, (span, cue) in enumerate(cues(spans)))


@pytest.mark.parametrize("form", ["srt", "vtt"])
@given(timelines())
def test_players_find_every_subtitle(form: str, spans: list[CaptionSpan]) -> None:
    expected = [(cue.start, cue.end) for _, cue in cues(spans) if cue.text]
    content = lines(form, spans)
    if expected:
        assert [(start, end) for start, end, _ in read_back(form, content)] == expected
    assert sum("-->" in line for line in content.splitlines()) == len(expected)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_ends_a_subtitle_or_becomes_a_tag(text: str) -> None:
    spans = [CaptionSpan(0.0, 1.0, text, 0.5, 1), CaptionSpan(1.0, 2.0, "next", 0.5, 1)]
    [(_, _, shown), following] = read_back("srt", lines("srt", spans))
    assert following == (1000, 2000, "next")
    assert not set(shown) & set("<>{}\n\x00\x07")
    alike = shown.translate(str.maketrans("‹›", "<>"))
    assert alike == one_line(text).translate(str.maketrans("{}", "()"))

    [(_, _, shown), following] = read_back("vtt", lines("vtt", spans))
    assert following == (1000, 2000, "next")
    assert not set(shown) & set("<>\n\x00\x07")
    assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == one_line(text)


def test_text_has_the_name_first_and_the_caption_last() -> None:
    assert lines("text", SPANS) == (
        "clip.mp4\t00:00:00.000 - 00:00:01.000\tA dog .\n"
        "clip.mp4\t00:00:01.000 - 00:00:04.500\t\n"
        "clip.mp4\t00:00:04.500 - 01:01:01.500\tZwei Männer laufen .\n"
    )


def test_subrip_leaves_out_what_has_no_text() -> None:
    assert lines("srt", SPANS) == (
        "1\n00:00:00,000 --> 00:00:01,000\nA dog .\n\n2\n00:00:04,500 --> 01:01:01,500\nZwei Männer laufen .\n\n"
    )


def test_webvtt_begins_with_its_name() -> None:
    assert lines("vtt", SPANS) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nA dog .\n\n00:00:04.500 --> 01:01:01.500\nZwei Männer laufen .\n\n"
    )
    assert lines("vtt", []) == "WEBVTT\n\n"


def test_json_has_an_object_a_span_with_the_text_as_it_was() -> None:
    found = [json.loads(line) for line in lines("jsonl", SPANS).splitlines()]
    assert found[0] == {
        "video": "clip.mp4", "start": 0.0, "end": 1.0, "text": "A dog .", "confidence": 0.25, "frames": 2,
        "blank": False,
    }  # fmt: skip
    assert [each["text"] for each in found] == [span.text for span in SPANS]
    assert [each["start"] for each in found[1:]] == [each["end"] for each in found[:-1]]
    assert found[2]["confidence"] == 0.3333
    assert "Männer" in lines("jsonl", SPANS)


@pytest.mark.parametrize("form", list(FORMATS))
def test_lines_come_with_their_spans(form: str) -> None:
    taken = []

    def coming() -> itertools.chain[CaptionSpan]:
        return itertools.chain.from_iterable(taken.append(span) or [span] for span in SPANS)

    written = FORMATS[form](coming())
    assert next(line for line in written if "A dog" in line)
    assert taken == SPANS[:1]
