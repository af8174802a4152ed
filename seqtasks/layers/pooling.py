"""From the states of a text to one vector for all of it. Padding changes nothing; an empty row gives zeros."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqtasks.layers.attention import mask_bias, softmax_fp32
from seqtasks.layers.memory import Mask, SourceStates

PoolingKind = Literal["last", "mean", "max", "attention"]


class Pooling(nn.Module):
    """One vector for each row of states.

    last: the state where reading ended; of the backward direction, the second half of each state, that is the first
    position. mean and max: over the real positions, element by element. attention: a mean whose weights are learned.

    Args:
        kind: "last", "mean", "max" or "attention".
        dim: The width of the states.
        both_directions: The second half of each state comes from reading backward.
    """

    def __init__(self, kind: PoolingKind, dim: int, *, both_directions: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self.both_directions = both_directions
        self.attention = AttentionPooling(dim) if kind == "attention" else None

    def forward(self, states: SourceStates, mask: Mask) -> Float[Tensor, "rows dim"]:
        """Pools the real positions; a row without any gives zeros."""
        if self.attention is not None:
            pooled: Tensor = self.attention(states, mask)
        elif self.kind == "last":
            pooled = last_state(states, mask)
            if self.both_directions:
                half = states.shape[2] // 2
                pooled = torch.cat([pooled[:, :half], states[:, 0, half:]], dim=1)
        elif self.kind == "max":
            pooled = states.masked_fill(~mask.unsqueeze(2), torch.finfo(states.dtype).min).amax(dim=1)
        else:
            pooled = mean_state(states, mask)
        return pooled.masked_fill(~mask.any(dim=1, keepdim=True), 0)

    def extra_repr(self) -> str:
        """What `print(model)` shows of it."""
        return self.kind


class AttentionPooling(nn.Module):
    """A one-layer network looks at each state and a learned vector weighs what it sees (Yang et al. 2016, eq. 5-7)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(dim, dim)
        self.score = nn.Linear(dim, 1, bias=False)

    def forward(self, states: SourceStates, mask: Mask) -> Float[Tensor, "rows dim"]:
        """The sum of the states, weighted; weights of real positions sum to one."""
        return (self.weights(states, mask).unsqueeze(1) @ states).squeeze(1)

    def weights(self, states: SourceStates, mask: Mask) -> Float[Tensor, "rows src"]:
        """How much each state counts: 0 at padding, 1 in all."""
        scores: Tensor = self.score(self.hidden(states).tanh()).squeeze(2)
        return softmax_fp32(scores + mask_bias(mask, scores.dtype))


def last_state(states: SourceStates, mask: Mask) -> Float[Tensor, "rows dim"]:
    """The state of each row's last real position."""
    last = (mask.sum(dim=1) - 1).clamp(min=0)
    return states[torch.arange(len(last), device=last.device), last]


def mean_state(states: SourceStates, mask: Mask) -> Float[Tensor, "rows dim"]:
    """The mean of each row's real states."""
    real = mask.unsqueeze(2).to(states.dtype)
    return (states * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)
