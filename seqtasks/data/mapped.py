"""Files that are mapped into memory."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np


def give_back(mapped: np.memmap[Any, Any]) -> None:
    """Frees the memory of what was read of a file: the pages leave the process, and come again when they are needed.

    A process counts, and keeps, all that it has ever looked at. Nothing that was written is lost.
    """
    file = mapped.base
    if isinstance(file, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        file.madvise(mmap.MADV_DONTNEED)
