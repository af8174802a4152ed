"""The incremental state of a model that is decoded token by token.

Models make it and search reorders it; neither needs to know more of the other's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

Tree = Any
"""A tensor, None, or a tuple, named tuple, list or dict of trees."""


class State(NamedTuple):
    """The state of all hypotheses of a batch. Every leaf is batch-first, no exceptions."""

    per_row: Tree
    """Leaves (rows, ...): what all hypotheses of a row have in common."""
    per_hypothesis: Tree
    """Leaves (rows, hyps, ...): what belongs to one hypothesis."""


def tree_map(function: Callable[[Tensor], Tensor], tree: Tree) -> Tree:
    """The same tree with `function` applied to every tensor in it."""
    if isinstance(tree, Tensor):
        return function(tree)
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {key: tree_map(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(tree_map(function, value) for value in tree))
    return type(tree)(tree_map(function, value) for value in tree)


def reorder_hypotheses(state: State, parent: Int[Tensor, "rows hyps"]) -> State:
    """Hypothesis i of a row continues its row's hypothesis `parent[row, i]`. Touches the live leaves only."""
    rows = torch.arange(parent.shape[0], device=parent.device).unsqueeze(1)
    return State(state.per_row, tree_map(lambda leaf: leaf[rows, parent], state.per_hypothesis))


def select_rows(state: State, rows: Int[Tensor, "kept"]) -> State:
    """Keeps the given rows: finished ones leave the batch."""
    keep = lambda leaf: leaf.index_select(0, rows)  # noqa: E731
    return State(tree_map(keep, state.per_row), tree_map(keep, state.per_hypothesis))
