"""The simpler simple recurrent unit, which reads a sequence in place of self-attention."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqtasks.layers.attention import States


class SSRU(nn.Module):
    """One gate and no memory of outputs: a step costs the same however long the sequence is.

    Kim et al. 2019, "From Research to Production and Back", section 2.2; as in Marian.

    Args:
        dim: The width of what it reads and gives.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.candidate = nn.Linear(dim, dim, bias=False)
        self.forget = nn.Linear(dim, dim)

    def forward(self, inputs: States) -> States:
        """All positions, from the first on."""
        candidates, forget = self.parts(inputs)
        cell, cells = torch.zeros_like(inputs[:, 0], dtype=torch.float32), []
        for kept, new in zip(forget.unbind(1), candidates.unbind(1), strict=True):
            cell = kept * cell + new
            cells.append(cell)
        return torch.stack(cells, dim=1).relu().to(candidates.dtype)

    def step(
        self, inputs: Float[Tensor, "rows hyps dim"], cell: Float[Tensor, "rows hyps dim"]
    ) -> tuple[Float[Tensor, "rows hyps dim"], Float[Tensor, "rows hyps dim"]]:
        """One position of every hypothesis: its output, and its new cell, which is float32 in any precision."""
        candidate, forget = self.parts(inputs)
        cell = forget * cell + candidate
        return cell.relu().to(candidate.dtype), cell

    def parts(self, inputs: Float[Tensor, "*shape dim"]) -> tuple[Tensor, Tensor]:
        """What is written into the cell, and how much of the cell is kept: c' = f c + (1 - f) W x."""
        forget = self.forget(inputs).sigmoid()
        return (1 - forget) * self.candidate(inputs), forget
