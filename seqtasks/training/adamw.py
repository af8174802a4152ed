"""AdamW (Loshchilov & Hutter 2019), in PyTorch's fused kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

STATE = ("step", "exp_avg", "exp_avg_sq")
"""Of each parameter, as `torch.optim.AdamW` names it."""


class AdamW:
    """The updates of `torch.optim.AdamW(..., fused=True)`, with the same groups and the same state, to the last bit.

    Constructing that one imports PyTorch's compiler, which takes two seconds and a hundred MiB, whether or not anything
    is compiled.

    Args:
        groups: Dictionaries with "params" and what `torch.optim.AdamW` allows besides; what they do not say follows
            from the other arguments.
        lr: The learning rate.
        betas: How slowly the means of the gradients and of their squares move.
        eps: Added to the root of the squares' mean.
    """

    def __init__(
        self, groups: Sequence[dict[str, Any]], *, lr: float, betas: tuple[float, float], eps: float = 1e-8
    ) -> None:
        self.param_groups: list[dict[str, Any]] = [{"lr": lr, "betas": betas, "eps": eps, **group} for group in groups]
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}

    @property
    def parameters(self) -> Iterator[nn.Parameter]:
        """Those of all groups, in their order."""
        return (parameter for group in self.param_groups for parameter in group["params"])

    @torch.no_grad()
    def step(self) -> None:
        """Changes every parameter that has a gradient."""
        for group in self.param_groups:
            trained = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not trained:
                continue
            for parameter in trained:
                if parameter not in self.state:
                    step = torch.zeros((), dtype=torch.float32, device=parameter.device)
                    means = (torch.zeros_like(parameter, memory_format=torch.preserve_format) for _ in STATE[1:])
                    self.state[parameter] = dict(zip(STATE, (step, *means), strict=True))
            steps, averages, squares = [[self.state[parameter][name] for parameter in trained] for name in STATE]
            torch._foreach_add_(steps, 1)
            torch._fused_adamw_(
                trained,
                [parameter.grad for parameter in trained],
                averages,
                squares,
                [],
                steps,
                lr=group["lr"],
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=group["weight_decay"],
                eps=group["eps"],
                amsgrad=False,
                maximize=False,
            )

    def zero_grad(self) -> None:
        """Forgets all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """As that of `torch.optim.AdamW`: parameters are numbered through the groups."""
        numbers = {parameter: number for number, parameter in enumerate(self.parameters)}
        return {
            "state": {numbers[parameter]: state for parameter, state in self.state.items()},
            "param_groups": [
                {**group, "params": [numbers[parameter] for parameter in group["params"]]}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state_dict` gave, here or of `torch.optim.AdamW`.

        Raises:
            ValueError: It has other groups.
        """
        sizes, saved = (
            [len(group["params"]) for group in groups] for groups in (self.param_groups, state["param_groups"])
        )
        if sizes != saved:
            raise ValueError(f"The state has groups of {saved} parameters, where there are {sizes}.")
        parameters = list(self.parameters)
        self.state = {}
        for number, tensors in state["state"].items():
            like = parameters[number]
            dtypes = (torch.float32, like.dtype, like.dtype)
            self.state[like] = {
                name: tensors[name].to(like.device, dtype) for name, dtype in zip(STATE, dtypes, strict=True)
            }
        self.param_groups = [
            {**group, **kept, "params": group["params"]}
            for group, kept in zip(self.param_groups, state["param_groups"], strict=True)
        ]
