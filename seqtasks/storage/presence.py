"""Whether there is something of a name that may be anything, such as a sentence that was given in place of a file.

The methods of `Path` raise an error where a name is longer than any file's can be (Python 3.11 to 3.13); functions of
`os.path` say that nothing is there also where rights are missing.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

NO_NAMES = (errno.ENAMETOOLONG, errno.EILSEQ)
"""Errors that say that a file cannot be called so."""


def exists(path: Path) -> bool:
    """`Path.exists`, False where the name is longer than a file's can be."""
    return _answer(path.exists)


def is_file(path: Path) -> bool:
    """`Path.is_file`, False where the name is longer than a file's can be."""
    return _answer(path.is_file)


def is_dir(path: Path) -> bool:
    """`Path.is_dir`, False where the name is longer than a file's can be."""
    return _answer(path.is_dir)


def _answer(question: Callable[[], bool]) -> bool:
    """The answer; False where the name is none. Other errors, such as missing rights, stay errors."""
    try:
        return question()
    except OSError as error:
        if error.errno in NO_NAMES:
            return False
        raise
