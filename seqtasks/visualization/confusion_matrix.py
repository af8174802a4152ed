"""Confusion matrices: as a table of text, and as a heatmap."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.visualization.matplotlib_support import heatmap, require_matplotlib, save_figure

if TYPE_CHECKING:
    from seqtasks.metrics.confusion_matrix import ConfusionMatrix

MAX_WIDTH = 100
"""Columns of text; in a table that would be wider, numbers stand for the labels at the top."""
CORNER = "expected \\ found"
INCHES_PER_LABEL, MAX_INCHES = 0.45, 100
MAX_ANNOTATED = 40
"""Labels of a heatmap whose cells are annotated with their counts."""


def confusion_table(confusion: ConfusionMatrix) -> Iterator[str]:
    """The matrix as lines of text: expected labels in rows, predicted ones in columns, a dot for zero."""
    labels, counts = confusion.labels, confusion.counts
    cells = [[str(count) if count else "." for count in row] for row in counts]
    rows, heads = list(labels), list(labels)
    digits = max(len(cell) for row in cells for cell in row)
    if max(map(len, rows)) + sum(max(len(head), digits) + 2 for head in heads) > MAX_WIDTH:
        heads = [str(number) for number in range(1, len(labels) + 1)]
        rows = [f"{number:>{len(heads[-1])}} {label}" for number, label in enumerate(labels, 1)]
    left = max(map(len, (CORNER, *rows)))
    widths = [max(len(head), *(len(row[place]) for row in cells)) for place, head in enumerate(heads)]
    for name, values in ((CORNER, heads), *zip(rows, cells, strict=True)):
        yield "  ".join([name.ljust(left), *(value.rjust(width) for value, width in zip(values, widths, strict=True))])


def plot_confusion_matrix(confusion: ConfusionMatrix, path: Path) -> None:
    """Plots a heatmap normalized by row: the darker a cell, the larger its share of the examples of the row's label.

    Args:
        confusion: Such as the `confusion` of what a classifier's `evaluate` returns.
        path: The image to write; its suffix decides the format.

    Raises:
        SeqtasksError: matplotlib is not installed, or the file cannot be written.
    """
    require_matplotlib(path)
    labels, counts = list(confusion.labels), confusion.counts
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    side = min(2 + INCHES_PER_LABEL * len(labels), MAX_INCHES)
    names, size = ("expected", labels), (side + 1, side)
    figure = heatmap(shares, size, rows=names, columns=("found", labels), legend="share of the row", aspect="equal")
    for row, column in product(range(len(labels)), repeat=2):
        if counts[row][column] and len(labels) <= MAX_ANNOTATED:
            ink = "white" if shares[row][column] > 0.5 else "black"
            text = str(counts[row][column])
            figure.axes[0].text(column, row, text, ha="center", va="center", color=ink, fontsize=7)
    save_figure(figure, path)
