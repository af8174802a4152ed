"""What an ONNX model computes: the source once, then a step of all hypotheses at a time, with plain tensors between.

`memory` is what the hypotheses of a row have in common, tensors (rows, ...); `state` is what belongs to one of them,
tensors (rows, hyps, ...), so that a search reorders all of it alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from seqtasks.decoders import LstmDecoder, TransformerDecoder
from seqtasks.decoders.lstm import LSTMState
from seqtasks.incremental_state import State
from seqtasks.layers.attention import KeysValues, ProjectedMemory, mask_bias
from seqtasks.layers.memory import Memory
from seqtasks.layers.transformer import embed_with_positions
from seqtasks.models import EncoderDecoder
from seqtasks.special_tokens import PAD

Axes = list[dict[int, str]]
"""Of each tensor the axes whose sizes are not the model's, with their names."""


class TransformerSteps:
    """A Transformer decoder that carries each hypothesis' own keys and values, which grow by a position a step."""

    def __init__(self, decoder: TransformerDecoder) -> None:
        self.decoder = decoder
        pairs = 2 * len(decoder.layers)
        self.memory_axes: Axes = [{0: "rows", 2: "source"}] * pairs + [{0: "rows", 3: "source"}]
        self.state_axes: Axes = [{0: "rows", 1: "hypotheses", 3: "past"}] * pairs

    def start(self, memory: Memory) -> tuple[list[Tensor], list[Tensor]]:
        """What the memory gives (each layer's keys and values, the bias), and one hypothesis' empty keys and values."""
        bias = mask_bias(memory.mask, memory.states.dtype)[:, None, None, :]
        projected = [layer.memory_attention.project_memory(memory.states, bias) for layer in self.decoder.layers]
        remembered = [part for one in projected for part in (one.keys, one.values)]
        return [*remembered, bias], [part[:, None, :, :0] for part in remembered]

    def step(
        self, tokens: Int[Tensor, "rows hyps"], memory: Sequence[Tensor], state: Sequence[Tensor]
    ) -> tuple[Float[Tensor, "rows hyps vocab"], list[Tensor]]:
        """Reads a token of every hypothesis, whose keys and values are (rows, hyps, heads, positions, head_dim)."""
        rows, hyps = tokens.shape
        position = state[0].shape[3]
        *remembered, memory_bias = memory
        states = embed_with_positions(self.decoder.embedding, tokens, position, 1, self.decoder.positions)
        nothing_hidden = states.new_zeros(1, 1, 1, position + 1)
        carried: list[Tensor] = []
        for number, layer in enumerate(self.decoder.layers):
            own = slice(2 * number, 2 * number + 2)
            alone = layer.before(layer.attention_norm, states).reshape(rows * hyps, 1, -1)
            past = KeysValues(*(part.flatten(0, 1) for part in state[own]))
            attended, everything = layer.attention.read(alone, past, nothing_hidden)
            carried += [part.view(rows, hyps, *part.shape[1:]) for part in everything]
            states = layer.after(layer.attention_norm, states, attended.reshape(rows, hyps, -1))
            keys, values = remembered[own]
            states = layer.after_self_attention(states, ProjectedMemory(keys, values, memory_bias))
        return self.decoder.project(self.decoder.norm(states)), carried


class LstmSteps:
    """An LSTM decoder that carries its hidden and cell states, and what is fed back."""

    def __init__(self, decoder: LstmDecoder) -> None:
        self.decoder = decoder
        self.memory_axes: Axes = [{0: "rows", 1: "source"}] * len(ProjectedMemory._fields)
        self.state_axes: Axes = [{0: "rows", 1: "hypotheses"}] * (2 * len(decoder.layers) + decoder.input_feeding)

    def start(self, memory: Memory) -> tuple[list[Tensor], list[Tensor]]:
        """What the memory gives (keys, values, bias), and the first state of one hypothesis."""
        return list(self.decoder.attention.project_memory(memory)), leaves(self.decoder.init_state(memory, 1))

    def step(
        self, tokens: Int[Tensor, "rows hyps"], memory: Sequence[Tensor], state: Sequence[Tensor]
    ) -> tuple[Float[Tensor, "rows hyps vocab"], list[Tensor]]:
        """Reads a token of every hypothesis with the decoder's own step."""
        layers = len(self.decoder.layers)
        fed = state[2 * layers] if self.decoder.input_feeding else None
        live = LSTMState(tuple(state[:layers]), tuple(state[layers : 2 * layers]), fed)
        logits, after = self.decoder.step(tokens, 0, State(ProjectedMemory(*memory), live))
        return logits, leaves(after.per_hypothesis)


Steps = TransformerSteps | LstmSteps


def leaves(recurrence: LSTMState) -> list[Tensor]:
    """The tensors of a state as `step` takes them: hidden and cell of each layer, and what is fed back."""
    fed = [] if recurrence.input_feed is None else [recurrence.input_feed]
    return [*recurrence.hidden, *recurrence.cell, *fed]


class SourceGraph(nn.Module):
    """Reads sources, padded with 0: the memory, and the state of one hypothesis before its first step."""

    def __init__(self, model: EncoderDecoder, steps: Steps) -> None:
        super().__init__()
        self.model = model
        self.steps = steps

    def forward(self, tokens: Int[Tensor, "rows src"]) -> tuple[list[Tensor], list[Tensor]]:
        """The tensors of the memory, and those of the state; tokens that are 0 are padding."""
        return self.steps.start(self.model.encode(tokens, tokens != PAD))


class StepGraph(nn.Module):
    """Reads a token of every hypothesis: log-probabilities of the next, and the state after it."""

    def __init__(self, model: EncoderDecoder, steps: Steps) -> None:
        super().__init__()
        self.decoder = model.decoder
        self.steps = steps

    def forward(
        self, tokens: Int[Tensor, "rows hyps"], memory: list[Tensor], state: list[Tensor]
    ) -> tuple[Float[Tensor, "rows hyps vocab"], list[Tensor]]:
        """Natural logarithms of the probabilities of the next token, and the state after this one."""
        logits, after = self.steps.step(tokens, memory, state)
        return torch.log_softmax(logits, dim=2), after
