"""An HTML report of captions beside their images."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.visualization.attention_overlay import attention_heatmap, dimming_mask, seen_box
from seqtasks.visualization.caption_words import CaptionWord, caption_words
from seqtasks.visualization.html_page import Write, open_html_page

if TYPE_CHECKING:
    from seqtasks.image.transforms import ImageConfig
    from seqtasks.inference.outputs import Caption

STORED_SIDE, STORED_TILE, STORED_MASK = 560, 160, 32
"""Longer sides in pixels of what the page holds: the image, the thumbnail of each word, the mask over both."""

SHOWN_SIDE, TILE_WIDTH, TILE_HEIGHT = 448, 104, 78
"""The room that an image and a thumbnail have on the page, in CSS pixels."""

QUALITY = 75
"""Of JPEG."""

LEGEND = """\
Words are highlighted by how uncertain the model was:
<span class="word" style="--doubt:0">certain</span>
<span class="word" style="--doubt:.5">50%</span>
<span class="word" style="--doubt:1">doubtful</span>.
If the model has attention, each thumbnail is bright where the model looked before writing that word;
hover over a word, or reach it with the Tab key, to see this in the large image."""


@contextmanager
def open_caption_report(
    path: Path, settings: ImageConfig | None = None, origin: Sequence[str] = ()
) -> Iterator[CaptionReport]:
    """A report that appears when it is complete.

        with open_caption_report(Path("captions.html")) as report:
            for name, caption in zip(files, captioner.caption(files, attention=True)):
                report.add(name, open_image(name), caption)

    Args:
        path: The file to write.
        settings: The model's preprocessing, which says what part of an image it saw; None is all of it.
        origin: What made the captions, such as the model and its decoding.

    Raises:
        SeqtasksError: The file cannot be written.
    """
    style = Path(__file__).with_suffix(".css")
    with open_html_page(path, "Captions", origin, legend=LEGEND, style=style) as write:
        report = CaptionReport(write, settings)
        yield report
        report.end()


class CaptionReport:
    """Writes each image as it comes; only the reasons why others could not be read are kept."""

    def __init__(self, write: Write, settings: ImageConfig | None) -> None:
        self.write = write
        self.settings = settings
        self.unreadable: list[str] = []

    def add(self, name: str, image: Image.Image, caption: Caption) -> None:
        """Adds an image with its caption, its alternatives and, where the caption has it, its attention.

        Args:
            name: Its heading.
            image: Of any size.
            caption: What was said of it.
        """
        words = caption_words(caption)
        width, height = fit_within(image.size, SHOWN_SIDE, SHOWN_SIDE)
        style = [f"--width:{width}px", f"--shape:{image.width}/{image.height}"]
        if caption.attention is not None:
            tile_width, _ = fit_within(image.size, TILE_WIDTH, TILE_HEIGHT)
            style += [f"--tile:{tile_width}px", f"--small:url({jpeg(image, STORED_TILE)})"]
            style += [f"--veil-{place}:url({self.mask(word, image)})" for place, word in enumerate(words)]
        self.write(f'<article style="{";".join(style)}">')
        self.write(
            f'<img src="{jpeg(image, STORED_SIDE)}" width="{width}" height="{height}" alt="{escape(caption.text)}">'
        )
        self.write(f'<div>\n<h2 dir="auto">{escape(name)}</h2>')
        self.write("".join(['<p class="caption" dir="auto">', *map(in_sentence, range(len(words)), words), "</p>"]))
        self.write('<ol class="words">')
        for place, word in enumerate(words):
            self.write(as_tile(place, word))
        self.write("</ol>")
        if caption.blank:
            self.write("<p>This image is blank: the caption is a guess.</p>")
        if not caption.finished:
            self.write("<p>Cut at the length limit.</p>")
        if caption.repetitive:
            self.write("<p>It says the same over and over, and was stopped.</p>")
        if caption.alternatives:
            self.write('<h3>Alternatives, with their scores</h3>\n<ol class="others">')
            for each in (caption, *caption.alternatives):
                self.write(f'<li dir="auto"><small>{each.normalized_score:.2f}</small> {escape(each.text)}</li>')
            self.write("</ol>")
        self.write("</div>\n</article>")

    def add_unreadable(self, reason: SeqtasksError) -> None:
        """Adds why an image could not be read to the list at the end."""
        self.unreadable.append(str(reason))

    def end(self) -> None:
        """Writes the end of the page, below all images."""
        if self.unreadable:
            self.write("<section>\n<h2>Images that could not be read</h2>\n<ul>")
            for reason in self.unreadable:
                self.write(f"<li>{escape(reason)}</li>")
            self.write("</ul>\n</section>")

    def mask(self, word: CaptionWord, image: Image.Image) -> str:
        """What dims the image where the model did not look before this word."""
        size = fit_within(image.size, STORED_MASK, STORED_MASK)
        box = seen_box(Image.new("L", size), self.settings)
        stored = BytesIO()
        dimming_mask(attention_heatmap(word.attention or (), size, box)).save(stored, format="PNG", optimize=True)
        return data_url("image/png", stored)


def in_sentence(place: int, word: CaptionWord) -> str:
    """A word of the caption as HTML; its attention shows over the image while it is pointed at."""
    light, reach = (f"--veil:var(--veil-{place});", ' tabindex="0"') if word.attention else ("", "")
    kind = "word light" if word.attention else "word"
    said = escape(word.text)
    return (
        f'{" " * word.blank_before}<span class="{kind}" style="{light}--doubt:{doubt(word)}"{reach} '
        f'title="{said}: {word.probability:.0%}">{said}</span>'
    )


def as_tile(place: int, word: CaptionWord) -> str:
    """A word as HTML, over a small image with its attention."""
    opening, look = "<li>", ""
    if word.attention:
        opening, look = f'<li class="light" style="--veil:var(--veil-{place})">', "<i></i>"
    said = f'<span class="word" style="--doubt:{doubt(word)}">{escape(word.text)}</span>'
    return f"{opening}{look}{said} <small>{word.probability:.0%}</small></li>"


def doubt(word: CaptionWord) -> str:
    """How improbable a word is, from 0 to 1, for the style sheet."""
    return f"{1 - word.probability:.2f}"


def jpeg(image: Image.Image, side: int) -> str:
    """An image as a data URL, at most `side` pixels wide and high."""
    stored = BytesIO()
    small = image.resize(fit_within(image.size, side, side)) if max(image.size) > side else image
    small.save(stored, format="JPEG", quality=QUALITY, optimize=True)
    return data_url("image/jpeg", stored)


def data_url(kind: str, stored: BytesIO) -> str:
    """Bytes of a media type as a URL that holds them."""
    return f"data:{kind};base64,{base64.b64encode(stored.getvalue()).decode()}"


def fit_within(size: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    """The largest size of the same aspect ratio, to the pixel, within a width and a height."""
    scale = min(width / size[0], height / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
