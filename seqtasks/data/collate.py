"""Token sequences of different lengths as one tensor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Int, Integer
from torch import Tensor

from seqtasks.special_tokens import BEGIN, END, PAD


def pad(
    sequences: Sequence[Sequence[int] | Integer[np.ndarray, "_"]], *, begin: bool = False, end: bool = False
) -> Int[Tensor, "rows length"]:
    """Puts sequences below each other, padded on the right with PAD.

    Args:
        sequences: Ids of each.
        begin: Puts BEGIN before every sequence.
        end: Puts END behind every sequence.

    Returns:
        64-bit integers, (rows, longest).
    """
    lengths = np.fromiter(map(len, sequences), np.int64, len(sequences)) + int(begin)
    table = np.full((len(sequences), int(lengths.max(initial=int(begin))) + int(end)), PAD, np.int64)
    if begin:
        table[:, 0] = BEGIN
    for row, sequence, length in zip(table, sequences, lengths.tolist(), strict=True):
        row[int(begin) : length] = sequence
    if end:
        table[np.arange(len(sequences)), lengths] = END
    return torch.from_numpy(table)


def pad_groups(
    groups: Sequence[Sequence[Sequence[int] | Integer[np.ndarray, "_"]]], *, begin: bool = False, end: bool = False
) -> Int[Tensor, "rows group length"]:
    """`pad` for groups of sequences, a row each; a group that is smaller than others is filled up with padding."""
    flat = pad([sequence for group in groups for sequence in group], begin=begin, end=end)
    table = flat.new_full((len(groups), max(map(len, groups)), flat.shape[1]), PAD)
    sizes = torch.tensor([len(group) for group in groups])
    table[torch.arange(table.shape[1]) < sizes.unsqueeze(1)] = flat
    return table
