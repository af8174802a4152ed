"""SubRip and WebVTT: cues that share a sentence are translated together, and only what they show is changed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from seqtasks.documents.document import DocumentOptions, Segment, malformed
from seqtasks.documents.encoding import Encoding, decode
from seqtasks.documents.lines import Line, lines_of, newline_of
from seqtasks.documents.pieces import segment_of
from seqtasks.documents.splicing import Edit, Piece, SourceSegment, apply_edits, render_markup
from seqtasks.documents.subtitle_cuts import LINE_LENGTH, Slot, cut, wrap
from seqtasks.text.markup import InlineTag, MarkupText

TIME: Final = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
TIMES = re.compile(rf"\s*{TIME}\s*-->\s*{TIME}")
TAG = re.compile(r"</?(?:b|i|u|s|font|c|v|lang|ruby|rt)(?:[ .][^<>]*)?>|\{\\[^{}]*\}|<\d[\d:.]*>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#\w+|\w+);")
SENTENCE_END = re.compile(r"[.!?…。！？♪][\"'”’»)\]]*$")
DIALOG = ("-", "–", "—", "♪", "#", "[", "(")
"""What a line begins with that is said by somebody else, or not said."""
MAX_CUES: Final = 6
MAX_GAP: Final = 2.0
"""Seconds without a subtitle within a sentence."""


class Unit(NamedTuple):
    """Lines of a cue that belong together."""

    segment: SourceSegment
    begin: float
    end: float
    joins: bool
    """Whether a sentence may come from, or go on in, another cue."""


@dataclass(frozen=True)
class Subtitles:
    """Subtitles with the places of their texts."""

    source: str
    encoding: Encoding
    groups: Sequence[Sequence[Unit]]
    escape: Callable[[str], str]

    @cached_property
    def segments(self) -> Sequence[Segment]:
        """The texts of cues that share a sentence, as one line."""
        return [Segment(_joined(group)) for group in self.groups]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The subtitles with these translations, cut to the cues they came from."""
        edits = (
            edit
            for group, segment, translation in zip(self.groups, self.segments, translations, strict=True)
            if translation is not None and translation != segment.text
            for edit in self.edits(group, translation)
        )
        return self.encoding.encode(apply_edits(self.source, edits))

    def edits(self, group: Sequence[Unit], translation: MarkupText) -> Iterator[Edit]:
        """The new texts of the cues of a group."""
        newline = newline_of(self.source)
        tags = {key: self.source[tag.start : tag.end] for key, tag in _numbered_tags(group)}
        slots = [Slot(len(unit.segment.text.text), unit.end - unit.begin) for unit in group]
        for unit, part in zip(group, cut(translation, slots), strict=True):
            start, end = unit.segment.start, unit.segment.end
            width = max(LINE_LENGTH, *map(len, self.source[start:end].splitlines()), 0)
            shown = part if part.text.strip() else MarkupText("…")
            yield Edit(
                start, end,
                render_markup(wrap(shown, width), lambda number, is_end: tags[number, is_end], self.escape)
                .replace("\n", newline),
            )  # fmt: skip


def read_srt(data: bytes, options: DocumentOptions) -> Subtitles:
    """SubRip. Raises SeqtasksError where there is no cue."""
    return _read(data, options, "SubRip subtitles", str)


def read_vtt(data: bytes, options: DocumentOptions) -> Subtitles:
    """WebVTT. Raises SeqtasksError where it does not begin as such."""
    return _read(data, options, "WebVTT subtitles", lambda text: html.escape(text, quote=False))


def _read(data: bytes, options: DocumentOptions, form: str, escape: Callable[[str], str]) -> Subtitles:
    source, encoding = decode(data, options.name)
    is_vtt = form.startswith("WebVTT")
    if is_vtt and not source.startswith("WEBVTT"):
        raise malformed(options.name, form, "the first line is not WEBVTT")
    units = list(_units(source, entities=is_vtt))
    if not units and not is_vtt and source.strip() and not any(map(TIMES.match, source.splitlines())):
        raise malformed(options.name, form, "no line has times such as 00:00:01,000 --> 00:00:02,500")
    return Subtitles(source, encoding, list(_groups(units)), escape)


