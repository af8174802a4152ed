"""Averages of weights over training: they generalise better than the last ones (Polyak & Juditsky 1992)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from seqtasks.config.training import TrainingConfig

Weights = dict[str, Tensor]


class Averaging(ABC):
    """Which weights are validated and kept. `weights` are the live ones, trained in place."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    @abstractmethod
    def after_step(self, step: int) -> None:
        """Takes note of the weights after update `step`."""

    @abstractmethod
    def before_validation(self) -> None:
        """Takes note of the weights at a validation."""

    @abstractmethod
    def average(self) -> Weights:
        """The weights to use: copies, or the live ones where nothing is averaged."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]: ...

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class NoAveraging(Averaging):
    """The latest weights."""

    def after_step(self, step: int) -> None:
        pass

    def before_validation(self) -> None:
        pass

    def average(self) -> Weights:
        return {name: tensor.detach().clone() for name, tensor in self.weights.items()}

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


class EMA(Averaging):
    """Each update moves the mean towards the weights by `1 - decay`, faster at first: decay <= (1 + t) / (10 + t)."""

    def __init__(self, weights: Weights, decay: float) -> None:
        super().__init__(weights)
        self.decay = decay
        self.mean = {name: tensor.detach().clone() for name, tensor in weights.items()}
        self.floating = [name for name, tensor in weights.items() if tensor.is_floating_point()]

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(
            [self.mean[name] for name in self.floating], [self.weights[name] for name in self.floating], share
        )

    def before_validation(self) -> None:
        pass

    def average(self) -> Weights:
        return {name: tensor.clone() for name, tensor in self.mean.items()}

    def state_dict(self) -> dict[str, Any]:
        return {"mean": self.mean}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, tensor in self.mean.items():
            tensor.copy_(state["mean"][name])


class CheckpointAverage(Averaging):
    """The mean of the weights at the last `count` validations (Vaswani et al. 2017, section 6.1)."""

    def __init__(self, weights: Weights, count: int) -> None:
        super().__init__(weights)
        self.count = count
        self.kept: list[Weights] = []

    def after_step(self, step: int) -> None:
        pass

    def before_validation(self) -> None:
        self.kept = [*self.kept, {name: tensor.detach().clone() for name, tensor in self.weights.items()}]
        self.kept = self.kept[-self.count :]

    def average(self) -> Weights:
        if not self.kept:
            return {name: tensor.detach().clone() for name, tensor in self.weights.items()}
        return {
            name: torch.stack([weights[name] for weights in self.kept]).mean(dim=0)
            if latest.is_floating_point()
            else latest.clone()
            for name, latest in self.kept[-1].items()
        }

    def state_dict(self) -> dict[str, Any]:
        return {"kept": self.kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.kept = [
            {name: tensor.to(self.weights[name].device) for name, tensor in weights.items()}
            for weights in state["kept"]
        ]


def make_averaging(weights: Weights, settings: TrainingConfig) -> Averaging:
    if settings.averaging == "ema":
        return EMA(weights, settings.ema_decay)
    if settings.averaging == "last":
        return CheckpointAverage(weights, settings.average_last_n)
    return NoAveraging(weights)
