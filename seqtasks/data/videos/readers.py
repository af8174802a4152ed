"""Videos with timed captions, out of JSON lines: one video a line.

    {"video": "a.mp4", "captions": [{"start": 0.0, "end": 2.5, "caption": "A dog runs."}], "split": "train"}

| key | what it holds |
|---|---|
| video | a video file, an animated image, or a folder of numbered frames, inside of the folder of the videos |
| captions | spans of time in any order, none of which overlap; moments between them have no caption |
| start, end | seconds as players show them; the span ends just before `end` |
| caption | one caption, or a list of captions of the same span |
| split | may be left out: train, validation (or dev, val), test |
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from seqtasks.data.captions.readers import as_mapping, relative_name
from seqtasks.data.captions.source import SPLIT_KEY
from seqtasks.data.captions.splits import SPLITS
from seqtasks.data.examples import ReadReport
from seqtasks.data.json_lines import parse_json_object
from seqtasks.data.text_io import clean_string, reach_lines, read_lines, uncompressed_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.registry import ConfigModel
from seqtasks.storage.presence import exists

FORM = '{"video": "a.mp4", "captions": [{"start": 0.0, "end": 2.5, "caption": "A dog runs."}]}'

LONGEST = 1e9
"""Seconds; larger numbers are mistakes."""


@dataclass(frozen=True, slots=True)
class TimedCaption:
    """The captions of a span of a video."""

    start: float
    end: float
    """Always later than the start, both in seconds as players show them; the span ends just before."""
    captions: tuple[str, ...]
    """At least one, each one line."""


@dataclass(frozen=True, slots=True)
class CaptionedVideo:
    """A video and its captions."""

    video: Path
    """A file, or a folder of numbered frames."""
    captions: tuple[TimedCaption, ...]
    """At least one, in the order of their times; they do not overlap."""


class VideoSource(ConfigModel):
    """Where videos and their captions come from."""

    path: Path
    """The JSON lines."""
    videos: Path | None = None
    """The folder that the names of videos are relative to; without one, that of the JSON lines."""
    split: str | None = None
    """train, validation (or dev, val), test, as the lines say; or all videos."""


class InvalidRecordError(Exception):
    """Why a line is left out, in words for `ReadReport.skip`."""


def read_captioned_videos(source: VideoSource, skipped: ReadReport) -> list[CaptionedVideo]:
    """The videos of a source whose files are there, in the order of the lines.

    A line is left out as a whole and counted by reason where it is broken or without captions, or where spans overlap
    or end before they begin. Videos are looked for and not opened.

    Raises:
        SeqtasksError: The file cannot be found or read; the split is unknown; the name of a video leaves the folder of
            the videos, with the line; no video is left.
    """
    split = SPLITS.get(source.split.lower()) if source.split is not None else None
    if source.split is not None and split is None:
        raise SeqtasksError(f"{source.split}: there is no such split.", "split is train, validation or test.")
    folder = source.videos if source.videos is not None else source.path.parent
    videos = []
    for number, line in reach_lines(source.path, skipped, blank=True):
        try:
            if (fields := parse_json_object(line)) is None:
                raise InvalidRecordError("broken line")
            named = SPLITS.get((clean_string(fields.get(SPLIT_KEY)) or "").lower())
            if split is not None and named is None:
                raise InvalidRecordError("line without a known split")
            if split is None or split == named:
                videos.append(parse_video(fields, folder, f"{source.path}:{number}"))
        except InvalidRecordError as reason:
            skipped.skip(str(reason))
    if not videos:
        wanted = f" of the split {source.split}" if split else ""
        raise SeqtasksError(
            f"{source.path}: none of its videos{wanted} can be used, with videos in {folder} ({skipped.describe()}).",
            f"A line looks like {FORM}: convert other manifests, such as MSR-VTT's videodatainfo.json or MSVD's "
            "video_corpus.csv.",
        )
    return videos


def is_video_dataset(path: Path) -> bool:
    """Whether a file begins with a line about a video."""
    if uncompressed_suffix(path) != ".jsonl":
        return False
    return "video" in (parse_json_object(next(read_lines(path), "")) or {})


def captions_at(video: CaptionedVideo, seconds: float) -> tuple[str, ...]:
    """The captions of a moment; none between spans."""
    place = bisect_right(video.captions, seconds, key=lambda each: each.start) - 1
    return video.captions[place].captions if place >= 0 and seconds < video.captions[place].end else ()


def parse_video(fields: dict[str, Any], folder: Path, place: str) -> CaptionedVideo:
    """The video that the fields of a line describe."""
    name = clean_string(fields.get("video"))
    if not name or not isinstance(fields.get("captions"), list):
        raise InvalidRecordError("broken line")
    captions = sorted(timed_captions(fields["captions"]), key=lambda each: each.start)
    if not captions:
        raise InvalidRecordError("line without captions")
    if any(second.start < first.end for first, second in pairwise(captions)):
        raise InvalidRecordError("overlapping spans")
    video = folder / relative_name(name, place, "video")
    if not exists(video):
        raise InvalidRecordError("missing video")
    return CaptionedVideo(video, tuple(captions))


def timed_captions(spans: list[Any]) -> Iterator[TimedCaption]:
    """The spans of a video."""
    for span in map(as_mapping, spans):
        caption = span.get("caption")
        texts = [clean_string(text) for text in (caption if isinstance(caption, list) else [caption])]
        if None in texts:
            raise InvalidRecordError("broken line")
        lines = tuple(" ".join(text.split()) for text in texts if text)
        if not lines:
            raise InvalidRecordError("empty caption")
        start, end = seconds_in(span.get("start")), seconds_in(span.get("end"))
        if start >= end:
            raise InvalidRecordError("span that ends before it begins")
        yield TimedCaption(start, end, lines)


def seconds_in(value: object) -> float:
    """A number in JSON, which also has true and Infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST:
        raise InvalidRecordError("broken line")
    return float(value)
