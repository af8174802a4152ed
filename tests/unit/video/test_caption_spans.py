"""Captions of frames become spans that cover the whole time, in order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.video.caption_spans import CaptionSpan, FrameCaption, confidence_in, format_timestamp, merge_captions


def said(text: str, seconds: float, until: float | None = None, confidence: float = 0.5) -> FrameCaption:
    return FrameCaption(seconds, until, text, confidence)


@st.composite
def clips(draw: st.DrawFn) -> list[FrameCaption]:
    """Captions with rising times, few texts, so that neighbors are often equal; frames between them left out."""
    times = draw(st.lists(st.floats(0, 1e5), min_size=1, max_size=30, unique=True).map(sorted))
    certainties = st.floats(0, 1)
    return [
        said(
            draw(st.sampled_from(["a dog", "a cat", ""])),
            time,
            time + draw(st.floats(1e-3, 9)) if draw(st.booleans()) else None,
            draw(certainties),
        )
        for time in times
    ]


endings = st.one_of(st.none(), st.floats(0, 2e5))


@given(clips(), endings)
def test_spans_cover_the_time_without_gaps_or_overlaps(captions: list[FrameCaption], ending: float | None) -> None:
    spans = list(merge_captions(captions, lambda: ending))
    assert spans[0].start == captions[0].seconds
    assert all(first.end == second.start for first, second in itertools.pairwise(spans))
    assert all(span.start < span.end for span in spans)
    assert spans[-1].end >= max(captions[-1].end or 0, captions[-1].seconds, ending or 0)


@given(clips(), endings)
def test_merging_keeps_the_order_and_leaves_no_equal_neighbours(
    captions: list[FrameCaption], ending: float | None
) -> None:
    spans = list(merge_captions(captions, lambda: ending))
    groups = [list(group) for _, group in itertools.groupby(captions, key=lambda each: each.text)]
    assert [(span.text, span.frames, span.start) for span in spans] == [
        (group[0].text, len(group), group[0].seconds) for group in groups
    ]
    for span, group in zip(spans, groups, strict=True):
        assert span.confidence == pytest.approx(sum(each.confidence for each in group) / len(group))


def test_a_span_is_given_as_soon_as_the_text_changes() -> None:
    asked = []

    def coming() -> Iterator[FrameCaption]:
        for number, text in enumerate("aab"):
            asked.append(text)
            yield said(text, float(number))

    spans = merge_captions(coming(), lambda: 9.0)
    assert next(spans) == CaptionSpan(0.0, 2.0, "a", 0.5, 2)
    assert asked == ["a", "a", "b"]
    assert list(spans) == [CaptionSpan(2.0, 9.0, "b", 0.5, 1)]


@pytest.mark.parametrize(
    ("until", "ending", "expected"),
    [(4.5, None, 4.5), (4.5, 6.0, 6.0), (4.5, 4.2, 4.5), (None, 6.0, 6.0), (None, 3.0, 5.0), (None, None, 5.0)],
)
def test_the_last_span_ends_with_the_clip_or_its_last_frame(
    until: float | None, ending: float | None, expected: float
) -> None:
    captions = [said("a", 0.0, 0.1), said("a", 3.0, 3.1), said("b", 4.0, until)]
    assert [span.end for span in merge_captions(captions, lambda: ending)] == [4.0, expected]


def test_where_a_clip_ends_is_asked_when_its_frames_are_over() -> None:
    over = []

    def coming() -> Iterator[FrameCaption]:
        yield said("a", 0.0)
        over.append(True)

    assert [span.end for span in merge_captions(coming(), lambda: 7.0 if over else None)] == [7.0]


def test_a_lone_frame_lasts_a_second_and_no_frame_gives_no_span() -> None:
    assert list(merge_captions([said("a", 0.0)])) == [CaptionSpan(0.0, 1.0, "a", 0.5, 1)]
    assert list(merge_captions([])) == []


def test_captions_whose_times_stand_still_are_passed_over() -> None:
    captions = [said("a", 0.0), said("b", 0.0), said("b", 2.0), said("c", 1.0), said("b", 3.0)]
    assert list(merge_captions(captions, lambda: 4.0)) == [
        CaptionSpan(0.0, 2.0, "a", 0.5, 1),
        CaptionSpan(2.0, 4.0, "b", 0.5, 2),
    ]


def test_confidence_is_the_mean_probability_of_a_token_whatever_the_length() -> None:
    assert confidence_in([math.log(0.25), math.log(1.0)]) == pytest.approx(0.5)
    assert confidence_in([math.log(0.3)] * 20) == pytest.approx(0.3)
    assert confidence_in([]) == 1
    assert confidence_in([-math.inf]) == 0


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(0, "00:00:00.000"), (59_999, "00:00:59.999"), (3_600_000, "01:00:00.000"), (360_061_002, "100:01:01.002")],
)
def test_times_on_the_clock(milliseconds: int, expected: str) -> None:
    assert format_timestamp(milliseconds) == expected
