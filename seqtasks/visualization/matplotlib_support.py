"""What all plots made with matplotlib have in common."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

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


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure; the suffix of the path decides the format.

    Raises:
        SeqtasksError: The file cannot be written.
    """
    with warnings.catch_warnings(), output_file(path) as stream:
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(stream, format=image_format(path), dpi=150)


def image_format(path: Path) -> str:
    return path.suffix[1:].lower()
