"""A picture of where a translation looked."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.cli.output import written_whole
from seqtasks.cli.plots import picture_format
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.inference.outputs import Translation

INCHES_A_TOKEN = 0.35


def draw_attention(translation: Translation, path: Path) -> None:
    """Writes a heat map: a column for each source token, a row for each output token."""
    from matplotlib.figure import Figure

    if translation.attention is None:
        raise SeqtasksError(
            "There is no attention to draw.", "The model has none, or the text was translated in several pieces."
        )
    rows = [*translation.tokens, "</s>"][: len(translation.attention)]
    columns = list(translation.source_tokens)
    figure = Figure(figsize=(2 + INCHES_A_TOKEN * len(columns), 2 + INCHES_A_TOKEN * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(translation.attention, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=90, parse_math=False)
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    axes.set_xlabel("source")
    axes.set_ylabel("translation")
    figure.colorbar(image, label="attention")
    with warnings.catch_warnings(), written_whole(path) as stream:
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(stream, format=picture_format(path), dpi=150)
