"""The protocol of encoders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, Self

import torch
from jaxtyping import Float, Int
from pydantic import model_validator
from torch import Tensor, nn

from seqtasks.incremental_state import HypothesisStates, HypothesisTokens, State
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Mask, Memory, SourceStates
from seqtasks.layers.word_embedding import WordEmbedding
from seqtasks.registry import Component, ConfigModel

Carried = Sequence[Tensor] | None
"""What a causal encoder takes over from what was read before: tensors (rows, ...)."""


class Encoder(Component, nn.Module, ABC):
    """Turns an input into a `Memory`.

    An encoder of one's own sets `dim` and implements `forward(source, mask)`.
    """

    dim: int
    """The width of the memory's states and of its summary."""

    def fuse_for_inference(self) -> None:
        """Joins operations in place, so that the same numbers, but for rounding, come quicker.

        For inference alone: nothing can be trained afterwards. Encoders that have nothing to join do nothing.
        """


class PretrainedInitConfig(ConfigModel):
    """Where the weights of a text encoder come from."""

    init_from: str | None = None
    """A language model, by directory or name, that initializes the vocabulary and the encoder of a classifier."""
    init_modules: Literal["encoder", "embedding"] = "encoder"
    """What is taken from it: all of its encoder, or only the embedding, below layers of any kind, size and
    direction."""

    @model_validator(mode="after")
    def only_a_start_has_parts(self) -> Self:
        """Refuses `init_modules` without an `init_from`, where it would mean nothing."""
        if self.init_from is None and self.init_modules != "encoder":
            raise ValueError(
                "init_modules selects what is taken from the language model in init_from, which is not set"
            )
        return self


def reject_pretrained_init(encoder: ConfigModel) -> ConfigModel:
    """For models that are no classifiers: a ValueError where the encoder is to start from a language model."""
    if getattr(encoder, "init_from", None) is not None:
        raise ValueError("init_from is for classification; other runs start from a whole model: init_from at the top")
    return encoder


class TextEncoder(Encoder):
    """Reads tokens. What they are, ids or rows of them, only the embedding knows.

    Args:
        config: The settings of the encoder's own kind: its nested `Config`.
        embedding: Vectors of tokens: of ids (rows, src), or of words with their characters (rows, src, parts).
    """

    def __init__(self, config: Any, embedding: TokenEmbedding | WordEmbedding) -> None:
        nn.Module.__init__(self)
        self.embedding = embedding

    def embed(self, tokens: Int[Tensor, "rows src *parts"]) -> Float[Tensor, "rows src width"]:
        """What an encoder reads of tokens: their vectors, (rows, src, embedding.dim), in training with dropout."""
        return self.embedding.apply_dropout(self.embedding(tokens))

    @abstractmethod
    def forward(self, tokens: Int[Tensor, "rows src *parts"], mask: Mask) -> Memory:
        """Encodes padded rows. What padding holds changes nothing.

        Args:
            tokens: Ids (rows, src), or (rows, src, parts) where each token is a word's id and those of its characters.
            mask: True at real tokens, (rows, src); real tokens come first.

        Returns:
            States (rows, src, dim), the mask, and a summary (rows, dim).
        """


class CausalEncoder(TextEncoder):
    """A text encoder that can read from left to right only, so that a text can go on after what was read.

    Its settings say with `is_causal` whether it does; what is defined here is for those alone. All ways to read give
    the same numbers.
    """

    context: int | None
    """Tokens that it was trained to look back over; None where there is no limit."""

    @abstractmethod
    def state_shapes(self) -> list[tuple[int, ...]]:
        """One row's share of each tensor that training carries from window to window.

        Empty where it carries none: every window begins anew.
        """

    @abstractmethod
    def read(self, tokens: Int[Tensor, "rows src"], carried: Carried) -> tuple[SourceStates, list[Tensor]]:
        """Reads many positions after what was read before.

        Args:
            tokens: Ids, (rows, src).
            carried: What `read` returned last for these rows, tensors (rows, ...); None where they begin here.

        Returns:
            The states at every position, (rows, src, dim), and what to carry on.
        """

    @abstractmethod
    def start(self, rows: int, hyps: int, capacity: int, carried: Carried) -> State:
        """The state before the first step of decoding.

        Args:
            rows: Rows of the batch.
            hyps: Hypotheses of each row; all begin after the same text.
            capacity: The most steps that will follow.
            carried: What `read` returned for the text before, tensors (rows, ...); None where there is none.

        Returns:
            The state that `step` takes.
        """

    @abstractmethod
    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[HypothesisStates, State]:
        """Reads one token of every hypothesis, with the numbers that `read` would give.

        Args:
            tokens: The last token of each hypothesis, (rows, hyps).
            position: Steps since `start`, counted from 0.
            state: What `start` or the step before returned. It is used up.

        Returns:
            States (rows, hyps, dim), and the state after this step.
        """

    def no_vectors(self, rows: int) -> Float[Tensor, "rows 0 width"]:
        """The vectors of no tokens: they show where, and in which precision, this encoder computes."""
        device = next(self.embedding.parameters()).device
        vectors: Tensor = self.embedding(torch.empty(rows, 0, dtype=torch.long, device=device))
        return vectors
