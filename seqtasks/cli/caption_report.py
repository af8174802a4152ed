"""A page that shows captions beside their pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.cli.caption_words import SeenWord, seen_words
from seqtasks.cli.output import Write
from seqtasks.cli.report_page import open_page
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from PIL.Image import Image

    from seqtasks.inference.outputs import Caption
    from seqtasks.vision.transforms import ImageSettings

STORED_SIDE, STORED_TILE, STORED_VEIL = 560, 160, 32
"""Longer sides in pixels of what the page holds: the picture, the one behind each word, the darkness over both."""

SHOWN_SIDE, TILE_WIDTH, TILE_HEIGHT = 448, 104, 78
"""The room that a picture and a tile have on the page, in its pixels."""

QUALITY = 75
"""Of JPEG."""

LEGEND = """\
A word is shaded the more, the less probable the model found it:
<span class="word" style="--doubt:0">certain</span>
<span class="word" style="--doubt:.5">50%</span>
<span class="word" style="--doubt:1">doubtful</span>.
Where a model looks at parts of a picture, the small pictures are light where it looked before each word;
point at a word, or reach it with the Tab key, to see that in the large one."""


@contextmanager
def open_report(path: Path, settings: ImageSettings, origin: Sequence[str]) -> Iterator[CaptionReport]:
    """A report that is there once it is complete. `settings` say which part of a picture the model saw.

    `origin` is what made the captions. Raises SeqtasksError where the file cannot be written.
    """
    style = Path(__file__).with_suffix(".css")
    with open_page(path, "Captions", origin, legend=LEGEND, style=style) as write:
        report = CaptionReport(write, settings)
        yield report
        report.end()


class CaptionReport:
    """Writes each picture as it comes; what it remembers are the reasons why others could not be read."""

    def __init__(self, write: Write, settings: ImageSettings) -> None:
        self.write = write
        self.settings = settings
        self.unreadable: list[str] = []

    def add(self, name: str, picture: Image, caption: Caption) -> None:
        words = seen_words(caption)
        width, height = fitted(picture.size, SHOWN_SIDE, SHOWN_SIDE)
        style = [f"--width:{width}px", f"--shape:{picture.width}/{picture.height}"]
        if caption.attention is not None:
            tile_width, _ = fitted(picture.size, TILE_WIDTH, TILE_HEIGHT)
            style += [f"--tile:{tile_width}px", f"--small:url({jpeg(picture, STORED_TILE)})"]
            style += [f"--veil-{place}:url({self.veil(word, picture)})" for place, word in enumerate(words)]
        self.write(f'<article style="{";".join(style)}">')
        self.write(
            f'<img src="{jpeg(picture, STORED_SIDE)}" width="{width}" height="{height}" alt="{escape(caption.text)}">'
        )
        self.write(f'<div>\n<h2 dir="auto">{escape(name)}</h2>')
        self.write("".join(['<p class="caption" dir="auto">', *map(in_sentence, range(len(words)), words), "</p>"]))
        self.write('<ol class="words">')
        for place, word in enumerate(words):
            self.write(as_tile(place, word))
        self.write("</ol>")
        if not caption.finished:
            self.write("<p>Cut at the length limit.</p>")
        if caption.alternatives:
            self.write('<h3>The best found, with their scores</h3>\n<ol class="others">')
            for each in (caption, *caption.alternatives):
                self.write(f'<li dir="auto"><small>{each.normalised:.2f}</small> {escape(each.text)}</li>')
            self.write("</ol>")
        self.write("</div>\n</article>")

    def add_unreadable(self, reason: SeqtasksError) -> None:
        self.unreadable.append(str(reason))

    def end(self) -> None:
        if self.unreadable:
            self.write("<section>\n<h2>Pictures that could not be read</h2>\n<ul>")
            for reason in self.unreadable:
                self.write(f"<li>{escape(reason)}</li>")
            self.write("</ul>\n</section>")

    def veil(self, word: SeenWord, picture: Image) -> str:
        """What darkens the picture where the model did not look before this word."""
        from PIL import Image

        from seqtasks.vision.overlay import light_map, veil
        from seqtasks.vision.transforms import widest_box

        size = fitted(picture.size, STORED_VEIL, STORED_VEIL)
        box = widest_box(self.settings, Image.new("L", size))
        stored = BytesIO()
        veil(light_map(word.weights or (), size, box)).save(stored, format="PNG", optimize=True)
        return data_address("image/png", stored)


def in_sentence(place: int, word: SeenWord) -> str:
    light, reach = (f"--veil:var(--veil-{place});", ' tabindex="0"') if word.weights else ("", "")
    kind = "word light" if word.weights else "word"
    said = escape(word.text)
    return (
        f'{" " * word.blank_before}<span class="{kind}" style="{light}--doubt:{doubt(word)}"{reach} '
        f'title="{said}: {word.probability:.0%}">{said}</span>'
    )


def as_tile(place: int, word: SeenWord) -> str:
    opening, look = "<li>", ""
    if word.weights:
        opening, look = f'<li class="light" style="--veil:var(--veil-{place})">', "<i></i>"
    said = f'<span class="word" style="--doubt:{doubt(word)}">{escape(word.text)}</span>'
    return f"{opening}{look}{said} <small>{word.probability:.0%}</small></li>"


def doubt(word: SeenWord) -> str:
    return f"{1 - word.probability:.2f}"


def jpeg(picture: Image, side: int) -> str:
    stored = BytesIO()
    small = picture.resize(fitted(picture.size, side, side)) if max(picture.size) > side else picture
    small.save(stored, format="JPEG", quality=QUALITY, optimize=True)
    return data_address("image/jpeg", stored)


def data_address(kind: str, stored: BytesIO) -> str:
    return f"data:{kind};base64,{base64.b64encode(stored.getvalue()).decode()}"


def fitted(size: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    """The largest size of the same proportions, to the pixel, within a width and a height."""
    scale = min(width / size[0], height / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
