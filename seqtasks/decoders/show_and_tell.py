"""The decoder of Show and Tell: an LSTM that sees the image once, before the first word."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn

from seqtasks.decoders.base import Decoder, DecoderOutput
from seqtasks.incremental_state import HypothesisTokens, NextLogits, State
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Memory
from seqtasks.layers.recurrent import lstm_step, recurrent_layer
from seqtasks.registry import ConfigModel


class LSTMState(NamedTuple):
    """What belongs to one hypothesis: the hidden and the cell state of the LSTM."""

    hidden: Float[Tensor, "rows hyps dim"]
    cell: Float[Tensor, "rows hyps dim"]


class ShowAndTellDecoder(Decoder):
    """An LSTM whose first input is the image, or the summary of any other source (Vinyals et al. 2015).

    The image is read before the begin token and never again (equations 10 to 12): there is no attention. Training runs
    over image and target in one fused call.

    What the image does to a word far from it is small in a new LSTM. So it comes in as large as a word, and the
    LSTM's outputs are made larger, both by layer norms, which the paper has not.
    """

    class Config(ConfigModel):
        kind: Literal["show-and-tell"] = "show-and-tell"
        hidden_size: int = Field(default=512, gt=0)
        """Width of the LSTM."""
        dropout: float = Field(default=0.3, ge=0, lt=1)
        """Dropout on the LSTM's outputs, never inside the recurrence (Zaremba et al. 2014)."""

    def __init__(self, config: Config, embedding: TokenEmbedding, memory_dim: int, *, tie_output: bool) -> None:
        super().__init__(config, embedding, memory_dim, tie_output=tie_output)
        self.image = nn.Sequential(nn.Linear(memory_dim, embedding.dim), nn.LayerNorm(embedding.dim))
        self.layer = recurrent_layer("lstm", embedding.dim, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size)
        self.readout = nn.Linear(config.hidden_size, embedding.dim)
        self.dropout = Dropout(config.dropout)

    def forward(self, tokens: Int[Tensor, "rows tgt"], memory: Memory, *, attention: bool = False) -> DecoderOutput:
        """Reads image and target in one fused call; its `attention` is None, since there is none."""
        inputs = torch.cat([self.image(memory.summary).unsqueeze(1), self.embedding(tokens)], dim=1)
        states, _ = self.layer(self.embedding.apply_dropout(inputs))
        return DecoderOutput(self.read_out(states[:, 1:]), None)

    def start(self, memory: Memory, hyps: int, capacity: int) -> State:
        """Reads the image; afterwards nothing of the memory is needed any more."""
        inputs = self.embedding.apply_dropout(self.image(memory.summary).unsqueeze(1))
        _, last = self.layer(inputs)
        return State(None, LSTMState(*(leaf.transpose(0, 1).repeat(1, hyps, 1) for leaf in last)))

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Runs the LSTM once."""
        inputs = self.embedding.apply_dropout(self.embedding(tokens))
        live = LSTMState(*lstm_step(self.layer, inputs, *state.per_hypothesis))
        return self.project(self.read_out(live.hidden)), State(None, live)

    def read_out(self, hidden: Float[Tensor, "rows length dim"]) -> Float[Tensor, "rows length embedding_dim"]:
        """What the output layer reads of the LSTM's outputs: normalized, with dropout, in the embedding's width."""
        states: Tensor = self.readout(self.dropout(self.norm(hidden)))
        return states
