"""Recurrent encoders: plain RNN (Elman 1990), GRU (Cho et al. 2014), LSTM (Hochreiter & Schmidhuber 1997)."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Bool, Int
from pydantic import Field
from torch import Tensor, nn

from seqtasks.component import Settings
from seqtasks.encoders.base import TextEncoder
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Memory
from seqtasks.layers.recurrent import BidirectionalLayer, Cell
from seqtasks.layers.word_embedding import WordEmbedding


class RecurrentSettings(Settings):
    """What all recurrent encoders have in common."""

    dim: int = Field(default=512, gt=0, multiple_of=2)
    """Width of the outputs; with both directions each gives half of it."""
    layers: int = Field(default=2, gt=0)
    directions: Literal["forward", "both"] = "both"
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Between layers, never inside the recurrence (Zaremba et al. 2014)."""


class RecurrentEncoder(TextEncoder):
    """A stack of recurrent layers; the memory's summary is the last state of the top layer."""

    cell: Cell

    def __init__(self, config: RecurrentSettings, embedding: TokenEmbedding | WordEmbedding) -> None:
        super().__init__(config, embedding)
        both = config.directions == "both"
        widths = [embedding.dim] + [config.dim] * (config.layers - 1)
        self.dim = config.dim
        self.layers = nn.ModuleList(
            BidirectionalLayer(self.cell, width, config.dim, both_directions=both) for width in widths
        )
        self.dropout = Dropout(config.dropout)

    def forward(self, tokens: Int[Tensor, "rows src *parts"], mask: Bool[Tensor, "rows src"]) -> Memory:
        states = self.embedding.dropped(self.embedding(tokens))
        for layer in self.layers:
            states, summary = layer(states, mask)
            states = self.dropout(states)
        return Memory(states, mask, self.dropout(summary))


class RnnEncoder(RecurrentEncoder):
    cell = "rnn"

    class Config(RecurrentSettings):
        kind: Literal["rnn"] = "rnn"


class GruEncoder(RecurrentEncoder):
    cell = "gru"

    class Config(RecurrentSettings):
        kind: Literal["gru"] = "gru"


class LstmEncoder(RecurrentEncoder):
    cell = "lstm"

    class Config(RecurrentSettings):
        kind: Literal["lstm"] = "lstm"
