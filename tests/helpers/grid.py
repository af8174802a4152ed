"""Two pictures as a decoder sees them, and the beginnings of sentences about them."""

from __future__ import annotations

import torch

from seqtasks.layers.memory import Memory

VOCAB, WIDTH, MEMORY_WIDTH = 9, 6, 5
TOKENS = torch.tensor([[2, 4, 5, 8], [2, 7, 3, 0]])


def grid() -> Memory:
    """Four cells a picture, the same in every call."""
    torch.manual_seed(2)
    cells = torch.randn(2, 4, MEMORY_WIDTH)
    return Memory(cells, torch.ones(2, 4, dtype=torch.bool), cells.mean(dim=1))
