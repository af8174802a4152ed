"""Recurrent encoders: plain RNN (Elman 1990), GRU (Cho et al. 2014), LSTM (Hochreiter & Schmidhuber 1997)."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from seqtasks.encoders.base import Carried, CausalEncoder, PretrainedInitConfig
from seqtasks.incremental_state import HypothesisStates, HypothesisTokens, State
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Mask, Memory, SourceStates
from seqtasks.layers.recurrent import BidirectionalLayer, Cell, recurrent_step
from seqtasks.layers.stack import Stack
from seqtasks.layers.word_embedding import WordEmbedding


class RecurrentConfig(PretrainedInitConfig):
    """What all recurrent encoders have in common."""

    hidden_size: int = Field(default=512, gt=0, multiple_of=2)
    """Width of the outputs; with both directions each gives half of it."""
    num_layers: int = Field(default=2, gt=0)
    """Stacked recurrent layers."""
    bidirectional: bool = True
    """Whether texts are read in both directions, or only from left to right."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Dropout between layers, never inside the recurrence (Zaremba et al. 2014)."""
    weight_dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout on the hidden-to-hidden weights (DropConnect; AWD-LSTM, Merity et al. 2018, section 2)."""
    variational_dropout: bool = False
    """Dropout, also of the embedding, drops the same elements at all positions of a row (Gal & Ghahramani 2016)."""

    @property
    def is_causal(self) -> bool:
        """Whether states depend on what was read before alone."""
        return not self.bidirectional


class RecurrentEncoder(CausalEncoder):
    """A stack of recurrent layers; the memory's summary is the last state of the top layer.

    In one direction it carries the last states of every layer, and with an LSTM its cells, layer by layer.
    """

    cell: Cell
    context = None

    def __init__(self, config: RecurrentConfig, embedding: TokenEmbedding | WordEmbedding) -> None:
        super().__init__(config, embedding)
        widths = [embedding.dim] + [config.hidden_size] * (config.num_layers - 1)
        self.dim = config.hidden_size
        self.variational = config.variational_dropout
        self.layers: Stack[BidirectionalLayer] = Stack(
            BidirectionalLayer(
                self.cell,
                width,
                config.hidden_size,
                both_directions=config.bidirectional,
                weight_dropout=config.weight_dropout,
            )
            for width in widths
        )
        self.dropout = Dropout(config.dropout)

    def embed(self, tokens: Int[Tensor, "rows src *parts"]) -> Float[Tensor, "rows src width"]:
        """The vectors of tokens with dropout, with `variational` of the same elements at every position of a row."""
        return self.embedding.apply_dropout(self.embedding(tokens), by_row=self.variational)

    def dropped(self, states: SourceStates) -> SourceStates:
        """States with dropout, with `variational` of the same elements at every position (Gal & Ghahramani 2016)."""
        dropped: Tensor = self.dropout.by_row(states) if self.variational else self.dropout(states)
        return dropped

    def forward(self, tokens: Int[Tensor, "rows src *parts"], mask: Mask) -> Memory:
        """Runs all layers, in both directions where the encoder is bidirectional."""
        states = self.embed(tokens)
        for layer in self.layers:
            states, summary = layer(states, mask)
            states = self.dropped(states)
        return Memory(states, mask, self.dropout(summary))

    @property
    def parts(self) -> int:
        """Tensors that a layer carries."""
        return 2 if self.cell == "lstm" else 1

    def state_shapes(self) -> list[tuple[int, ...]]:
        """One vector (hidden_size,) a layer; with an LSTM two: its output and its cell."""
        return [(self.dim,)] * (self.parts * len(self.layers))

    def read(self, tokens: Int[Tensor, "rows src"], carried: Carried) -> tuple[SourceStates, list[Tensor]]:
        """Runs all layers forward, from their states after the text before."""
        states, kept = self.embed(tokens), list[Tensor]()
        for index, layer in enumerate(self.layers):
            before = tuple(carried[index * self.parts : (index + 1) * self.parts]) if carried else None
            states, last = layer.weight_dropout.run(layer.forwards, states, before)
            states = self.dropped(states)
            kept += last
        return states, kept

    def start(self, rows: int, hyps: int, capacity: int, carried: Carried) -> State:
        """The carried states once a hypothesis, or zeros."""
        if not carried:
            carried = [self.no_vectors(rows).new_zeros(rows, *shape) for shape in self.state_shapes()]
        return State(None, tuple(part.unsqueeze(1).repeat(1, hyps, 1) for part in carried))

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[HypothesisStates, State]:
        """Runs every layer's cell once."""
        states, kept = self.embed(tokens), list[Tensor]()
        for index, layer in enumerate(self.layers):
            before = state.per_hypothesis[index * self.parts : (index + 1) * self.parts]
            after = recurrent_step(layer.forwards, states, before)
            states = self.dropped(after[0])
            kept += after
        return states, State(None, tuple(kept))


class RnnEncoder(RecurrentEncoder):
    """Plain recurrent layers with tanh (Elman 1990)."""

    cell = "rnn"

    class Config(RecurrentConfig):
        kind: Literal["rnn"] = "rnn"


class GruEncoder(RecurrentEncoder):
    """Gated recurrent units (Cho et al. 2014)."""

    cell = "gru"

    class Config(RecurrentConfig):
        kind: Literal["gru"] = "gru"


class LstmEncoder(RecurrentEncoder):
    """Long short-term memory (Hochreiter & Schmidhuber 1997)."""

    cell = "lstm"

    class Config(RecurrentConfig):
        kind: Literal["lstm"] = "lstm"
