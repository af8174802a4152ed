"""DropConnect inside a recurrence, with the kernel that is fused over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqtasks.layers.dropout import Dropout

KERNELS: dict[type[nn.RNNBase], Callable[..., tuple[Tensor, ...]]] = {
    nn.RNN: torch.rnn_tanh,
    nn.GRU: torch.gru,
    nn.LSTM: torch.lstm,
}


class WeightDropout(Dropout):
    """Hidden-to-hidden weights are zero with `probability` in training, the rest scaled up (Wan et al. 2013).

    One mask holds for all rows and positions of a call (AWD-LSTM, Merity et al. 2018, section 2), so that what a row
    remembers is never hidden from it at one position only.
    """

    def run(
        self, layer: nn.RNNBase, inputs: Float[Tensor, "rows length input_dim"], start: tuple[Tensor, ...] | None
    ) -> tuple[Float[Tensor, "rows length dim"], tuple[Tensor, ...]]:
        """The layer over time: its outputs and its last states. All states are (rows, dim); without a start zeros."""
        several = isinstance(layer, nn.LSTM)
        first: Any = None
        if start is not None:
            states = tuple(state.to(inputs.dtype).unsqueeze(0) for state in start)
            first = states if several else states[0]
        if not self.training or self.probability == 0:
            outputs, last = layer(inputs, first)
            return outputs, tuple(state.squeeze(0) for state in (last if several else (last,)))
        if first is None:
            zeros = inputs.new_zeros(1, len(inputs), layer.hidden_size)
            first = (zeros, zeros) if several else zeros
        weights = [layer.get_parameter(name) for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")]
        weights[1] = self(weights[1])
        outputs, *kept = KERNELS[type(layer)](inputs, first, weights, True, 1, 0.0, True, False, True)
        return outputs, tuple(state.squeeze(0) for state in kept)
