"""The optimizer and its learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import nn

from seqtasks.config.training import TrainingConfig
from seqtasks.training.adamw import AdamW


def make_optimizer(
    model: nn.Module, settings: TrainingConfig, is_new: Callable[[str], bool] = lambda name: True
) -> AdamW:
    """AdamW (Loshchilov & Hutter 2019); vectors (biases, norms) are not decayed.

    Args:
        model: A module with a `lr_multiplier` learns at so many times the learning rate: a part that was trained
            before. One with `learns_from` does not learn before that update.
        settings: Learning rate, weight decay and so on.
        is_new: Whether the parameter of this name is new; others come from the model that training starts from, and
            learn at `pretrained_lr_scale` times the rate.
    """
    scales: dict[nn.Parameter, float] = {}
    beginnings: dict[nn.Parameter, int] = {}
    for module in model.modules():  # outer ones first
        if module is model or hasattr(module, "lr_multiplier"):
            scales |= dict.fromkeys(module.parameters(), getattr(module, "lr_multiplier", 1.0))
        if module is model or hasattr(module, "learns_from"):
            beginnings |= dict.fromkeys(module.parameters(), getattr(module, "learns_from", 0))
    for name, parameter in model.named_parameters():
        if not is_new(name):
            scales[parameter] *= settings.pretrained_lr_scale
    trained = [parameter for parameter in scales if parameter.requires_grad]
    kinds = {(1.0, 0), *((scales[p], beginnings[p]) for p in trained)}
    groups = [
        {
            "params": [p for p in trained if (scales[p], beginnings[p]) == kind and (p.dim() > 1) == decayed],
            "weight_decay": settings.weight_decay if decayed else 0.0,
            "scale": kind[0],
            "learns_from": kind[1],
        }
        for kind in sorted(kinds, key=lambda kind: (-kind[0], kind[1]))
        for decayed in (True, False)
    ]
    return AdamW(groups, lr=settings.learning_rate, betas=settings.betas)


def set_learning_rate(optimizer: AdamW, rate: float, step: int) -> None:
    """Sets the learning rate of all parameters for update `step`, of some of them scaled, or 0 when it is too early."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"] if step >= group["learns_from"] else 0.0


def learning_rate(step: int, settings: TrainingConfig) -> float:
    """The learning rate of update `step`, counted from 1: a linear rise over the warm-up, then the schedule.

    "inverse_sqrt" falls with 1/sqrt(step) (Vaswani et al. 2017, equation 3), "cosine" to 0 at the last step
    (Loshchilov & Hutter 2017), "constant" not at all.
    """
    peak, warmup = settings.learning_rate, settings.warmup_steps
    if step < warmup:
        return peak * step / warmup
    if settings.lr_scheduler == "inverse_sqrt":
        return peak * math.sqrt(max(1, warmup) / step)
    if settings.lr_scheduler == "cosine":
        progress = min(1.0, (step - warmup) / max(1, settings.max_steps - warmup))
        return peak * 0.5 * (1 + math.cos(math.pi * progress))
    return peak
