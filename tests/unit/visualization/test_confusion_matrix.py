"""The confusion matrix as text and as a picture."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.confusion_matrix import confusion_matrix
from seqtasks.visualization.confusion_matrix import MAX_WIDTH, confusion_table, plot_confusion_matrix
from seqtasks.visualization.matplotlib_support import require_matplotlib

EXPECTED = ["cat", "cat", "cat", "horse", "dog"]
FOUND = ["cat", "cat", "dog", "cat", "dog"]


def test_the_table_has_what_is_expected_at_the_left_and_what_was_found_at_the_top() -> None:
    assert list(confusion_table(confusion_matrix(FOUND, EXPECTED))) == [
        "expected \\ found  cat  dog  horse",
        "cat                 2    1      .",
        "dog                 .    1      .",
        "horse               1    .      .",
    ]


def test_numbers_stand_for_labels_where_the_table_would_be_too_wide() -> None:
    labels = [f"language number {number:02}" for number in range(1, 19)]
    lines = list(confusion_table(confusion_matrix(labels[::-1], labels)))
    assert lines[0].split()[3:] == [str(number) for number in range(1, 19)]
    assert lines[1].startswith(" 1 language number 01")
    assert lines[18].split()[4:] == ["1", *"." * 17]
    assert max(map(len, lines)) <= MAX_WIDTH
    assert len({len(line) for line in lines}) == 1


def test_the_picture_is_dark_where_the_share_of_a_row_is_large(tmp_path: Path) -> None:
    path = tmp_path / "confusion.png"
    labels = ["$a_1$", "犬", "c"]
    plot_confusion_matrix(confusion_matrix([labels[0]] * 9 + labels[1:], [labels[0]] * 9 + labels[:0:-1]), path)
    with Image.open(path) as picture:
        colors = np.asarray(picture.convert("RGB"), dtype=int)
    dark = (colors[..., 0] < 30) & (colors[..., 2] > 90)
    assert dark.sum() > 3 * 40 * 40, "three cells, each all of its row"


def test_where_matplotlib_is_missing_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SeqtasksError, match=r"Plots need matplotlib\.") as told:
        require_matplotlib(Path("a.png"))
    assert told.value.hint == "Install it: pip install 'seqtasks[plots]'"


def test_a_name_that_is_no_picture_s_is_refused() -> None:
    require_matplotlib(Path("a.PNG"))
    with pytest.raises(SeqtasksError, match=r"a\.doc: unknown image format"):
        require_matplotlib(Path("a.doc"))
