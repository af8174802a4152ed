"""Transformer layers with the norm first (Xiong et al. 2020), which train without a long warm-up."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from seqtasks.layers.attention import CrossAttention, KeysValues, SelfAttention
from seqtasks.layers.dropout import Dropout


class FeedForward(nn.Module):
    """Two linear layers with ReLU between, for each position alone."""

    def __init__(self, dim: int, ffn_dim: int, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, ffn_dim)
        self.contract = nn.Linear(ffn_dim, dim)
        self.dropout = Dropout(dropout)

    def forward(self, inputs: Float[Tensor, "rows length dim"]) -> Float[Tensor, "rows length dim"]:
        outputs: Tensor = self.contract(self.dropout(self.expand(inputs).relu_()))
        return outputs


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each behind a norm and added to its input.

    With a causal bias it can go on: `read` takes and gives the keys and values of what came before, `step` reads one
    token of every hypothesis.
    """

    def __init__(self, dim: int, heads: int, ffn_dim: int, dropout: float, activation_dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = SelfAttention(dim, heads)
        self.feed_forward_norm = nn.LayerNorm(dim)
        self.feed_forward = FeedForward(dim, ffn_dim, activation_dropout)
        self.dropout = Dropout(dropout)

    def forward(
        self, states: Float[Tensor, "rows src dim"], bias: Float[Tensor, "#rows 1 #src src"]
    ) -> Float[Tensor, "rows src dim"]:
        return self.read(states, None, bias)[0]

    def read(
        self, states: Float[Tensor, "rows src dim"], past: KeysValues | None, bias: Float[Tensor, "#rows 1 #src all"]
    ) -> tuple[Float[Tensor, "rows src dim"], KeysValues]:
        attended, everything = self.attention.read(self.attention_norm(states), past, bias)
        states = self.dropout.add(states, attended)
        return self.dropout.add(states, self.feed_forward(self.feed_forward_norm(states))), everything

    def step(
        self,
        states: Float[Tensor, "rows hyps dim"],
        cache: KeysValues,
        first: int,
        bias: Float[Tensor, "rows 1 hyps slots"],
    ) -> Float[Tensor, "rows hyps dim"]:
        states = states + self.attention.step(self.attention_norm(states), cache, first, bias)
        return self.dropout.add(states, self.feed_forward(self.feed_forward_norm(states)))


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to the memory, and feed-forward."""

    def __init__(
        self, dim: int, memory_dim: int, heads: int, ffn_dim: int, dropout: float, activation_dropout: float
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = SelfAttention(dim, heads)
        self.memory_norm = nn.LayerNorm(dim)
        self.memory_attention = CrossAttention(dim, memory_dim, heads)
        self.feed_forward_norm = nn.LayerNorm(dim)
        self.feed_forward = FeedForward(dim, ffn_dim, activation_dropout)
        self.dropout = Dropout(dropout)

    def forward(
        self,
        states: Float[Tensor, "rows tgt dim"],
        causal: Float[Tensor, "1 1 tgt tgt"],
        memory: KeysValues,
        memory_bias: Float[Tensor, "rows 1 1 src"],
    ) -> Float[Tensor, "rows tgt dim"]:
        states = self.dropout.add(states, self.attention(self.attention_norm(states), causal))
        return self.after_self_attention(states, memory, memory_bias)

    def step(
        self,
        states: Float[Tensor, "rows hyps dim"],
        cache: KeysValues,
        first: int,
        bias: Float[Tensor, "rows 1 hyps slots"],
        memory: KeysValues,
        memory_bias: Float[Tensor, "rows 1 1 src"],
    ) -> Float[Tensor, "rows hyps dim"]:
        states = states + self.attention.step(self.attention_norm(states), cache, first, bias)
        return self.after_self_attention(states, memory, memory_bias)

    def after_self_attention(
        self,
        states: Float[Tensor, "rows tgt dim"],
        memory: KeysValues,
        memory_bias: Float[Tensor, "rows 1 1 src"],
    ) -> Float[Tensor, "rows tgt dim"]:
        states = self.dropout.add(states, self.memory_attention(self.memory_norm(states), memory, memory_bias))
        return self.dropout.add(states, self.feed_forward(self.feed_forward_norm(states)))
