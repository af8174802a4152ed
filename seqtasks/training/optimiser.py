"""The optimiser and its learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from seqtasks.training.settings import TrainingSettings


def make_optimiser(parameters: Iterable[nn.Parameter], settings: TrainingSettings) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019); vectors (biases, norms) are not decayed."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=settings.betas, eps=1e-8, fused=True)


def learning_rate(step: int, settings: TrainingSettings) -> float:
    """The learning rate of update `step`, counted from 1: a linear rise over the warm-up, then the schedule.

    "inverse_sqrt" falls with 1/sqrt(step) (Vaswani et al. 2017, equation 3), "cosine" to 0 at the last step
    (Loshchilov & Hutter 2017), "constant" not at all.
    """
    peak, warmup = settings.learning_rate, settings.warmup
    if step < warmup:
        return peak * step / warmup
    if settings.schedule == "inverse_sqrt":
        return peak * math.sqrt(max(1, warmup) / step)
    if settings.schedule == "cosine":
        progress = min(1.0, (step - warmup) / max(1, settings.steps - warmup))
        return peak * 0.5 * (1 + math.cos(math.pi * progress))
    return peak
