"""Captions of a video as lines of text: a table, subtitles (SubRip, WebVTT), JSON.

    for line in to_srt(merge_captions(captions, lambda: video.end)):
        print(line, file=file)

Times are rounded to milliseconds in all formats alike: a span begins where the one before ends, and none is empty.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from seqtasks.video.caption_spans import CaptionSpan, format_timestamp

LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")"})
"""SubRip knows no escapes, and players take tags for what they hide: <i>, {\\an8}. So does an arrow end a caption."""

ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Cue(NamedTuple):
    """A span in whole milliseconds, its text on one line."""

    start: int
    end: int
    text: str


def cues(spans: Iterable[CaptionSpan]) -> Iterator[tuple[CaptionSpan, Cue]]:
    """Each span as it is written: in order, at least a millisecond long, without line breaks or control characters."""
    earliest = 0
    for span in spans:
        start = max(earliest, round(span.start * 1000))
        earliest = max(start + 1, round(span.end * 1000))
        yield span, Cue(start, earliest, one_line(span.text))


def to_table(spans: Iterable[CaptionSpan], name: str) -> Iterator[str]:
    """Lines such as `clip.mp4<TAB>00:00:01.000 - 00:00:04.500<TAB>caption`."""
    for _, cue in cues(spans):
        yield f"{name}\t{format_timestamp(cue.start)} - {format_timestamp(cue.end)}\t{cue.text}"


def to_srt(spans: Iterable[CaptionSpan]) -> Iterator[str]:
    """SubRip, as players and editors read it. Spans without text, or with nothing to see, have no subtitle."""
    number = 0
    for span, cue in cues(spans):
        if cue.text and not span.blank:
            number += 1
            yield str(number)
            yield f"{format_timestamp(cue.start, ',')} --> {format_timestamp(cue.end, ',')}"
            yield cue.text.translate(LOOK_ALIKES)
            yield ""


def to_vtt(spans: Iterable[CaptionSpan]) -> Iterator[str]:
    """WebVTT (W3C), as `<track>` in a web page reads it. Spans without text, or with nothing to see, have none."""
    yield "WEBVTT"
    yield ""
    for span, cue in cues(spans):
        if cue.text and not span.blank:
            yield f"{format_timestamp(cue.start)} --> {format_timestamp(cue.end)}"
            yield cue.text.translate(ENTITIES)
            yield ""


def to_jsonl(spans: Iterable[CaptionSpan], name: str) -> Iterator[str]:
    """A JSON object per span.

    Its keys are `video`, `start` and `end` in seconds, `text` as the model wrote it, `confidence`, `frames`, and
    `blank`: whether there is nothing to see in them.
    """
    for span, cue in cues(spans):
        values = {
            "video": name,
            "start": cue.start / 1000,
            "end": cue.end / 1000,
            "text": span.text,
            "confidence": round(span.confidence, 4),
            "frames": span.frames,
            "blank": span.blank,
        }
        yield json.dumps(values, ensure_ascii=False)


def one_line(text: str) -> str:
    """A blank line would end a subtitle, a tab the column."""
    return " ".join("".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text).split())
