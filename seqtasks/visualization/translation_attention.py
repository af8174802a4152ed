"""Attention of a translation as a heatmap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.errors import SeqtasksError
from seqtasks.visualization.matplotlib_support import heatmap, require_matplotlib, save_figure

if TYPE_CHECKING:
    from seqtasks.inference.outputs import Translation

INCHES_PER_TOKEN = 0.35


def plot_translation_attention(translation: Translation, path: Path) -> None:
    """Plots a heatmap with a column for each source token and a row for each output token.

        [translation] = translator.translate(["A dog runs."], attention=True)
        plot_translation_attention(translation, Path("attention.png"))

    Args:
        translation: A translation with attention.
        path: The image to write; its suffix decides the format.

    Raises:
        SeqtasksError: The translation has no attention, matplotlib is not installed, or the file cannot be written.
    """
    if translation.attention is None:
        raise SeqtasksError(
            "There is no attention to plot.", "The model has none, or the text was translated in several pieces."
        )
    require_matplotlib(path)
    rows = [*translation.tokens, "</s>"][: len(translation.attention)]
    columns = translation.source_tokens
    size = (2 + INCHES_PER_TOKEN * len(columns), 2 + INCHES_PER_TOKEN * len(rows))
    named = {"rows": ("translation", rows), "columns": ("source", columns)}
    save_figure(heatmap(translation.attention, size, **named, legend="attention", aspect="auto"), path)
