"""Transformer layers with the norm first (Xiong et al. 2020), which train without a long warm-up."""

from __future__ import annotations

from typing import Any, Literal

from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn

from seqtasks.incremental_state import HypothesisStates
from seqtasks.layers.attention import Bias, CrossAttention, KeysValues, ProjectedMemory, SelfAttention, States
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import sinusoids
from seqtasks.layers.stack import Stack
from seqtasks.registry import ConfigModel


class TransformerConfig(ConfigModel):
    """What encoders and decoders of Transformer layers have in common."""

    kind: Literal["transformer"] = "transformer"
    num_layers: int = Field(default=4, gt=0)
    """Transformer layers."""
    num_heads: int = Field(default=4, gt=0)
    """Attention heads of each layer; the width is divided among them."""
    ffn_dim: int = Field(default=512, gt=0)
    """Inner width of the feed-forward layers."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Dropout on the output of every attention and feed-forward layer."""
    activation_dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout in the feed-forward layer, after its activation."""


class FeedForward(nn.Module):
    """Two linear layers with ReLU between, for each position alone.

    Args:
        dim: The width of what it reads and gives.
        ffn_dim: The width between the two layers.
        dropout: Probability between them.
    """

    def __init__(self, dim: int, ffn_dim: int, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, ffn_dim)
        self.contract = nn.Linear(ffn_dim, dim)
        self.dropout = Dropout(dropout)

    def forward(self, inputs: States) -> States:
        """max(0, x W1 + b1) W2 + b2 (Vaswani et al. 2017, equation 2), with dropout between the two."""
        outputs: Tensor = self.contract(self.dropout(self.expand(inputs).relu_()))
        return outputs


class TransformerLayer(nn.Module):
    """Self-attention and feed-forward, each behind a norm and added to its input.

    With a `memory_dim` there is attention to a memory between them.
    With a causal bias the layer can go on: `read` takes and gives the keys and values of what came before, `step` reads
    one token of every hypothesis.
    """

    def __init__(self, config: TransformerConfig, dim: int, memory_dim: int | None = None) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = SelfAttention(dim, config.num_heads)
        if memory_dim is not None:
            self.memory_norm = nn.LayerNorm(dim)
            self.memory_attention = CrossAttention(dim, memory_dim, config.num_heads)
        self.feed_forward_norm = nn.LayerNorm(dim)
        self.feed_forward = FeedForward(dim, config.ffn_dim, config.activation_dropout)
        self.dropout = Dropout(config.dropout)

    def forward(self, states: States, bias: Bias, memory: ProjectedMemory | None = None) -> States:
        """All positions at once; `bias` is added to the scores of self-attention."""
        return self.read(states, None, bias, memory)[0]

    def read(
        self, states: States, past: KeysValues | None, bias: Bias, memory: ProjectedMemory | None = None
    ) -> tuple[States, KeysValues]:
        """Reads positions after a past.

        Args:
            states: Of the layer below, (rows, length, dim).
            past: Keys and values of the positions before, None where there are none.
            bias: Added to the scores, (..., length, past + length).
            memory: What cross-attention looks at, in a layer that has one.

        Returns:
            The layer's states, and the keys and values of the past and of these positions together.
        """
        attended, everything = self.attention.read(self.attention_norm(states), past, bias)
        return self.after_self_attention(self.dropout.add(states, attended), memory), everything

    def step(
        self, states: HypothesisStates, cache: KeysValues, first: int, bias: Bias, memory: ProjectedMemory | None = None
    ) -> HypothesisStates:
        """Reads one position of every hypothesis.

        Args:
            states: (rows, hyps, dim).
            cache: Keys and values of all hypotheses; the new ones are written into it.
            first: The slot of the first hypothesis' new key and value; those of the others follow.
            bias: Added to the scores; forbids slots that a hypothesis does not see.
            memory: What cross-attention looks at, in a layer that has one.

        Returns:
            The layer's states, (rows, hyps, dim).
        """
        states = states + self.attention.step(self.attention_norm(states), cache, first, bias)
        return self.after_self_attention(states, memory)

    def with_weights(
        self, states: States, bias: Bias, memory: ProjectedMemory
    ) -> tuple[States, Float[Tensor, "rows all_heads length places"]]:
        """`forward`, and where each head looks in the memory."""
        attended, _ = self.attention.read(self.attention_norm(states), None, bias)
        states = self.dropout.add(states, attended)
        seen, weights = self.memory_attention.with_weights(self.memory_norm(states), memory)
        return self.after_attention(self.dropout.add(states, seen)), weights

    def after_self_attention(self, states: States, memory: ProjectedMemory | None) -> States:
        """Cross-attention, where there is a memory, and feed-forward, each added to its input."""
        if memory is not None:
            states = self.dropout.add(states, self.memory_attention(self.memory_norm(states), memory))
        return self.after_attention(states)

    def after_attention(self, states: States) -> States:
        """Feed-forward, added to its input."""
        return self.dropout.add(states, self.feed_forward(self.feed_forward_norm(states)))


def transformer_layers(config: TransformerConfig, dim: int, memory_dim: int | None = None) -> Stack[TransformerLayer]:
    """`num_layers` layers of width `dim`; with a `memory_dim` each looks at a memory of that width."""
    return Stack(TransformerLayer(config, dim, memory_dim) for _ in range(config.num_layers))


def embed_with_positions(embedding: Any, tokens: Int[Tensor, "rows length *parts"], start: int, length: int) -> States:
    """Token and place; all tokens share one place when `length` is 1.

    The embedding is a `TokenEmbedding`, a `WordEmbedding` or a replacement of one.
    """
    vectors = embedding(tokens)
    places = sinusoids(length, vectors.shape[-1], start=start, device=tokens.device)
    embedded: Tensor = embedding.apply_dropout(vectors + places.to(vectors.dtype))
    return embedded
