"""Long texts in overlapping windows."""

from __future__ import annotations

from collections.abc import Sequence


def sliding_windows(tokens: Sequence[int], size: int) -> list[Sequence[int]]:
    """The tokens in windows of `size`, each of which begins in the middle of the one before; 0 = all in one.

    Every token is in one or two of them, but for those of the last window, which ends where the text does.
    """
    if not size or len(tokens) <= size:
        return [tokens]
    stride = max(1, size // 2)
    last = len(tokens) - size
    return [tokens[min(start, last) :][:size] for start in range(0, last + stride, stride)]
