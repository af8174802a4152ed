"""Letters for text that is drawn."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

WIDE_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf")
"""Looked for where systems keep their fonts."""


@cache
def font_for(text: str, size: int) -> FreeTypeFont | ImageFont:
    """Pillow's own font, which has the letters of ASCII; for other text one that has more, where one is installed."""
    from PIL import ImageFont

    if not text.isascii():
        for name in (*WIDE_FONTS, *font_of_matplotlib()):
            try:
                return ImageFont.truetype(name, size)
            except OSError:
                continue
    return ImageFont.load_default(size)


def font_of_matplotlib() -> list[str]:
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        return []
    return [str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf")]
