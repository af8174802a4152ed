"""Averages of weights over training: they generalize better than the last ones (Polyak & Juditsky 1992)."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch
from torch import Tensor

from seqtasks.config.training import TrainingConfig

Weights = dict[str, Tensor]


class Averaging:
    """Which weights are validated and kept: the latest ones, where no subclass averages them.

    Args:
        weights: The live ones, by name, trained in place.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    def after_step(self, step: int) -> None:
        """Takes note of the weights after update `step`."""

    def before_validation(self) -> None:
        """Takes note of the weights at a validation."""

    def average(self) -> Weights:
        """A copy of the weights to use."""
        return copied(self.weights)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of it, besides the live weights."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from what `state_dict` gave."""


class EMA(Averaging):
    """An exponential moving average: each update moves the mean towards the weights by `1 - decay`.

    At first it moves faster: decay <= (1 + t) / (10 + t) in update t.

    Args:
        weights: The live ones.
        decay: Below 1; the mean is of about the last 1 / (1 - decay) updates.
    """

    def __init__(self, weights: Weights, decay: float) -> None:
        super().__init__(weights)
        self.decay = decay
        self.mean = copied(weights)
        self.floating = [name for name, tensor in weights.items() if tensor.is_floating_point()]

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        """Moves the mean towards the weights."""
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(
            [self.mean[name] for name in self.floating], [self.weights[name] for name in self.floating], share
        )

    def average(self) -> Weights:
        """A copy of the mean."""
        return copied(self.mean)

    def state_dict(self) -> dict[str, Any]:
        """The mean."""
        return {"mean": self.mean}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes the saved mean."""
        for name, tensor in self.mean.items():
            tensor.copy_(state["mean"][name])


class CheckpointAverage(Averaging):
    """The mean of the weights at the last validations (Vaswani et al. 2017, section 6.1).

    Args:
        weights: The live ones.
        count: Of how many validations.
    """

    def __init__(self, weights: Weights, count: int) -> None:
        super().__init__(weights)
        self.kept: deque[Weights] = deque(maxlen=count)

    def before_validation(self) -> None:
        """Keeps a copy of the weights; the oldest of `count` goes."""
        self.kept.append(copied(self.weights))

    def average(self) -> Weights:
        """The mean of the kept weights, or the live ones where none are kept yet."""
        average = copied(self.kept[-1] if self.kept else self.weights)
        for name, latest in average.items():
            if self.kept and latest.is_floating_point():
                average[name] = torch.stack([weights[name] for weights in self.kept]).mean(dim=0)
        return average

    def state_dict(self) -> dict[str, Any]:
        """The kept weights."""
        return {"kept": list(self.kept)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes the saved weights, on the device of the live ones."""
        for weights in state["kept"]:
            self.kept.append({name: tensor.to(self.weights[name].device) for name, tensor in weights.items()})


def copied(weights: Weights) -> Weights:
    """A copy of each tensor, without gradients."""
    return {name: tensor.detach().clone() for name, tensor in weights.items()}


def make_averaging(weights: Weights, settings: TrainingConfig) -> Averaging:
    """What `averaging` of the settings asks for."""
    if settings.averaging == "ema":
        return EMA(weights, settings.ema_decay)
    if settings.averaging == "last":
        return CheckpointAverage(weights, settings.average_last_n)
    return Averaging(weights)
