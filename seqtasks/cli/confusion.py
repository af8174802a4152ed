"""Which labels are taken for which others: as a table of text, and as a picture."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.cli.output import written_whole
from seqtasks.cli.plots import picture_format

if TYPE_CHECKING:
    from seqtasks.metrics.confusion import Confusion

WIDEST = 100
"""Columns of text; in a table that would be wider, numbers stand for the labels at the top."""
CORNER = "expected \\ found"
INCHES_A_LABEL, MOST_INCHES = 0.45, 100
MOST_WRITTEN = 40
"""Labels of a picture whose cells have their counts written in."""


def confusion_table(confusion: Confusion) -> Iterator[str]:
    """The lines: what is expected at the left, what was found at the top; a dot where that never happened."""
    labels, counts = confusion.labels, confusion.counts
    cells = [[str(count) if count else "." for count in row] for row in counts]
    rows, heads = list(labels), list(labels)
    digits = max(len(cell) for row in cells for cell in row)
    if max(map(len, rows)) + sum(max(len(head), digits) + 2 for head in heads) > WIDEST:
        heads = [str(number) for number in range(1, len(labels) + 1)]
        rows = [f"{number:>{len(heads[-1])}} {label}" for number, label in enumerate(labels, 1)]
    left = max(map(len, (CORNER, *rows)))
    widths = [max(len(head), *(len(row[place]) for row in cells)) for place, head in enumerate(heads)]
    for name, values in ((CORNER, heads), *zip(rows, cells, strict=True)):
        yield "  ".join([name.ljust(left), *(value.rjust(width) for value, width in zip(values, widths, strict=True))])


def draw_confusion(confusion: Confusion, path: Path) -> None:
    """Writes a picture: the darker a cell, the larger its share of the texts that have the row's label."""
    from matplotlib.figure import Figure

    labels, counts = list(confusion.labels), confusion.counts
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    side = min(2 + INCHES_A_LABEL * len(labels), MOST_INCHES)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, rotation=90, parse_math=False)
    axes.set_yticks(range(len(labels)), labels, parse_math=False)
    axes.set_xlabel("found")
    axes.set_ylabel("expected")
    for row, column in ((row, column) for row in range(len(labels)) for column in range(len(labels))):
        if counts[row][column] and len(labels) <= MOST_WRITTEN:
            ink = "white" if shares[row][column] > 0.5 else "black"
            axes.text(column, row, str(counts[row][column]), ha="center", va="center", color=ink, fontsize=7)
    figure.colorbar(image, label="share of the row")
    with warnings.catch_warnings(), written_whole(path) as stream:
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(stream, format=picture_format(path), dpi=150)
