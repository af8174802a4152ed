"""When a video says what: captions of single frames become spans of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from seqtasks.video.reader import Frame

LONE_SECONDS = 1.0
"""How long a single frame lasts where nothing says it: the one page of a GIF."""


class FrameCaption(NamedTuple):
    """What is said of one frame, and when."""

    seconds: float
    """When the frame begins, by the clock of players."""
    end: float | None
    """When it ends, as far as its file says so. The next caption may come much later: frames are left out."""
    text: str
    confidence: float
    """From 0 to 1; see `confidence_in`."""
    blank: bool = False
    """The frame is all black, white or one gray: there is nothing to see in it, and the text is a guess."""


class CaptionSpan(NamedTuple):
    """A text and its time span."""

    start: float
    end: float
    """Always later than the start, in seconds; the next span starts there."""
    text: str
    confidence: float
    """The mean over the frames. It does not grow with their number: neighbors are alike and err together."""
    frames: int
    """How many frames were described with this text, one after the other."""
    blank: bool = False
    """There is nothing to see in any of these frames; there is in all of other spans."""


def timed(frame: Frame, text: str, log_probabilities: Sequence[float], *, blank: bool = False) -> FrameCaption:
    """What a model says of a frame, with the frame's time."""
    return FrameCaption(frame.seconds, frame.until, text, confidence_in(log_probabilities), blank)


def confidence_in(log_probabilities: Sequence[float]) -> float:
    """How sure a model was of a text, from the natural logarithms of its tokens' probabilities.

    It is the geometric mean of the probabilities, the inverse of the perplexity: like for texts of any length and under
    any length penalty, where the probability of the whole text would always be near 0. It says how easily the text came
    to the model, not how often such texts are true.
    """
    return math.exp(math.fsum(log_probabilities) / max(1, len(log_probabilities)))


def merge_captions(
    captions: Iterable[FrameCaption], ending: Callable[[], float | None] = lambda: None
) -> Iterator[CaptionSpan]:
    """Spans that cover the time from the first frame to the end without a gap, each given once the text changes.

    Frames in which there is nothing to see have spans of their own. A caption stands until the next one begins; one
    that begins no later than the one before is passed over.

    Args:
        captions: Of frames, in their order.
        ending: Asked when the frames are over: where the video ends in seconds, or None. The last span ends there, or
            with its last frame where that is later; where neither is known, the last frame lasts as long as the one
            before.
    """
    places = iter(captions)
    last = next(places, None)
    if last is None:
        return
    start, frames, confidence, step = last.seconds, 1, last.confidence, LONE_SECONDS
    for each in places:
        if each.seconds <= last.seconds:
            continue
        if (each.text, each.blank) != (last.text, last.blank):
            yield CaptionSpan(start, each.seconds, last.text, confidence / frames, frames, last.blank)
            start, frames, confidence = each.seconds, 0, 0.0
        step = each.seconds - last.seconds
        frames += 1
        confidence += each.confidence
        last = each
    ends = [end for end in (last.end, ending()) if end is not None and end > last.seconds]
    end = max(ends, default=last.seconds + step)
    yield CaptionSpan(start, end, last.text, confidence / frames, frames, last.blank)


def format_timestamp(milliseconds: int, point: str = ".") -> str:
    """Hours, minutes, seconds and milliseconds; the hours may have more than two digits."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"
