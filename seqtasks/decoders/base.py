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
    """Writes tokens, looking at a memory.

    A decoder of one's own implements `forward`, `start` and `step`. Both ways to run it have to give the same numbers:
    training uses `forward`, search the other two.

    Args:
        config: The settings of the decoder's own kind: its nested `Config`.
        embedding: Vectors of target tokens; its `dim` is the width of the states that `project` takes.
        memory_dim: The width of the memory's states and of its summary.
        tie_output: The output layer has the embedding's weights (Press & Wolf 2017).
    """

    def __init__(self, config: Any, embedding: TokenEmbedding, memory_dim: int, *, tie_output: bool) -> None:
        nn.Module.__init__(self)
        self.embedding = embedding
        self.output = output_layer(embedding.dim, embedding, tied=tie_output)

    @abstractmethod
    def forward(self, tokens: Int[Tensor, "rows tgt"], memory: Memory, *, attention: bool = False) -> DecoderOutput:
        """Reads given targets, all positions at once (teacher forcing).

        Args:
            tokens: Ids that begin with BEGIN, (rows, tgt); padding comes last.
            memory: The encoded source, a row of it for each row of `tokens`.
            attention: Asks for the attention weights, too.

        Returns:
            States (rows, tgt, dim), of which `project` makes the logits of the token that follows each position; the
            weights are None where they were not asked for, or where the decoder has no attention.
        """

    @abstractmethod
    def start(self, memory: Memory, hyps: int, capacity: int) -> State:
        """The state before the first token.

        Args:
            memory: The encoded source. It is never copied for each hypothesis.
            hyps: Hypotheses of each row.
            capacity: The most steps that will follow; a decoder may make room for them at once.

        Returns:
            `per_row` leaves (rows, ...), which all hypotheses of a row share, and `per_hypothesis` leaves
            (rows, hyps, ...), which search reorders.
        """

    @abstractmethod
    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Reads one token of every hypothesis.

        Args:
            tokens: The last token of each hypothesis, (rows, hyps); BEGIN in the first step.
            position: The position of these tokens, counted from 0.
            state: What `start` or the step before returned. It is used up: a decoder may write into it.

        Returns:
            The logits of the next token, (rows, hyps, vocab), and the state after this step.
        """

    def project(self, states: Float[Tensor, "*shape dim"]) -> Float[Tensor, "*shape vocab"]:
        """The output layer.

        Args:
            states: Of `forward`, or a part of them: (..., dim).

        Returns:
            Logits over the vocabulary, (..., vocab).
        """
        logits: Tensor = self.output(states)
        return logits
