"""The LSTM decoder with attention, fused over time in training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn

from seqtasks.decoders.base import Decoder, DecoderOutput
from seqtasks.incremental_state import HypothesisTokens, NextLogits, State
from seqtasks.layers.attention import AdditiveAttention, DotAttention, ProjectedMemory
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Memory
from seqtasks.layers.recurrent import lstm_step, recurrent_layer
from seqtasks.registry import ConfigModel


class LSTMState(NamedTuple):
    """What belongs to one hypothesis: hidden and cell state, a layer each, and the vector that is fed back."""

    hidden: tuple[Float[Tensor, "rows hyps dim"], ...]
    cell: tuple[Float[Tensor, "rows hyps dim"], ...]
    input_feed: Float[Tensor, "rows hyps embedding_dim"] | None


Recur = Callable[[int, Tensor], Tensor]
"""Runs layer i over (rows, length, width) inputs, where length is time or hypotheses."""


class LstmDecoder(Decoder):
    """An LSTM that looks at the memory.

    The first layer reads the target alone; its states query the attention; every further layer reads the states
    below it and the context (the order of GNMT, Wu et al. 2016, and RNMT+, Chen et al. 2018). No layer needs the
    step before it from the layer above, so training runs each layer over the whole target in one fused call.

    With `input_feeding` the last attentional vector is an input of the first layer (Luong et al. 2015,
    section 3.3), which makes training a loop over time.
    """

    class Config(ConfigModel):
        kind: Literal["lstm"] = "lstm"
        hidden_size: int = Field(default=512, gt=0)
        """Width of the LSTM."""
        num_layers: int = Field(default=2, gt=0)
        """Stacked LSTM layers."""
        attention: Literal["dot", "additive"] = "dot"
        """Attention scores: a bilinear product (Luong et al. 2015), or a one-layer network (Bahdanau et al. 2015)."""
        dropout: float = Field(default=0.3, ge=0, lt=1)
        """Dropout between layers and before the output layer."""
        input_feeding: bool = False
        """Whether the last attentional vector is an input of the first layer (Luong et al. 2015, section 3.3);
        slower."""

    def __init__(self, config: Config, embedding: TokenEmbedding, memory_dim: int, *, tie_output: bool) -> None:
        super().__init__(config, embedding, memory_dim, tie_output=tie_output)
        self.input_feeding = config.input_feeding
        first = embedding.dim * (2 if config.input_feeding else 1)
        widths = [first] + [config.hidden_size + memory_dim] * (config.num_layers - 1)
        self.layers = nn.ModuleList(recurrent_layer("lstm", width, config.hidden_size) for width in widths)
        self.start_hidden = nn.Linear(memory_dim, config.hidden_size * config.num_layers)
        self.start_cell = nn.Linear(memory_dim, config.hidden_size * config.num_layers)
        kind = AdditiveAttention if config.attention == "additive" else DotAttention
        self.attention = kind(config.hidden_size, memory_dim, config.hidden_size)
        self.combine = nn.Linear(config.hidden_size + memory_dim, embedding.dim)
        self.dropout = Dropout(config.dropout)

    def forward(self, tokens: Int[Tensor, "rows tgt"], memory: Memory, *, attention: bool = False) -> DecoderOutput:
        """Runs each layer over the whole target; with `input_feeding` token by token, which is slower."""
        attended, state = self.attention.project_memory(memory), self.init_state(memory, 1)
        inputs = self.embedding.apply_dropout(self.embedding(tokens))
        if self.input_feeding:
            outputs, weights = [], []
            for position in range(tokens.shape[1]):
                output, looked, state = self.recur(inputs[:, position : position + 1], attended, state)
                outputs.append(output)
                weights.append(looked)
            return DecoderOutput(torch.cat(outputs, dim=1), torch.cat(weights, dim=1) if attention else None)

        def over_time(index: int, layer_inputs: Tensor) -> Tensor:
            start = (state.hidden[index].transpose(0, 1).contiguous(), state.cell[index].transpose(0, 1).contiguous())
            outputs: Tensor = self.layers[index](layer_inputs, start)[0]
            return outputs

        states, looked = self.attend(inputs, attended, over_time)
        return DecoderOutput(states, looked if attention else None)

    def start(self, memory: Memory, hyps: int, capacity: int) -> State:
        """Holds the projected memory (per row) and the LSTM's states (per hypothesis)."""
        return State(self.attention.project_memory(memory), self.init_state(memory, hyps))

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Runs every layer once and looks at the memory once."""
        inputs = self.embedding.apply_dropout(self.embedding(tokens))
        output, _, live = self.recur(inputs, state.per_row, state.per_hypothesis)
        return self.project(output), State(state.per_row, live)

    def init_state(self, memory: Memory, hyps: int) -> LSTMState:
        """The LSTM's first states (rows, hyps, hidden_size) of every layer: a tanh layer over the memory's summary."""

        def spread(values: Tensor) -> tuple[Tensor, ...]:
            parts = torch.tanh(values).unsqueeze(1).expand(-1, hyps, -1).chunk(len(self.layers), dim=2)
            return tuple(part.contiguous() for part in parts)

        hidden, cell = spread(self.start_hidden(memory.summary)), spread(self.start_cell(memory.summary))
        rows = memory.summary.shape[0]
        fed = hidden[0].new_zeros(rows, hyps, self.embedding.dim) if self.input_feeding else None
        return LSTMState(hidden, cell, fed)

    def recur(
        self, inputs: Float[Tensor, "rows hyps embedding_dim"], attended: ProjectedMemory, state: LSTMState
    ) -> tuple[Float[Tensor, "rows hyps embedding_dim"], Float[Tensor, "rows hyps src"], LSTMState]:
        """One step of every hypothesis."""
        hidden, cell = list(state.hidden), list(state.cell)

        def over_hypotheses(index: int, layer_inputs: Tensor) -> Tensor:
            layer: Any = self.layers[index]
            hidden[index], cell[index] = lstm_step(layer, layer_inputs, hidden[index], cell[index])
            return hidden[index]

        if state.input_feed is not None:
            inputs = torch.cat([inputs, state.input_feed.to(inputs.dtype)], dim=2)
        output, weights = self.attend(inputs, attended, over_hypotheses)
        return output, weights, LSTMState(tuple(hidden), tuple(cell), None if state.input_feed is None else output)

    def attend(
        self, inputs: Float[Tensor, "rows length width"], attended: ProjectedMemory, recur: Recur
    ) -> tuple[Float[Tensor, "rows length embedding_dim"], Float[Tensor, "rows length src"]]:
        """All layers over inputs of any length; also returns where each of them looked."""
        states = self.dropout(recur(0, inputs))
        context, weights = self.attention(states, attended)
        for index in range(1, len(self.layers)):
            states = self.dropout(recur(index, torch.cat([states, context], dim=2)))
        combined = torch.tanh(self.combine(torch.cat([states, context], dim=2)))
        return self.dropout(combined), weights
