"""The protocol of encoders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from jaxtyping import Bool, Int
from torch import Tensor, nn

from seqtasks.component import Component
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Memory
from seqtasks.layers.word_embedding import WordEmbedding


class Encoder(Component, nn.Module, ABC):
    """Turns an input into a `Memory`."""

    dim: int
    """The width of the memory's states and of its summary."""

    def simplify(self) -> None:
        """Makes the same numbers, but for rounding, come quicker. For inference alone: nothing can be trained then."""


class TextEncoder(Encoder):
    """Reads tokens. What they are, ids or rows of them, only the embedding knows."""

    def __init__(self, config: Any, embedding: TokenEmbedding | WordEmbedding) -> None:
        nn.Module.__init__(self)
        self.embedding = embedding

    @abstractmethod
    def forward(self, tokens: Int[Tensor, "rows src *parts"], mask: Bool[Tensor, "rows src"]) -> Memory:
        """Encodes padded rows; `mask` is True at real tokens. What padding holds changes nothing."""
