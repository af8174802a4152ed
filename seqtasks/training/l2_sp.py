"""Weights that stay near those that training started from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.errors import SeqtasksError
from seqtasks.training.adamw import AdamW


class L2SP:
    """Pulls weights towards their starting point (L2-SP: Li et al. 2018; for translation Barone et al. 2017, MAP-L2).

    The pull is decoupled from the gradient, as AdamW's weight decay is (Loshchilov & Hutter 2019): each update moves a
    weight by `learning rate * strength` of the way back. What is new has no starting point, and is left alone.

    Args:
        model: With the weights that training starts from.
        strength: The setting `training.l2_sp`; 0 = no pull, and nothing is kept.
        is_new: Whether the parameter of this name is new.
    """

    def __init__(self, model: nn.Module, strength: float, is_new: Callable[[str], bool]) -> None:
        self.strength = strength
        self.start: dict[str, Tensor] = {}
        self.parameters: dict[nn.Parameter, str] = {}
        if strength:
            kept = {name: own for name, own in model.named_parameters() if own.requires_grad and not is_new(name)}
            self.start = {name: own.detach().clone() for name, own in kept.items()}
            self.parameters = {own: name for name, own in kept.items()}

    @torch.no_grad()
    def after_step(self, optimizer: AdamW | torch.optim.Optimizer) -> None:
        """Moves the weights back, at the learning rate that each of them has in this update."""
        for group in optimizer.param_groups if self.strength else ():
            moved = [own for own in group["params"] if own in self.parameters]
            starts = [self.start[self.parameters[own]] for own in moved]
            if moved:
                torch._foreach_lerp_(moved, starts, min(1.0, group["lr"] * self.strength))

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps: the starting point, for its model may change before training is resumed."""
        return {"l2_sp": self.start} if self.strength else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes the starting point that a checkpoint kept.

        Raises:
            SeqtasksError: It has none, because it was trained without.
        """
        if self.strength and "l2_sp" not in state:
            raise SeqtasksError(
                "training.l2_sp: the checkpoint was trained without it, and its starting point is not known.",
                "Leave it at 0, or train into another directory (--output).",
            )
        for name, tensor in self.start.items():
            tensor.copy_(state["l2_sp"][name])
