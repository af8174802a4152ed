"""What search carries from step to step, and the protocol of what it searches over.

Search knows nothing else: no model class, no task, no tokenizer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

Tree = Any
"""A tensor, None, or a tuple, named tuple, list or dict of trees."""


class State(NamedTuple):
    """The state of all hypotheses of a batch. Every leaf is batch-first, no exceptions."""

    shared: Tree
    """Leaves (rows, ...): what all hypotheses of a row have in common."""
    live: Tree
    """Leaves (rows, hyps, ...): what belongs to one hypothesis."""


class Forced(NamedTuple):
    """What a model says of given targets (teacher forcing)."""

    log_probabilities: Float[Tensor, "rows tgt"]
    """Of each given token, natural logarithm, float32."""
    attention: Float[Tensor, "rows tgt src"] | None
    """Where each step looked; None for a model without attention."""


@runtime_checkable
class Stepper(Protocol):
    """A model bound to its input: all that search knows. An `Ensemble` of steppers is a stepper."""

    @property
    def rows(self) -> int:
        """Inputs in the batch."""
        ...

    @property
    def device(self) -> torch.device: ...

    def start(self, hyps: int, capacity: int) -> State:
        """The state before the first token, for `hyps` hypotheses a row and at most `capacity` steps."""
        ...

    def step(
        self, tokens: Int[Tensor, "rows hyps"], position: int, state: State
    ) -> tuple[Float[Tensor, "rows hyps vocab"], State]:
        """Reads the token at `position` (0 is the begin token) and returns logits for the next one.

        `rows` is that of the state, which shrinks when search drops finished rows.
        """
        ...

    def force(self, tokens: Int[Tensor, "rows tgt"], *, attention: bool = False) -> Forced:
        """Scores given targets. `tokens` start with the begin token; entry i of the result is of token i + 1."""
        ...


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


def reorder(state: State, parent: Int[Tensor, "rows hyps"]) -> State:
    """Hypothesis i of a row continues its row's hypothesis `parent[row, i]`. Touches the live leaves only."""
    rows = torch.arange(parent.shape[0], device=parent.device).unsqueeze(1)
    return State(state.shared, tree_map(lambda leaf: leaf[rows, parent], state.live))


def select(state: State, rows: Int[Tensor, "kept"]) -> State:
    """Keeps the given rows: finished ones leave the batch."""
    keep = lambda leaf: leaf.index_select(0, rows)  # noqa: E731
    return State(tree_map(keep, state.shared), tree_map(keep, state.live))
