"""Token embeddings, tied or not, and positions."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from seqtasks.layers.dropout import Dropout
from seqtasks.special_tokens import PAD


class TokenEmbedding(nn.Module):
    """A vector a token, scaled by sqrt(dim), with dropout of elements and of whole words.

    The weights start at a standard deviation of dim^-0.5 so that the same matrix can serve as the output layer
    (Press & Wolf 2017; Vaswani et al. 2017, section 3.4); the scaling gives the inputs unit variance again.

    Args:
        size: Tokens of the vocabulary.
        dim: The width of a vector.
        dropout: Of single elements.
        word_dropout: Of whole tokens, whose vectors become zero.
        span_cutoff: The share of each text's tokens, side by side, whose vectors become zero (Shen et al. 2020).
    """

    def __init__(
        self, size: int, dim: int, *, dropout: float = 0.0, word_dropout: float = 0.0, span_cutoff: float = 0.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size, dim))
        nn.init.normal_(self.weight, std=dim**-0.5)
        self.dropout = Dropout(dropout)
        self.word_dropout = word_dropout
        self.span_cutoff = span_cutoff

    @property
    def size(self) -> int:
        """Tokens of the vocabulary."""
        return self.weight.shape[0]

    @property
    def dim(self) -> int:
        """The width of a token's vector."""
        return self.weight.shape[1]

    def forward(self, tokens: Int[Tensor, "*shape"]) -> Float[Tensor, "*shape dim"]:
        """The vectors of tokens, in autocast's precision; in training those of some whole tokens are zero."""
        vectors = nn.functional.embedding(tokens, self.weight) * math.sqrt(self.dim)
        if self.training and self.word_dropout > 0:
            kept = torch.rand(tokens.shape, device=tokens.device) >= self.word_dropout
            vectors = vectors * kept.unsqueeze(-1)
        if self.training and self.span_cutoff > 0 and tokens.dim() == 2:
            vectors = vectors * outside_span(tokens, self.span_cutoff).unsqueeze(-1)
        if torch.is_autocast_enabled(vectors.device.type):
            vectors = vectors.to(torch.get_autocast_dtype(vectors.device.type))
        return vectors

    def apply_dropout(
        self, vectors: Float[Tensor, "*shape dim"], *, by_row: bool = False
    ) -> Float[Tensor, "*shape dim"]:
        """Element dropout, applied after positions are added; `by_row` of the same elements at all positions."""
        dropped: Tensor = self.dropout.by_row(vectors) if by_row else self.dropout(vectors)
        return dropped


def outside_span(tokens: Int[Tensor, "rows length"], share: float) -> Bool[Tensor, "rows length"]:
    """False in a span of each text, drawn anew; its length is the share of the text's, rounded up."""
    lengths = (tokens != PAD).sum(dim=1, keepdim=True)
    widths = (lengths * share).ceil()
    starts = (torch.rand(lengths.shape, device=tokens.device) * (lengths - widths + 1)).floor()
    places = torch.arange(tokens.shape[1], device=tokens.device)
    return (places < starts) | (places >= starts + widths)


def output_layer(dim: int, embedding: TokenEmbedding, *, tied: bool) -> nn.Linear:
    """From states to logits over the tokens of an embedding, with its weights if they are tied."""
    layer = nn.Linear(dim, embedding.size)
    nn.init.zeros_(layer.bias)
    if tied:
        layer.weight = embedding.weight
    else:
        nn.init.normal_(layer.weight, std=dim**-0.5)
    return layer


class SinusoidalPositions(NamedTuple):
    """How sines and cosines are laid out: as in the paper, or as in other programs."""

    interleaved: bool = True
    """They take turns, as in the paper; else all sines come first, as in tensor2tensor and Marian."""
    full_wavelengths: bool = False
    """The longest wavelength is 10,000 · 2π itself, as in fairseq and Marian; else it is the next one."""


def sinusoids(
    length: int,
    dim: int,
    positions: SinusoidalPositions = SinusoidalPositions(),  # noqa: B008
    *,
    start: int = 0,
    device: torch.device,
) -> Float[Tensor, "length dim"]:
    """Sine and cosine positions (Vaswani et al. 2017, section 3.5): no table, so no longest length."""
    places = torch.arange(start, start + length, dtype=torch.float32, device=device).unsqueeze(1)
    span = max(1, dim - 2) if positions.full_wavelengths else dim
    rates = torch.exp(torch.arange(0, dim, 2, dtype=torch.float32, device=device) * (-math.log(10000.0) / span))
    angles = places * rates
    if not positions.interleaved:
        return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :dim]
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :dim]
