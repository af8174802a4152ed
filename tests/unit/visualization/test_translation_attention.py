"""The heatmap of a translation's attention."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.inference.outputs import Translation
from seqtasks.visualization import plot_translation_attention


def translation(attention: tuple[tuple[float, ...], ...] | None) -> Translation:
    return Translation(
        source="a $x_1$", text="ein 犬", score=-1.0, normalized_score=-0.5, tokens=("ein", "犬"),
        source_tokens=("a", "$x_1$", "</s>"), attention=attention,
    )  # fmt: skip


def test_cells_are_dark_where_the_model_looked(tmp_path: Path) -> None:
    path = tmp_path / "attention.png"
    plot_translation_attention(translation(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))), path)
    with Image.open(path) as image:
        colors = np.asarray(image.convert("RGB"), dtype=int)
    dark = (colors[..., 0] < 30) & (colors[..., 2] > 90)
    assert dark.sum() > 3 * 40 * 40, "three cells of one"
    assert [file.name for file in tmp_path.iterdir()] == ["attention.png"]


def test_what_cannot_be_plotted_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="There is no attention to plot"):
        plot_translation_attention(translation(None), tmp_path / "attention.png")
    seen = translation(((1.0, 0.0, 0.0),))
    with pytest.raises(SeqtasksError, match=r"attention\.doc: unknown image format"):
        plot_translation_attention(seen, tmp_path / "attention.doc")
    with pytest.raises(SeqtasksError, match=r"attention\.png cannot be written: No such file"):
        plot_translation_attention(seen, tmp_path / "nowhere" / "attention.png")
    assert list(tmp_path.iterdir()) == []
