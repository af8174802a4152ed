"""What is carried from batch to batch in training over a stream: truncated backpropagation through time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from seqtasks.device import share_memory_like
from seqtasks.errors import SeqtasksError


class TBPTTState:
    """The last hidden states of every lane of a stream; gradients end here (Williams & Peng 1990).

    A lane is a row of the batches that goes on, window after window. The values are in memory that training processes
    share: whichever trains a lane reads and writes it.

    Args:
        lanes: Rows of the batches.
        shapes: One lane's share of each tensor.
    """

    def __init__(self, lanes: int, shapes: Sequence[tuple[int, ...]]) -> None:
        self.values = share_memory_like([torch.zeros(lanes, *shape) for shape in shapes])

    def read(self, lanes: Int[Tensor, "rows"], fresh: Bool[Tensor, "rows"]) -> list[Tensor]:
        """The values of these lanes, zeros where something new begins."""
        found, new = [values[lanes.cpu()] for values in self.values], fresh.cpu()
        return [each.masked_fill(new.view(-1, *[1] * (each.dim() - 1)), 0.0).to(lanes.device) for each in found]

    def write(self, lanes: Int[Tensor, "rows"], values: Sequence[Tensor]) -> None:
        """Keeps what the next window of these lanes begins with."""
        for kept, value in zip(self.values, values, strict=True):
            kept[lanes.cpu()] = value.detach().float().cpu()

    def state_dict(self) -> dict[str, Tensor]:
        """A copy of the carried values."""
        return {f"carried {number}": values.clone() for number, values in enumerate(self.values)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes what `state_dict` gave.

        Raises:
            SeqtasksError: There were more lanes, or fewer.
        """
        for number, values in enumerate(self.values):
            saved = state[f"carried {number}"]
            if len(saved) != len(values):
                raise SeqtasksError(
                    f"The checkpoint holds the state of {len(saved)} streams, but this run has {len(values)}.",
                    "Continue with as many as before, or train into another directory (--output).",
                )
            values.copy_(saved)
