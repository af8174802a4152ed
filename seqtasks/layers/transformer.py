"""Transformer layers, by default with the norm first (Xiong et al. 2020), which train without a long warm-up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.incremental_state import HypothesisStates
from seqtasks.layers.attention import Bias, CrossAttention, KeysValues, ProjectedMemory, SelfAttention, States
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import SinusoidalPositions, sinusoids
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
    norm_first: bool = True
    """Each norm comes before its attention or feed-forward, and one at the end; else behind it, as in the paper of
    2017 and in OPUS-MT's models."""
    activation: Literal["relu", "gelu", "silu"] = "relu"
    """Of the feed-forward; silu is also called swish."""
    layer_norm_eps: float = Field(default=1e-5, gt=0)
    """Added to the variance that norms divide by."""
    interleaved_positions: bool = True
    """Sines and cosines of the positions take turns; else all sines come first, as in Marian's models."""
    full_wavelengths: bool = False
    """The longest wavelength of the positions is 10,000 · 2π itself, as in Marian and fairseq; else it is shorter."""

    @property
    def positions(self) -> SinusoidalPositions:
        """How positions are encoded."""
        return SinusoidalPositions(self.interleaved_positions, self.full_wavelengths)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu_,
    "gelu": functional.gelu,
    "silu": partial(functional.silu, inplace=True),
}


class FeedForward(nn.Module):
    """Two linear layers with an activation between, for each position alone.

    Args:
        dim: The width of what it reads and gives.
        ffn_dim: The width between the two layers.
        dropout: Of what lies between them.
        activation: Its name in `ACTIVATIONS`.
    """

    def __init__(self, dim: int, ffn_dim: int, dropout: float, activation: str = "relu") -> None:
        super().__init__()
        self.expand = nn.Linear(dim, ffn_dim)
        self.contract = nn.Linear(ffn_dim, dim)
        self.dropout = Dropout(dropout)
        self.activation = activation

    def forward(self, inputs: States) -> States:
        """max(0, x W1 + b1) W2 + b2 (Vaswani et al. 2017, equation 2), with dropout between the two."""
        outputs: Tensor = self.contract(self.dropout(ACTIVATIONS[self.activation](self.expand(inputs))))
        return outputs


class TransformerLayer(nn.Module):
    """Self-attention and feed-forward, each added to its input, with a norm before it or behind.

    With a `memory_dim` there is attention to a memory between them.
    With a causal bias the layer can go on: `read` takes and gives the keys and values of what came before, `step` reads
    one token of every hypothesis. Without `self_attention` it is what follows it.
    """

    def __init__(
        self, config: TransformerConfig, dim: int, memory_dim: int | None = None, *, self_attention: bool = True
    ) -> None:
        super().__init__()
        if self_attention:
            self.attention_norm = nn.LayerNorm(dim, eps=config.layer_norm_eps)
            self.attention = SelfAttention(dim, config.num_heads)
        if memory_dim is not None:
            self.memory_norm = nn.LayerNorm(dim, eps=config.layer_norm_eps)
            self.memory_attention = CrossAttention(dim, memory_dim, config.num_heads)
        self.feed_forward_norm = nn.LayerNorm(dim, eps=config.layer_norm_eps)
        self.feed_forward = FeedForward(dim, config.ffn_dim, config.activation_dropout, config.activation)
        self.norm_first = config.norm_first
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
        attended, everything = self.attention.read(self.before(self.attention_norm, states), past, bias)
        return self.after_self_attention(self.after(self.attention_norm, states, attended), memory), everything

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
        attended = self.attention.step(self.before(self.attention_norm, states), cache, first, bias)
        return self.after_self_attention(self.after(self.attention_norm, states, attended), memory)

    def with_weights(
        self, states: States, bias: Bias, memory: ProjectedMemory
    ) -> tuple[States, Float[Tensor, "rows all_heads length places"]]:
        """`forward`, and where each head looks in the memory."""
        attended, _ = self.attention.read(self.before(self.attention_norm, states), None, bias)
        return self.with_memory_weights(self.after(self.attention_norm, states, attended), memory)

    def with_memory_weights(
        self, states: States, memory: ProjectedMemory
    ) -> tuple[States, Float[Tensor, "rows all_heads length places"]]:
        """What follows self-attention, and where each head looks in the memory."""
        seen, weights = self.memory_attention.with_weights(self.before(self.memory_norm, states), memory)
        return self.after_attention(self.after(self.memory_norm, states, seen)), weights

    def after_self_attention(self, states: States, memory: ProjectedMemory | None) -> States:
        """Cross-attention, where there is a memory, and feed-forward, each added to its input."""
        if memory is not None:
            seen = self.memory_attention(self.before(self.memory_norm, states), memory)
            states = self.after(self.memory_norm, states, seen)
        return self.after_attention(states)

    def after_attention(self, states: States) -> States:
        """Feed-forward, added to its input."""
        return self.after(
            self.feed_forward_norm, states, self.feed_forward(self.before(self.feed_forward_norm, states))
        )

    def before(self, norm: nn.LayerNorm, states: States) -> States:
        """What a part of the layer reads."""
        return norm(states) if self.norm_first else states

    def after(self, norm: nn.LayerNorm, states: States, given: States) -> States:
        """What a part of the layer has given, added to its input."""
        states = self.dropout.add(states, given)
        return states if self.norm_first else norm(states)


def last_norm(config: TransformerConfig, dim: int) -> nn.Module:
    """Behind all layers: a norm where they end without one."""
    return nn.LayerNorm(dim, eps=config.layer_norm_eps) if config.norm_first else nn.Identity()


def transformer_layers(config: TransformerConfig, dim: int, memory_dim: int | None = None) -> Stack[TransformerLayer]:
    """`num_layers` layers of width `dim`; with a `memory_dim` each looks at a memory of that width."""
    return Stack(TransformerLayer(config, dim, memory_dim) for _ in range(config.num_layers))


def embed_with_positions(
    embedding: Any, tokens: Int[Tensor, "rows length *parts"], start: int, length: int, positions: SinusoidalPositions
) -> States:
    """Token and place; all tokens share one place when `length` is 1.

    The embedding is a `TokenEmbedding`, a `WordEmbedding` or a replacement of one.
    """
    vectors = embedding(tokens)
    places = sinusoids(length, vectors.shape[-1], positions, start=start, device=tokens.device)
    embedded: Tensor = embedding.apply_dropout(vectors + places.to(vectors.dtype))
    return embedded
