"""The Transformer encoder (Vaswani et al. 2017), norm first."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Bool, Int
from pydantic import Field
from torch import Tensor, nn

from seqtasks.component import Settings
from seqtasks.encoders.base import TextEncoder
from seqtasks.layers.attention import mask_bias
from seqtasks.layers.embedding import TokenEmbedding, sinusoids
from seqtasks.layers.memory import Memory
from seqtasks.layers.transformer import EncoderLayer
from seqtasks.layers.word_embedding import WordEmbedding


class TransformerEncoder(TextEncoder):
    """Self-attention layers; the memory's summary is the mean of its states. Its width is the embedding's."""

    class Config(Settings):
        kind: Literal["transformer"] = "transformer"
        layers: int = Field(default=4, gt=0)
        heads: int = Field(default=4, gt=0)
        inner_dim: int = Field(default=512, gt=0)
        dropout: float = Field(default=0.3, ge=0, lt=1)
        """On the output of every attention and feed-forward."""
        inner_dropout: float = Field(default=0.0, ge=0, lt=1)
        """Inside the feed-forward, after its activation."""

    def __init__(self, config: Config, embedding: TokenEmbedding | WordEmbedding) -> None:
        super().__init__(config, embedding)
        self.dim = embedding.dim
        self.layers = nn.ModuleList(
            EncoderLayer(self.dim, config.heads, config.inner_dim, config.dropout, config.inner_dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(self.dim)

    def forward(self, tokens: Int[Tensor, "rows src *parts"], mask: Bool[Tensor, "rows src"]) -> Memory:
        vectors = self.embedding(tokens)
        places = sinusoids(tokens.shape[1], self.dim, device=tokens.device).to(vectors.dtype)
        states = self.embedding.dropped(vectors + places)
        bias = mask_bias(mask, states.dtype)[:, None, None, :]
        for layer in self.layers:
            states = layer(states, bias)
        states = self.norm(states)
        real = mask.unsqueeze(2).to(states.dtype)
        return Memory(states, mask, (states * real).sum(dim=1) / real.sum(dim=1).clamp(min=1))
