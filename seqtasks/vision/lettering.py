"""Text in pictures: letters that are there, lines that are no wider than their room."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

WIDE_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf")
"""Looked for where systems keep their fonts."""

CUT = "..."
"""Stands where text was left out."""

Font = FreeTypeFont | ImageFont.ImageFont


def font_for(text: str, size: int) -> Font:
    """Pillow's own font, which has the letters of ASCII; for other text one that has more, where one is installed."""
    return narrow_font(size) if text.isascii() else wide_font(size)


@cache
def narrow_font(size: int) -> Font:
    return ImageFont.load_default(size)


@cache
def wide_font(size: int) -> Font:
    for name in (*WIDE_FONTS, *font_of_matplotlib()):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return narrow_font(size)


def font_of_matplotlib() -> list[str]:
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        return []
    return [str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf")]


def wrapped(text: str, font: Font, width: float, most: int) -> list[str]:
    """The text in lines of up to `width` pixels, `most` of them; what is too much is cut off and marked.

    Words that are wider than a line are broken; a line has at least one letter, whatever the width.
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        *full, rest = broken(word, font, width)
        lines[-1:] = [*filter(None, lines[-1:]), *full, rest]
        if len(lines) > most:
            break
    return lines if len(lines) <= most else [*lines[: most - 1], shortened(lines[most - 1], font, width)]


def broken(word: str, font: Font, width: float) -> list[str]:
    """A word in pieces that are no wider than this, or single letters."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def shortened(line: str, font: Font, width: float) -> str:
    """The longest beginning of a line that leaves room for the mark behind it."""
    beginnings = (line[:length].rstrip() + CUT for length in range(len(line), 0, -1))
    return next((cut for cut in beginnings if font.getlength(cut) <= width), CUT)
