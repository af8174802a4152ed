"""A picture of where a model looked before each word of a caption (Xu et al. 2015)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.cli.caption_words import seen_words
from seqtasks.cli.output import written_whole
from seqtasks.errors import SeqtasksError
from seqtasks.vision.formats import pillow_format

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from seqtasks.inference.outputs import Caption
    from seqtasks.vision.transforms import ImageSettings

PANEL = 280
"""The longer side of a panel's picture; this and all below in pixels."""
NARROWEST = 90
"""Room for a word, however narrow the picture is."""
GAP = 14
TITLE = 30
TITLE_GAP = 8
WORD_SIZE, SMALLEST_WORD, NUMBER_SIZE = 21, 11, 14
PROPORTIONS = 1.5
"""Width by height that the panels come near together."""

PAPER, INK, PALE_INK = "#ffffff", "#111111", "#6b6b6b"


def require_attention(caption: Caption) -> None:
    """Raises SeqtasksError where there is nothing to draw."""
    if caption.attention is None:
        raise SeqtasksError(
            "There is no attention to draw: the model sees the picture as a whole.",
            "Take a model whose decoder looks at parts of it, such as show-attend-and-tell.",
        )


def draw_attention(caption: Caption, picture: Image, settings: ImageSettings, path: Path) -> None:
    """Writes panels: the picture, then for each word the picture with light where the model looked.

    `settings` say which part of the picture it saw.
    """
    drawn = panels(caption, picture, settings)
    with written_whole(path) as stream:
        drawn.save(stream, format=pillow_format(path))


def panels(caption: Caption, picture: Image, settings: ImageSettings) -> Image:
    from PIL import Image, ImageDraw

    from seqtasks.vision.overlay import illuminated, light_map
    from seqtasks.vision.transforms import widest_box

    scale = PANEL / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    words = seen_words(caption)
    width, height = max(picture.width, NARROWEST), picture.height + TITLE
    columns = best_columns(len(words) + 1, width + GAP, height + GAP)
    rows = math.ceil((len(words) + 1) / columns)
    sheet = Image.new("RGB", (GAP + columns * (width + GAP), GAP + rows * (height + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    box = widest_box(settings, picture)
    sheet.paste(picture, (GAP, GAP + TITLE))
    for number, word in enumerate(words, 1):
        row, column = divmod(number, columns)
        left, top = GAP + column * (width + GAP), GAP + row * (height + GAP)
        write_title(draw, word.text, f"{word.probability:.0%}", left, top + TITLE, width)
        sheet.paste(illuminated(picture, light_map(word.weights or (), picture.size, box)), (left, top + TITLE))
    return sheet


def best_columns(count: int, width: int, height: int) -> int:
    """How many panels to put side by side, of `count` that need so much room each: few places are left empty."""

    def cost(columns: int) -> float:
        rows = math.ceil(count / columns)
        return abs(math.log(columns * width / (rows * height) / PROPORTIONS)) + (rows * columns - count) / count

    return min(range(1, count + 1), key=cost)


def write_title(draw: ImageDraw, word: str, number: str, left: int, bottom: int, width: int) -> None:
    """The word from the left, as large as there is room for, and its probability at the right."""
    from seqtasks.vision.lettering import font_for

    baseline = bottom - TITLE_GAP
    small = font_for(number, NUMBER_SIZE)
    draw.text((left + width, baseline), number, fill=PALE_INK, font=small, anchor="rs")
    room = width - draw.textlength(number, font=small) - TITLE_GAP
    size = WORD_SIZE
    while size > SMALLEST_WORD and draw.textlength(word, font=font_for(word, size)) > room:
        size -= 1
    font = font_for(word, size)
    beginnings = (word, *(f"{word[:length]}..." for length in range(len(word) - 1, 0, -1)))
    fitting = next((text for text in beginnings if draw.textlength(text, font=font) <= room), "")
    draw.text((left, baseline), fitting, fill=INK, font=font, anchor="ls")
