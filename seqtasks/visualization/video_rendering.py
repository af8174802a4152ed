"""Videos with their captions drawn into the frames, as MP4 files that any player shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from seqtasks.errors import SeqtasksError, require_package
from seqtasks.storage.atomic import output_file, require_suffix
from seqtasks.video.caption_spans import CaptionSpan
from seqtasks.video.reader import Frame
from seqtasks.video.writer import letterbox, open_mp4, video_size
from seqtasks.visualization.text_drawing import font_for, wrap_text

DARKNESS = 0.65
"""How much darker the image is behind letters: white on white becomes white on a grey, 7 to 1 in contrast."""
LETTERS = 0.055
"""Size of letters by the image's shorter side."""
SMALLEST_LETTERS = 11
"""In pixels."""
LEADING = 1.3
"""From line to line, in sizes of letters."""
MARGIN = 0.6
"""Around the text, in sizes of letters."""
SHARE = 0.5
"""The part of the image's height that a caption may hide; it is cut beyond that."""


def write_captioned_video(frames: Iterable[Frame], spans: Iterable[CaptionSpan], path: Path) -> None:
    """Writes frames as MP4, each at its time, with the text of its span at the bottom.

    Frames and spans are streamed; none is kept. There is no audio. The first frame decides the size of the video: sides
    are made even, very small and very large frames are scaled; frames of another size are letterboxed.

    Args:
        frames: The frames of a video in the order of their times, such as `video.frames(StrideSampler(1))`.
        spans: What to show from when to when, in the order of their times.
        path: The file to write. It appears complete or not at all.

    Raises:
        SeqtasksError: PyAV is not installed, there is no frame, or the file cannot be written.
    """
    require_suffix(path, ".mp4", ".m4v")
    require_package("av", "Writing a video needs PyAV.", "video")
    shown = iter(caption_per_frame(frames, spans))
    first = next(shown, None)
    if first is None:
        raise SeqtasksError(f"{path}: there is no frame to write.")
    with output_file(path) as file:
        if not file.seekable():
            raise SeqtasksError(f"{path}: a video cannot be written to a pipe.", "Name a file.")
        with open_mp4(file, video_size(first[0].image.size)) as writer:
            for frame, text in chain([first], shown):
                writer.add(frame._replace(image=overlay_text(letterbox(frame.image, writer.size), text)))


def caption_per_frame(frames: Iterable[Frame], spans: Iterable[CaptionSpan]) -> Iterator[tuple[Frame, str]]:
    """Each frame with the text of its span; an empty text where there is none, or nothing to see."""
    coming = iter(spans)
    span = next(coming, None)
    for frame in frames:
        while span is not None and span.end <= frame.seconds:
            span = next(coming, None)
        shown = span is not None and span.start <= frame.seconds and not span.blank
        yield frame, span.text if span is not None and shown else ""


class RenderedText(NamedTuple):
    """A caption as an image, and where it goes."""

    letters: Image.Image
    """White on black, in greys."""
    left: int
    top: int


def overlay_text(image: Image.Image, text: str) -> Image.Image:
    """Draws the text at the bottom of the image, in place, in white on a darkened background."""
    if not text.strip():
        return image
    letters, left, top = render_text(text, image.size)
    place = (left, top, left + letters.width, top + letters.height)
    dark = Image.blend(image.crop(place), Image.new("RGB", letters.size, "black"), DARKNESS)
    dark.paste("white", mask=letters)
    image.paste(dark, place)
    return image


@lru_cache(maxsize=4)
def render_text(text: str, size: tuple[int, int]) -> RenderedText:
    """The text in lines, centered at the bottom of an image of this size."""
    width, height = size
    letter = max(SMALLEST_LETTERS, round(LETTERS * min(size)))
    step, margin = round(LEADING * letter), round(MARGIN * letter)
    most = max(1, int((SHARE * height - margin) / step))
    font = font_for(text, letter)
    lines = wrap_text(text, font, width - 4 * margin, most)
    widest = min(width, round(max(font.getlength(line) for line in lines)) + 2 * margin)
    room = min(height, step * len(lines) + margin)
    letters = Image.new("L", (widest, room))
    draw = ImageDraw.Draw(letters)
    for number, line in enumerate(lines):
        draw.text((widest / 2, margin / 2 + step * number + letter), line, fill="white", font=font, anchor="ms")
    return RenderedText(letters, (width - widest) // 2, max(0, height - room - margin))
