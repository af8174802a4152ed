"""Dropout that is cheap on a CPU."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class Dropout(nn.Module):
    """Zeroes each element with `probability` in training and scales up the rest (Srivastava et al. 2014).

    On a CPU one random 64-bit number decides over eight elements, so the probability is rounded to 1/256 there.
    PyTorch draws one number an element, which takes ten times as long and dominates a small model's training.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The values themselves out of training; in training a new draw at each call."""
        if not self.training or self.probability == 0:
            return values
        if values.device.type != "cpu":
            return functional.dropout(values, self.probability)
        return self.masked(values, None)

    def add(self, residual: Float[Tensor, "*shape"], values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """`residual + dropout(values)` in one pass."""
        if not self.training or self.probability == 0:
            return residual + values
        if values.device.type != "cpu":
            return residual + functional.dropout(values, self.probability)
        return self.masked(values, residual)

    def by_row(self, values: Float[Tensor, "rows length dim"]) -> Float[Tensor, "rows length dim"]:
        """Zeroes the same elements at all positions of a row ("variational" dropout, Gal & Ghahramani 2016)."""
        if not self.training or self.probability == 0:
            return values
        kept: Tensor = self(torch.ones_like(values[:, :1]))
        return values * kept

    def masked(
        self, values: Float[Tensor, "*shape"], residual: Float[Tensor, "*shape"] | None
    ) -> Float[Tensor, "*shape"]:
        """Values with dropout, plus a `residual` of the same shape in the same pass where there is one. For a CPU."""
        masked: Tensor = _MaskedSum.apply(values, *keep_mask(values, self.probability), residual)
        return masked

    def extra_repr(self) -> str:
        """What `print(model)` shows of it."""
        return f"probability={self.probability}"


def keep_mask(values: Float[Tensor, "*shape"], probability: float) -> tuple[Float[Tensor, "*shape"], float]:
    """A mask of ones and zeros like `values`, and the factor that keeps the expectation."""
    threshold = min(round(probability * 256), 255)
    words = torch.empty(values.numel() // 8 + 1, dtype=torch.int64).random_(-(2**63), None)
    noise = words.view(torch.uint8)[: values.numel()].view(values.shape)
    mask = torch.empty_like(values, memory_format=torch.contiguous_format)
    torch.ge(noise, threshold, out=mask)
    return mask, 256 / (256 - threshold)


class _MaskedSum(torch.autograd.Function):
    """`values * mask * scale (+ residual)`; only the mask is kept for the way back."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, mask: Tensor, scale: float, residual: Tensor | None) -> Tensor:
        ctx.save_for_backward(mask)
        ctx.scale = scale
        ctx.residual_dtype = None if residual is None else residual.dtype
        if residual is None:
            return (values * mask).mul_(scale)
        return torch.addcmul(residual, values, mask, value=scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (mask,) = ctx.saved_tensors
        residual = None if ctx.residual_dtype is None else gradient.to(ctx.residual_dtype)
        return (gradient * mask).mul_(ctx.scale).to(mask.dtype), None, None, residual
