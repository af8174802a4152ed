"""The incremental state of a model that is decoded token by token.

Models make it and search reorders it; neither needs to know more of the other's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

HypothesisTokens = Int[Tensor, "rows hyps"]
"""A token of every hypothesis."""

HypothesisStates = Float[Tensor, "rows hyps dim"]
"""A vector for every hypothesis."""

NextLogits = Float[Tensor, "rows hyps vocab"]
"""What speaks for each token to come next, of every hypothesis."""

Tree = Any
"""A tensor, None, or a tuple, named tuple, list or dict of trees."""

Branch = TypeVar("Branch", bound=Tree)


class State(NamedTuple):
    """The state of all hypotheses of a batch. Every leaf is batch-first, no exceptions."""

    per_row: Tree
    """Leaves (rows, ...): what all hypotheses of a row have in common."""
    per_hypothesis: Tree
    """Leaves (rows, hyps, ...): what belongs to one hypothesis."""


def tree_map(function: Callable[[Tensor], Tensor], tree: Branch) -> Branch:
    """The same tree with `function` applied to every tensor in it."""
    mapped: Any = None
    if isinstance(tree, Tensor):
        mapped = function(tree)
    elif isinstance(tree, dict):
        mapped = {key: tree_map(function, value) for key, value in tree.items()}
    elif tree is not None:
        values = [tree_map(function, value) for value in tree]
        mapped = type(tree)(*values) if hasattr(tree, "_fields") else type(tree)(values)
    return mapped  # type: ignore[no-any-return]


def gather_hypotheses(tree: Branch, index: Int[Tensor, "rows hyps"]) -> Branch:
    """For each row the hypotheses that `index` names, of leaves (rows, hyps, ...)."""
    rows = torch.arange(index.shape[0], device=index.device).unsqueeze(1)
    return tree_map(lambda leaf: leaf[rows, index], tree)


def reorder_hypotheses(state: State, parent: Int[Tensor, "rows hyps"]) -> State:
    """Hypothesis i of a row continues its row's hypothesis `parent[row, i]`. Touches the live leaves only."""
    return State(state.per_row, gather_hypotheses(state.per_hypothesis, parent))


def select_rows(tree: Branch, rows: Int[Tensor, "kept"]) -> Branch:
    """The given rows of every leaf: finished ones leave the batch."""
    return tree_map(lambda leaf: leaf.index_select(0, rows), tree)
