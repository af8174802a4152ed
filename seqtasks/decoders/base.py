"""The protocol of decoders: one model, two ways to run it, with the same numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from jaxtyping import Float, Int
from torch import Tensor, nn

from seqtasks.incremental_state import HypothesisTokens, NextLogits, State
from seqtasks.layers.embedding import TokenEmbedding, output_layer
from seqtasks.layers.memory import Memory
from seqtasks.registry import Component


class DecoderOutput(NamedTuple):
    """What teacher forcing gives."""

    states: Float[Tensor, "rows tgt dim"]
    """Before the output layer, so that a loss can leave out padding first."""
    attention: Float[Tensor, "rows tgt src"] | None
    """Where each step looked, when it was asked for."""


class Decoder(Component, nn.Module, ABC):
    """Writes tokens, looking at a memory."""

    def __init__(self, config: Any, embedding: TokenEmbedding, memory_dim: int, *, tie_output: bool) -> None:
        nn.Module.__init__(self)
        self.embedding = embedding
        self.output = output_layer(embedding.dim, embedding, tied=tie_output)

    @abstractmethod
    def forward(self, tokens: Int[Tensor, "rows tgt"], memory: Memory, *, attention: bool = False) -> DecoderOutput:
        """Reads given targets, all positions at once (teacher forcing)."""

    @abstractmethod
    def start(self, memory: Memory, hyps: int, capacity: int) -> State:
        """The state before the first token."""

    @abstractmethod
    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Reads one token of every hypothesis; returns the logits of the next. The old state is used up."""

    def project(self, states: Float[Tensor, "*shape dim"]) -> Float[Tensor, "*shape vocab"]:
        """The output layer: logits over the vocabulary."""
        logits: Tensor = self.output(states)
        return logits
