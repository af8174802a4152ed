"""Readers of spellings: a vector for a word, made out of its characters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.layers.convolution import KernelSizes
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.recurrent import BidirectionalLayer
from seqtasks.registry import Component, ConfigModel
from seqtasks.special_tokens import PAD


class CharEncoder(Component, nn.Module, ABC):
    """Reads words by their characters.

    Args:
        config: The settings of the reader's own kind: its nested `Config`.
        characters: How many different characters there are.
    """

    dim: int
    """The width of a word's vector; the settings call it `hidden_size`."""

    def __init__(self, config: Any, characters: int) -> None:
        nn.Module.__init__(self)
        self.dim = config.hidden_size
        self.embedding = TokenEmbedding(characters, config.embedding_size, dropout=config.dropout)

    @abstractmethod
    def forward(self, characters: Int[Tensor, "words characters"]) -> Float[Tensor, "words dim"]:
        """A vector a word. Words are padded with PAD behind their last character; how far changes nothing."""


class CharEncoderConfig(ConfigModel):
    """What all readers of characters have in common."""

    hidden_size: int = Field(default=60, gt=0)
    """Size of the encoding of a word's characters."""
    embedding_size: int = Field(default=30, gt=0)
    """Size of the character embeddings."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout on the embeddings of characters (Ma & Hovy 2016, section 2.1)."""


class CnnCharEncoder(CharEncoder):
    """Filters over neighboring characters, each at its highest in the word (Ma & Hovy 2016, section 2.1).

    Windows are centred at real characters alone, so that long words in a batch cost nothing for short ones. Where a
    window reaches over the edge of its word it sees PAD, whose vector is learned: a filter can tell a prefix and a
    suffix.
    """

    class Config(CharEncoderConfig):
        kind: Literal["cnn"] = "cnn"
        kernel_sizes: KernelSizes = (2, 3, 4)
        """Kernel sizes in characters; each has an equal share of the filters."""

        @model_validator(mode="after")
        def widths_share_filters(self) -> CnnCharEncoder.Config:
            """Refuses a `hidden_size` that does not give every width the same number of filters."""
            if self.hidden_size % len(self.kernel_sizes):
                raise ValueError(
                    f"hidden_size = {self.hidden_size} cannot be shared by {len(self.kernel_sizes)} widths"
                )
            return self

    def __init__(self, config: Config, characters: int) -> None:
        super().__init__(config, characters)
        self.widths = config.kernel_sizes
        share = config.hidden_size // len(config.kernel_sizes)
        self.filters = nn.ModuleList(nn.Linear(width * config.embedding_size, share) for width in config.kernel_sizes)

    def forward(self, characters: Int[Tensor, "words characters"]) -> Float[Tensor, "words dim"]:
        """A vector a word: tanh of each filter's highest response; `characters` are ids with PAD at the end."""
        real = characters != PAD
        lengths = real.sum(dim=1)
        highest = []
        for width, filters in zip(self.widths, self.filters, strict=True):
            padded = functional.pad(characters, ((width - 1) // 2, width // 2), value=PAD)
            windows = padded.unfold(1, width, 1)[real]  # -> windows width, word by word
            vectors = self.embedding.apply_dropout(self.embedding(windows)).flatten(1)
            highest.append(torch.segment_reduce(filters(vectors), "max", lengths=lengths))
        return torch.cat(highest, dim=1).tanh()


class LstmCharEncoder(CharEncoder):
    """The last states of an LSTM over the characters, of both directions (Lample et al. 2016, section 4.1)."""

    class Config(CharEncoderConfig):
        kind: Literal["lstm"] = "lstm"
        hidden_size: int = Field(default=60, gt=0, multiple_of=2)
        """Size of the encoding of a word's characters; each direction gives half of it."""

    def __init__(self, config: Config, characters: int) -> None:
        super().__init__(config, characters)
        self.layer = BidirectionalLayer("lstm", config.embedding_size, config.hidden_size, both_directions=True)

    def forward(self, characters: Int[Tensor, "words characters"]) -> Float[Tensor, "words dim"]:
        """One vector a word: the last states of both directions; `characters` are ids, padded with PAD at the end."""
        vectors = self.embedding.apply_dropout(self.embedding(characters))
        last: Tensor = self.layer(vectors, characters != PAD)[1]
        return last
