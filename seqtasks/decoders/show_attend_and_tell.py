"""The decoder of Show, Attend and Tell: an LSTM that looks at the image before each word."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn

from seqtasks.decoders.base import Decoder, DecoderOutput
from seqtasks.decoders.show_and_tell import LSTMState
from seqtasks.incremental_state import HypothesisTokens, NextLogits, State
from seqtasks.layers.attention import AdditiveAttention, ProjectedMemory
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Memory
from seqtasks.registry import ConfigModel


class ShowAttendAndTellDecoder(Decoder):
    """An LSTM that reads each word together with what it then sees (Xu et al. 2015, soft attention).

    The hidden state of the step before queries the attention, so training loops over time. Only what needs that
    state is in the loop: the words' part of the gates is computed before it and the output layers after it.
    """

    class Config(ConfigModel):
        kind: Literal["show-attend-and-tell"] = "show-attend-and-tell"
        hidden_size: int = Field(default=512, gt=0)
        """Width of the LSTM."""
        attention_dim: int = Field(default=256, gt=0)
        """Hidden units of the network that scores each position."""
        dropout: float = Field(default=0.3, ge=0, lt=1)
        """Dropout on the LSTM's outputs and before the output layer, never inside the recurrence."""

    def __init__(self, config: Config, embedding: TokenEmbedding, memory_dim: int, *, tie_output: bool) -> None:
        super().__init__(config, embedding, memory_dim, tie_output=tie_output)
        self.first = nn.Linear(memory_dim, 2 * config.hidden_size)
        self.attention = AdditiveAttention(config.hidden_size, memory_dim, config.attention_dim)
        self.context_gate = nn.Linear(config.hidden_size, 1)
        self.word_gates = nn.Linear(embedding.dim, 4 * config.hidden_size)
        self.gates = nn.Linear(config.hidden_size + memory_dim, 4 * config.hidden_size, bias=False)
        self.deep_output = nn.Linear(embedding.dim + config.hidden_size + memory_dim, embedding.dim)
        self.dropout = Dropout(config.dropout)
        with torch.no_grad():
            self.word_gates.bias[: config.hidden_size] = 1.0  # the forget gates start open (Jozefowicz et al. 2015)

    def forward(self, tokens: Int[Tensor, "rows tgt"], memory: Memory, *, attention: bool = False) -> DecoderOutput:
        """Goes from word to word, as each look at the memory depends on the state before it."""
        words = self.embedding.apply_dropout(self.embedding(tokens))
        attended, state = self.attention.project_memory(memory), self.init_state(memory, 1)
        hidden, contexts, weights = [], [], []
        for word_gates in self.word_gates(words).split(1, dim=1):
            state, context, looked = self.recur(word_gates, attended, state)
            hidden.append(state.hidden)
            contexts.append(context)
            weights.append(looked)
        states = self.combine(words, torch.cat(hidden, dim=1), torch.cat(contexts, dim=1))
        return DecoderOutput(states, torch.cat(weights, dim=1) if attention else None)

    def start(self, memory: Memory, hyps: int, capacity: int) -> State:
        """Holds the projected memory (per row) and the LSTM's state (per hypothesis)."""
        return State(self.attention.project_memory(memory), self.init_state(memory, hyps))

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Looks at the memory, then runs the LSTM once."""
        words = self.embedding.apply_dropout(self.embedding(tokens))
        live, context, _ = self.recur(self.word_gates(words), state.per_row, state.per_hypothesis)
        return self.project(self.combine(words, live.hidden, context)), State(state.per_row, live)

    def init_state(self, memory: Memory, hyps: int) -> LSTMState:
        """The LSTM's first state and cell, (rows, hyps, hidden_size): a tanh layer over the memory's summary."""
        both = torch.tanh(self.first(memory.summary)).unsqueeze(1)
        return LSTMState(*both.repeat(1, hyps, 1).chunk(2, dim=2))

    def recur(
        self, word_gates: Float[Tensor, "rows hyps gates"], attended: ProjectedMemory, state: LSTMState
    ) -> tuple[LSTMState, Float[Tensor, "rows hyps memory_dim"], Float[Tensor, "rows hyps src"]]:
        """One step of every hypothesis: the new state, the gated context (section 4.2.1), where it looked."""
        seen, weights = self.attention(state.hidden, attended)
        context = torch.sigmoid(self.context_gate(state.hidden)) * seen
        gates = word_gates + self.gates(torch.cat([state.hidden, context], dim=2))
        width = state.hidden.shape[2]
        forget, write, read = gates[..., : 3 * width].sigmoid().chunk(3, dim=2)
        cell = forget * state.cell + write * gates[..., 3 * width :].tanh()
        return LSTMState(read * cell.tanh(), cell), context, weights

    def combine(
        self,
        words: Float[Tensor, "rows length embedding_dim"],
        hidden: Float[Tensor, "rows length dim"],
        contexts: Float[Tensor, "rows length memory_dim"],
    ) -> Float[Tensor, "rows length embedding_dim"]:
        """The deep output layer (equation 7): the sum of the three, each through a matrix of its own.

        The paper adds the word as it is; under a tied output layer that would be a vote for the same word again.
        """
        states: Tensor = self.dropout(self.deep_output(torch.cat([words, self.dropout(hidden), contexts], dim=2)))
        return states
