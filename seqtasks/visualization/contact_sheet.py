"""Contact sheets: the frames of a video in rows, each with its time and its caption."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageOps

from seqtasks.errors import SeqtasksError
from seqtasks.image.formats import save_image
from seqtasks.video.caption_spans import format_timestamp
from seqtasks.video.reader import Frame
from seqtasks.visualization.text_drawing import font_for, wrap_text

LIMIT = 48
"""Frames on a sheet; an even number."""
QUALITY = 90
"""Of a sheet in JPEG or WebP."""

IMAGE_SIDE = 280
"""The longer side of a frame's image; this and all below in pixels."""
NARROWEST = 160
"""Room for a caption, however narrow the frames are."""
GAP = 16
TIME_SIZE, CAPTION_SIZE = 13, 16
LINE = 20
LINES = 5
"""Of a caption, at most."""
PROPORTIONS = 1.5
"""Width by height that the sheet comes near to."""

PAPER, INK, PALE_INK = "#ffffff", "#111111", "#6b6b6b"


class Panel(NamedTuple):
    """What is kept of a frame."""

    image: Image.Image
    """With a longer side of `IMAGE_SIDE` pixels."""
    seconds: float
    lines: list[str]


class ContactSheet:
    """Takes any number of frames, one after the other, and keeps up to `LIMIT` of them, evenly spaced.

    When there are too many, every second one is dropped, and of those to come every second one is skipped: between half
    of the limit and the limit are drawn in the end, the first frame among them.

        sheet = ContactSheet()
        for frame, caption in captioner.caption_frames(open_video("clip.mp4").frames(IntervalSampler(1))):
            sheet.add(frame, caption.text)
        sheet.save(Path("sheet.png"))
    """

    def __init__(self) -> None:
        self.panels: list[Panel] = []
        self.seen = 0
        self.step = 1

    def add(self, frame: Frame, text: str) -> None:
        """Adds a thumbnail of the frame, and its caption."""
        if self.seen % self.step == 0:
            if len(self.panels) == LIMIT:
                del self.panels[1::2]
                self.step *= 2
            image = ImageOps.contain(frame.image, (IMAGE_SIDE, IMAGE_SIDE))
            lines = wrap_text(text, font_for(text, CAPTION_SIZE), max(image.width, NARROWEST), LINES)
            self.panels.append(Panel(image, frame.seconds, lines))
        self.seen += 1

    def save(self, path: Path) -> None:
        """Writes the sheet; the suffix of the path decides the format.

        Raises:
            SeqtasksError: The suffix is unknown, no frame was added, or the file cannot be written.
        """
        if not self.panels:
            raise SeqtasksError(f"{path}: there is no frame to show.")
        save_image(self.draw(), path, quality=QUALITY)

    def draw(self) -> Image.Image:
        """The sheet as an image."""
        width = max(NARROWEST, *(panel.image.width for panel in self.panels))
        height = max(panel.image.height for panel in self.panels)
        columns = self.columns(width + GAP, height + 2 * LINE + GAP)
        rows = [self.panels[first : first + columns] for first in range(0, len(self.panels), columns)]
        heights = [height + LINE * (1 + max(len(panel.lines) for panel in row)) + GAP for row in rows]
        sheet = Image.new("RGB", (GAP + columns * (width + GAP), GAP + sum(heights)), PAPER)
        draw = ImageDraw.Draw(sheet)
        for number, row in enumerate(rows):
            for column, panel in enumerate(row):
                left, top = GAP + column * (width + GAP), GAP + sum(heights[:number])
                sheet.paste(panel.image, (left, top + height - panel.image.height))
                write_caption(draw, panel, left, top + height)
        return sheet

    def columns(self, width: int, height: int) -> int:
        """How many panels of this size in pixels go into a row."""
        count = len(self.panels)
        return min(count, max(1, round(math.sqrt(PROPORTIONS * count * height / width))))


def write_caption(draw: ImageDraw.ImageDraw, panel: Panel, left: int, top: int) -> None:
    """The time in a line, below it the caption."""
    time = format_timestamp(round(panel.seconds * 1000))
    draw.text((left, top + LINE - 4), time, fill=PALE_INK, font=font_for(time, TIME_SIZE), anchor="ls")
    font = font_for(" ".join(panel.lines), CAPTION_SIZE)
    for number, line in enumerate(panel.lines, 2):
        draw.text((left, top + number * LINE - 4), line, fill=INK, font=font, anchor="ls")
