"""Attention of a caption: for each word, where the model looked in the image (Xu et al. 2015)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from seqtasks.errors import SeqtasksError
from seqtasks.image.formats import save_image
from seqtasks.visualization.attention_overlay import apply_heatmap, attention_heatmap, seen_box
from seqtasks.visualization.caption_words import caption_words
from seqtasks.visualization.text_drawing import ellipsize, font_for

if TYPE_CHECKING:
    from seqtasks.image.transforms import ImageConfig
    from seqtasks.inference.outputs import Caption

PANEL = 280
"""The longer side of a panel's image; this and all below in pixels."""
NARROWEST = 90
"""Room for a word, however narrow the image is."""
GAP = 14
TITLE = 30
TITLE_GAP = 8
WORD_SIZE, SMALLEST_WORD, NUMBER_SIZE = 21, 11, 14
PROPORTIONS = 1.5
"""Aspect ratio that the layout aims at."""

PAPER, INK, PALE_INK = "#ffffff", "#111111", "#6b6b6b"


def plot_caption_attention(
    caption: Caption, image: Image.Image, path: Path, settings: ImageConfig | None = None
) -> None:
    """Writes a panel with the image, then for each word a panel with the image, bright where the model looked.

        [caption] = captioner.caption(["photo.jpg"], attention=True)
        plot_caption_attention(caption, open_image("photo.jpg"), Path("attention.png"))

    Args:
        caption: A caption with attention.
        image: The image that it describes, of any size.
        path: The image to write; its suffix decides the format.
        settings: The model's preprocessing, which says what part of the image it saw; None is all of it.

    Raises:
        SeqtasksError: The caption has no attention, the suffix is unknown, or the file cannot be written.
    """
    if caption.attention is None:
        raise SeqtasksError(
            "There is no attention to plot: the model encodes the image as a whole.",
            "Choose a model whose decoder attends to image regions, such as show-attend-and-tell.",
        )
    save_image(attention_panels(caption, image, settings), path)


def attention_panels(caption: Caption, image: Image.Image, settings: ImageConfig | None = None) -> Image.Image:
    """The panels of `plot_caption_attention` as one image."""
    scale = PANEL / max(image.size)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    words = caption_words(caption)
    width, height = max(image.width, NARROWEST), image.height + TITLE
    columns = best_columns(len(words) + 1, width + GAP, height + GAP)
    rows = math.ceil((len(words) + 1) / columns)
    sheet = Image.new("RGB", (GAP + columns * (width + GAP), GAP + rows * (height + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    box = seen_box(image, settings)
    sheet.paste(image, (GAP, GAP + TITLE))
    for number, word in enumerate(words, 1):
        row, column = divmod(number, columns)
        left, top = GAP + column * (width + GAP), GAP + row * (height + GAP)
        write_title(draw, word.text, f"{word.probability:.0%}", left, top + TITLE, width)
        heatmap = attention_heatmap(word.attention or (), image.size, box)
        sheet.paste(apply_heatmap(image, heatmap), (left, top + TITLE))
    return sheet


def best_columns(count: int, width: int, height: int) -> int:
    """How many of `count` panels of this size in pixels go into a row: few places are left empty."""

    def cost(columns: int) -> float:
        rows = math.ceil(count / columns)
        return abs(math.log(columns * width / (rows * height) / PROPORTIONS)) + (rows * columns - count) / count

    return min(range(1, count + 1), key=cost)


def write_title(draw: ImageDraw.ImageDraw, word: str, number: str, left: int, bottom: int, width: int) -> None:
    """The word at the left, as large as it fits, and its probability at the right."""
    baseline = bottom - TITLE_GAP
    small = font_for(number, NUMBER_SIZE)
    draw.text((left + width, baseline), number, fill=PALE_INK, font=small, anchor="rs")
    room = width - draw.textlength(number, font=small) - TITLE_GAP
    size = WORD_SIZE
    while size > SMALLEST_WORD and draw.textlength(word, font=font_for(word, size)) > room:
        size -= 1
    font = font_for(word, size)
    shown = word if draw.textlength(word, font=font) <= room else ellipsize(word, font, room)
    draw.text((left, baseline), shown, fill=INK, font=font, anchor="ls")
