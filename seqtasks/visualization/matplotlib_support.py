"""What all plots made with matplotlib have in common."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from seqtasks.errors import SeqtasksError, require_package
from seqtasks.storage.atomic import output_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def require_matplotlib(path: Path) -> None:
    """Checks, before any long work, that a plot can be saved under this name.

    Raises:
        SeqtasksError: matplotlib is not installed, or does not know the format that the suffix names.
    """
    require_package("matplotlib", "Plots need matplotlib.", "plots")
    from matplotlib.backend_bases import FigureCanvasBase

    if image_format(path) not in FigureCanvasBase.get_supported_filetypes():
        raise SeqtasksError(f"{path}: unknown image format.", "Choose a name that ends in .png.")


def heatmap(
    values: Sequence[Sequence[float]],
    size: tuple[float, float],
    *,
    rows: tuple[str, Sequence[str]],
    columns: tuple[str, Sequence[str]],
    legend: str,
    aspect: Literal["equal", "auto"],
) -> Figure:
    """Plots numbers from 0 to 1 by color; `require_matplotlib` was asked before.

    Args:
        values: A list for each row.
        size: Width and height in inches.
        rows: What the rows are, and what each is called.
        columns: The same for the columns.
        legend: What the numbers are.
        aspect: Whether cells are squares.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect=aspect)
    axes.set_xticks(range(len(columns[1])), columns[1], rotation=90, parse_math=False)
    axes.set_yticks(range(len(rows[1])), rows[1], parse_math=False)
    axes.set(xlabel=columns[0], ylabel=rows[0])
    figure.colorbar(image, label=legend)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure; the suffix of the path decides the format.

    Raises:
        SeqtasksError: The file cannot be written.
    """
    with warnings.catch_warnings(), output_file(path) as stream:
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(stream, format=image_format(path), dpi=150)


def image_format(path: Path) -> str:
    """What matplotlib calls the format of a file: its suffix."""
    return path.suffix[1:].lower()
