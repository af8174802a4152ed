"""What is shown of a caption in a file of its own: the attention, the report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from PIL.Image import Image

    from seqtasks.image.transforms import ImageConfig
    from seqtasks.inference.outputs import Caption
    from seqtasks.visualization import CaptionReport

Look = Callable[[str, "str | StandardInput", "Caption | SeqtasksError"], None]
"""Shows a picture by its name, and its caption or why there is none, in a file of its own."""


class StandardInput:
    """A picture that can be read only once, and what was read of it."""

    name = "<stdin>"

    def __init__(self) -> None:
        self.content = bytearray()

    def read(self, size: int, /) -> bytes:
        piece = sys.stdin.buffer.read(size)
        self.content += piece
        return piece


def require_one(names: Sequence[str]) -> None:
    """Raises SeqtasksError where there are several pictures to draw the attention of."""
    if len(names) > 1:
        raise SeqtasksError(
            f"--plot-attention is for one image, and there are {len(names):,}.",
            "Name one, or choose --html-report, which shows the attention over each.",
        )


def attention_look(path: Path, settings: ImageConfig) -> Look:
    from seqtasks.visualization.caption_attention import PANEL, plot_caption_attention

    def look(name: str, picture: str | StandardInput, found: Caption | SeqtasksError) -> None:
        if not isinstance(found, SeqtasksError):
            plot_caption_attention(found, opened(picture, PANEL), path, settings)

    return look


def report_look(report: CaptionReport) -> Look:
    from seqtasks.visualization.caption_report import STORED_SIDE

    def look(name: str, picture: str | StandardInput, found: Caption | SeqtasksError) -> None:
        if isinstance(found, SeqtasksError):
            report.add_unreadable(found)
        else:
            report.add(name, opened(picture, STORED_SIDE), found)

    return look


def opened(picture: str | StandardInput, at_least: int) -> Image:
    """The picture once more, as it is shown: its shorter side has so many pixels, where the file has them."""
    from seqtasks.image.loading import open_image

    return open_image(bytes(picture.content) if isinstance(picture, StandardInput) else picture, at_least=at_least)
