"""Font fallback and line wrapping for text drawn on images."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

UNICODE_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf")
"""Looked for in the font folders of the system."""

ELLIPSIS = "..."

Font = FreeTypeFont | ImageFont.ImageFont


def font_for(text: str, size: int) -> Font:
    """Pillow's own font for ASCII; for other text an installed font with more glyphs, if there is one."""
    return ascii_font(size) if text.isascii() else unicode_font(size)


@cache
def ascii_font(size: int) -> Font:
    """The font that comes with Pillow."""
    return ImageFont.load_default(size)


@cache
def unicode_font(size: int) -> Font:
    """The first font of this machine with letters beyond ASCII, else the one that comes with Pillow."""
    for name in (*UNICODE_FONTS, *matplotlib_font()):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ascii_font(size)


def matplotlib_font() -> list[str]:
    """Where the font that comes with matplotlib is; nothing without matplotlib."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        return []
    return [str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf")]


def wrap_text(text: str, font: Font, width: float, most: int) -> list[str]:
    """Wraps a text into at most `most` lines of up to `width` pixels; text that does not fit ends in an ellipsis.

    Words wider than a line are broken; a line has at least one character, whatever the width.
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        *full, rest = break_word(word, font, width)
        lines[-1:] = [*filter(None, lines[-1:]), *full, rest]
        if len(lines) > most:
            break
    return lines if len(lines) <= most else [*lines[: most - 1], ellipsize(lines[most - 1], font, width)]


def break_word(word: str, font: Font, width: float) -> list[str]:
    """Splits a word into pieces of up to `width` pixels, or single characters."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def ellipsize(line: str, font: Font, width: float) -> str:
    """The longest prefix of a line that leaves room for an ellipsis behind it."""
    beginnings = (line[:length].rstrip() + ELLIPSIS for length in range(len(line), 0, -1))
    return next((cut for cut in beginnings if font.getlength(cut) <= width), ELLIPSIS)
