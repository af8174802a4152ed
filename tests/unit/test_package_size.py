"""The package stays one that can be read: short modules, folders that fit on a screen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from count_code import code_lines, count

PACKAGE = Path(__file__).parents[2] / "seqtasks"
MOST_LINES = 300
"""Of code, in a module."""
MOST_MODULES = 20
"""In a folder, without those of its folders."""


def test_docstrings_comments_and_blanks_are_not_counted() -> None:
    source = '''"""Two
lines."""

import os  # counted once

# not counted
LIMIT = 3
"""Of something."""


class Text:
    """A docstring."""

    pattern = """a

b""" + str(
        os
    )

    def read(self) -> str:
        """Another one,

        of three lines."""
        return "# code"
'''
    assert code_lines(source) == 9


def test_modules_are_short() -> None:
    assert [f"{file}: {lines}" for file, lines in count(PACKAGE).items() if lines > MOST_LINES] == []


def test_folders_are_small() -> None:
    folders = Counter(file.parent for file in count(PACKAGE))
    assert [f"{folder}: {modules}" for folder, modules in folders.items() if modules > MOST_MODULES] == []
