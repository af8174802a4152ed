"""Recurrent layers over padded batches: results never depend on the padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.layers.memory import Mask, SourceStates
from seqtasks.layers.pooling import last_state
from seqtasks.layers.weight_dropout import WeightDropout

Cell = Literal["rnn", "gru", "lstm"]
CELLS: dict[Cell, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


Inputs = Float[Tensor, "*rows input_dim"]
Hidden = Float[Tensor, "*rows dim"]
Gates = Float[Tensor, "*rows gates"]


def recurrent_layer(cell: Cell, input_dim: int, dim: int) -> nn.RNNBase:
    """One layer, one direction, batch-first; an LSTM starts with its forget gates open (Jozefowicz et al. 2015)."""
    layer = CELLS[cell](input_dim, dim, batch_first=True)
    if isinstance(layer, nn.LSTM):
        with torch.no_grad():
            layer.get_parameter("bias_ih_l0")[dim : 2 * dim] = 1.0
            layer.get_parameter("bias_hh_l0")[dim : 2 * dim] = 0.0
    return layer


def recurrent_step(layer: nn.RNNBase, inputs: Inputs, states: Sequence[Hidden]) -> tuple[Hidden, ...]:
    """What a layer remembers after one more input: its hidden state, which is its output, and an LSTM's cell.

    The fused kernel prepares its weights at each call, which over one step takes 2 to 10 times as long as the step.
    """
    if isinstance(layer, nn.LSTM):
        return lstm_step(layer, inputs, *states)
    return ((gru_step if isinstance(layer, nn.GRU) else rnn_step)(layer, inputs, *states),)


def lstm_step(layer: nn.RNNBase, inputs: Inputs, hidden: Hidden, cell: Hidden) -> tuple[Hidden, Hidden]:
    """One step of an LSTM, as two plain products: the fused kernel prepares its weights at every call.

    Args:
        layer: Its weights are used; it has one layer and one direction.
        inputs: (..., input_dim).
        hidden: (..., dim).
        cell: (..., dim).

    Returns:
        The hidden state after the input, and the cell, in float32.
    """
    from_input, from_hidden = contributions(layer, inputs, hidden)
    gates, dim = from_input + from_hidden, hidden.shape[-1]
    write, forget = gates[..., : 2 * dim].sigmoid().chunk(2, dim=-1)
    candidate, read = gates[..., 2 * dim : 3 * dim].tanh(), gates[..., 3 * dim :].sigmoid()
    new_cell = torch.addcmul(forget * cell.float(), write, candidate)
    return (read * new_cell.tanh()).to(hidden.dtype), new_cell


def gru_step(layer: nn.RNNBase, inputs: Inputs, hidden: Hidden) -> Hidden:
    """The hidden state after one more input; it is reset after its product with the weights, as in fused kernels."""
    (*gates_in, candidate_in), (*gates_hidden, candidate_hidden) = (
        values.chunk(3, dim=-1) for values in contributions(layer, inputs, hidden)
    )
    reset, keep = ((one + two).sigmoid() for one, two in zip(gates_in, gates_hidden, strict=True))
    candidate = torch.tanh(candidate_in + reset * candidate_hidden)
    return ((1 - keep) * candidate + keep * hidden.float()).to(hidden.dtype)


def rnn_step(layer: nn.RNNBase, inputs: Inputs, hidden: Hidden) -> Hidden:
    """The hidden state after one more input."""
    from_input, from_hidden = contributions(layer, inputs, hidden)
    return (from_input + from_hidden).tanh().to(hidden.dtype)


def contributions(layer: nn.RNNBase, inputs: Inputs, hidden: Hidden) -> tuple[Gates, Gates]:
    """What the input and what the hidden state add to every gate, in float32."""
    from_input, from_hidden = (
        functional.linear(values, layer.get_parameter(f"weight_{name}_l0"), layer.get_parameter(f"bias_{name}_l0"))
        for name, values in (("ih", inputs), ("hh", hidden))
    )
    return from_input.float(), from_hidden.float()


class BidirectionalLayer(nn.Module):
    """One layer in one or both directions.

    The way back reads each row's real tokens in reverse, so the fused kernels run on plain padded tensors:
    padding comes last in both directions and cannot reach a real position.

    Args:
        cell: "rnn", "gru" or "lstm".
        input_dim: The width of what it reads.
        dim: The width of the output, shared between the directions.
        both_directions: Reads backward, too.
        weight_dropout: Of the recurrent weights (Merity et al. 2018).
    """

    def __init__(
        self, cell: Cell, input_dim: int, dim: int, *, both_directions: bool, weight_dropout: float = 0.0
    ) -> None:
        super().__init__()
        part = dim // 2 if both_directions else dim
        self.forwards = recurrent_layer(cell, input_dim, part)
        self.backwards = recurrent_layer(cell, input_dim, part) if both_directions else None
        self.weight_dropout = WeightDropout(weight_dropout)

    def forward(
        self, inputs: Float[Tensor, "rows src input_dim"], mask: Mask
    ) -> tuple[SourceStates, Float[Tensor, "rows dim"]]:
        """The outputs at each position, and the last real state of each direction side by side."""
        outputs, _ = self.weight_dropout.run(self.forwards, inputs, None)
        summary = last_state(outputs, mask)
        if self.backwards is None:
            return outputs, summary
        reversed_outputs, _ = self.weight_dropout.run(self.backwards, reverse_padded(inputs, mask), None)
        outputs = torch.cat([outputs, reverse_padded(reversed_outputs, mask)], dim=2)
        return outputs, torch.cat([summary, last_state(reversed_outputs, mask)], dim=1)


def reverse_padded(values: Float[Tensor, "rows src width"], mask: Mask) -> Float[Tensor, "rows src width"]:
    """Each row's real positions in reverse, its padding where it was. Twice is nothing."""
    turned: Tensor = _Permute.apply(values, reversed_positions(mask))
    return turned


def reversed_positions(mask: Mask) -> Int[Tensor, "positions"]:
    """Where each position of the flattened batch finds its mirror image among its row's real positions."""
    rows, length = mask.shape
    positions = torch.arange(length, device=mask.device).expand(rows, length)
    mirrored = torch.where(mask, mask.sum(dim=1, keepdim=True) - 1 - positions, positions)
    return (mirrored + torch.arange(rows, device=mask.device).unsqueeze(1) * length).flatten()


class _Permute(torch.autograd.Function):
    """Reads the flattened positions in another order that is its own inverse, so the way back is the same read."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, order: Tensor) -> Tensor:
        ctx.save_for_backward(order)
        return inputs.flatten(0, 1).index_select(0, order).view(inputs.shape)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (order,) = ctx.saved_tensors
        return gradient.flatten(0, 1).index_select(0, order).view(gradient.shape), None