def _units(source: str, *, entities: bool) -> Iterator[Unit | None]:
    """What is to be translated, in order; None where something is not."""
    lines = list(lines_of(source))
    times: tuple[float, float] | None = None
    run: list[Line] = []
    for number, (start, line) in enumerate(lines):
        timing = TIMES.match(line)
        following = lines[number + 1].text if number + 1 < len(lines) else ""
        is_name = timing is None and TIMES.match(following) is not None and (not run or line.strip().isdecimal())
        if timing is None and line.strip() and not is_name:
            if times is not None:
                run.append(Line(start, line))
            continue
        if run and times is not None:
            yield from _cue(run, times, entities=entities)
        run = []
        if timing is not None:
            hours, minutes, seconds, parts = zip(timing.groups()[:4], timing.groups()[4:], strict=True)
            begin, end = (
                int(h or 0) * 3600 + int(m) * 60 + int(s) + int(part.ljust(3, "0")) / 1000
                for h, m, s, part in zip(hours, minutes, seconds, parts, strict=True)
            )
            times = (begin, end)
        elif entities and not line.strip():
            times = None
    if run and times is not None:
        yield from _cue(run, times, entities=entities)


def _cue(run: Sequence[Line], times: tuple[float, float], *, entities: bool) -> Iterator[Unit | None]:
    """The units of a cue: all of its lines, or those of each speaker."""
    plain = [TAG.sub("", line).lstrip() for _, line in run]
    starts = [0, *(place for place, line in enumerate(plain) if place and line.startswith(DIALOG))]
    for first, last in zip(starts, [*starts[1:], len(run)], strict=True):
        segment = segment_of(list(_pieces(run[first:last], entities=entities)))
        alone = len(starts) > 1 or plain[first].startswith(DIALOG)
        yield None if segment is None else Unit(segment, *times, not alone)


def _pieces(run: Sequence[Line], *, entities: bool) -> Iterator[Piece]:
    for number, (start, line) in enumerate(run):
        place = 0
        pattern = re.compile(f"{TAG.pattern}|{ENTITY.pattern}", re.IGNORECASE) if entities else TAG
        for match in pattern.finditer(line):
            if match.start() > place:
                yield Piece("text", start + place, start + match.start(), line[place : match.start()])
            yield _tag(match[0], start + match.start(), start + match.end())
            place = match.end()
        if place < len(line):
            yield Piece("text", start + place, start + len(line), line[place:])
        if number + 1 < len(run):
            yield Piece("text", start + len(line), run[number + 1].start, "\n")


def _tag(spelled: str, start: int, end: int) -> Piece:
    if spelled.startswith("&"):
        return Piece("text", start, end, html.unescape(spelled))
    name = re.match(r"</?([a-z]+)", spelled, re.IGNORECASE)
    if name is None:
        return Piece("empty", start, end)
    return Piece("end" if spelled.startswith("</") else "start", start, end, name=name[1].lower())


def _groups(units: Sequence[Unit | None]) -> Iterator[Sequence[Unit]]:
    """Units in a row that share a sentence."""
    group: list[Unit] = []
    for unit in units:
        if group and not (unit is not None and _goes_on(group, unit)):
            yield group
            group = []
        if unit is not None:
            group.append(unit)
    if group:
        yield group


def _goes_on(group: Sequence[Unit], unit: Unit) -> bool:
    last = group[-1]
    near = -0.5 <= unit.begin - last.end <= MAX_GAP and len(group) < MAX_CUES
    return near and last.joins and unit.joins and SENTENCE_END.search(last.segment.text.text) is None


def _joined(group: Sequence[Unit]) -> MarkupText:
    """The texts of a group with spaces between them; elements are numbered from the first to the last."""
    text, first = "", 0
    tags: list[InlineTag] = []
    for unit in group:
        own = unit.segment.text
        text += " " if text else ""
        tags += (InlineTag(len(text) + each.position, each.kind, first + each.number) for each in own.tags)
        first += len({each.number for each in own.tags})
        text += own.text
    return MarkupText(text, tuple(tags))


def _numbered_tags(group: Sequence[Unit]) -> Iterator[tuple[tuple[int, bool], Piece]]:
    """The tags by the numbers of `_joined`."""
    first = 0
    for unit in group:
        tags = unit.segment.tags
        yield from (((first + number, end), piece) for (number, end), piece in tags.items())
        first += len({number for number, _ in tags})
