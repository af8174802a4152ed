"""Attention: scaled dot product over many heads, and the additive and dot forms of recurrent decoders."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.incremental_state import HypothesisStates
from seqtasks.layers.memory import Memory

SHORT = 256
"""Up to this many keys, a CPU uses plain matrix products: several times as fast as PyTorch's blocked kernel, forward
(one query a row) and backward, and short sequences need none of its savings in memory."""

VECTOR = 16
"""Numbers of float32 in a vector register of the CPU."""


Queries = Float[Tensor, "rows heads tgt head_dim"]
Keys = Float[Tensor, "rows heads src head_dim"]
Bias = Float[Tensor, "#rows #heads #tgt #src"]
"""Is added to attention scores: `mask_bias` and `causal_bias` with axes for what they are the same for."""
States = Float[Tensor, "rows length dim"]


class KeysValues(NamedTuple):
    """What is attended to, split into heads."""

    keys: Keys
    values: Keys


class ProjectedMemory(NamedTuple):
    """The memory as attention wants it: what the hypotheses of a row have in common, computed once for a whole search.

    Attention of many heads has them, and a position for the query, as axes before `src`.
    """

    keys: Float[Tensor, "rows *heads src key_dim"]
    values: Float[Tensor, "rows *heads src value_dim"]
    bias: Float[Tensor, "rows *heads_and_query src"]
    """Forbids padding: `mask_bias` of the memory's mask."""


def mask_bias(mask: Bool[Tensor, "*shape"], dtype: torch.dtype) -> Float[Tensor, "*shape"]:
    """0 where `mask` is True, the lowest number elsewhere: added to attention scores."""
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, torch.finfo(dtype).min)


def causal_bias(length: int, dtype: torch.dtype, device: torch.device, *, past: int = 0) -> Float[Tensor, "tgt src"]:
    """Forbids each position to look at later ones; what is `past` comes before them all, and all may look at it."""
    return mask_bias(torch.ones(length, past + length, dtype=torch.bool, device=device).tril(past), dtype)


def scaled_dot_product_attention(queries: Queries, keys: Keys, values: Keys, bias: Bias | None) -> Queries:
    """Scaled dot-product attention (Vaswani et al. 2017, equation 1)."""
    if queries.device.type == "cpu" and keys.shape[2] <= SHORT:
        return attention_weights(queries, keys, bias) @ values
    return functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)


def attention_weights(queries: Queries, keys: Keys, bias: Bias | None) -> Float[Tensor, "rows heads tgt src"]:
    """How much each query looks at each key; the weights of a query sum to 1."""
    scores = (queries * (1 / math.sqrt(queries.shape[-1]))) @ keys.transpose(2, 3)
    return softmax_fp32(scores if bias is None else scores + bias)


def softmax_fp32(scores: Float[Tensor, "*queries src"]) -> Float[Tensor, "*queries src"]:
    """The softmax over the keys, computed in float32.

    PyTorch's kernel for CPUs needs ten times as long for a number when a row is shorter than one of its vectors.
    """
    length = scores.shape[-1]
    wide = functional.pad(scores.float(), (0, max(0, VECTOR - length)), value=-torch.inf)
    return wide.softmax(dim=-1)[..., :length].to(scores.dtype)


def split_heads(vectors: States, heads: int) -> Float[Tensor, "rows heads length head_dim"]:
    """A view of vectors (rows, length, dim) as (rows, heads, length, dim / heads); `merge_heads` takes it back."""
    rows, length, dim = vectors.shape
    return vectors.view(rows, length, heads, dim // heads).transpose(1, 2)


def merge_heads(vectors: Float[Tensor, "rows heads length head_dim"]) -> States:
    """The vectors of all heads side by side: (rows, length, heads * head_dim)."""
    return vectors.transpose(1, 2).flatten(2)


class SelfAttention(nn.Module):
    """Each position looks at the positions of its own sequence.

    Args:
        dim: The width of what it reads and gives, which the heads share.
        heads: Looks at once.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(dim, 3 * dim)
        self.output = nn.Linear(dim, dim)

    def split(self, inputs: States) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (rows, heads, length, head_dim)."""
        queries, keys, values = self.project(inputs).chunk(3, dim=2)
        return split_heads(queries, self.heads), split_heads(keys, self.heads), split_heads(values, self.heads)

    def forward(self, inputs: States, bias: Bias) -> States:
        """Attends within the sequence; `bias` is added to the scores (`mask_bias`, `causal_bias`)."""
        return self.read(inputs, None, bias)[0]

    def read(self, inputs: States, past: KeysValues | None, bias: Bias) -> tuple[States, KeysValues]:
        """`forward` where positions came before these.

        Args:
            inputs: (rows, length, dim).
            past: Keys and values of the positions before; None where there are none.
            bias: Added to the scores, (..., length, past + length).

        Returns:
            What these positions see, (rows, length, dim), and the keys and values of all.
        """
        queries, *own = self.split(inputs)
        everything = KeysValues(*own)
        if past is not None:
            everything = KeysValues(*(torch.cat(parts, dim=2) for parts in zip(past, own, strict=True)))
        merged: Tensor = self.output(merge_heads(scaled_dot_product_attention(queries, *everything, bias)))
        return merged, everything

    def step(self, inputs: HypothesisStates, cache: KeysValues, first: int, bias: Bias) -> HypothesisStates:
        """One step of every hypothesis.

        All hypotheses of a row write into one cache; `bias` lets each see its own past only (`layers/kv_cache.py`).

        Args:
            inputs: (rows, hyps, dim).
            cache: Keys and values; those of this step are written into it.
            first: The slot of the first hypothesis; those of the others follow.
            bias: Added to the scores, (rows, 1, hyps, slots).

        Returns:
            What the hypotheses see, (rows, hyps, dim).
        """
        queries, keys, values = self.split(inputs)
        last = first + inputs.shape[1]
        cache.keys[:, :, first:last] = keys
        cache.values[:, :, first:last] = values
        merged: Tensor = self.output(merge_heads(scaled_dot_product_attention(queries, *cache, bias)))
        return merged


class CrossAttention(nn.Module):
    """Each target position, or each hypothesis, looks at the memory.

    Args:
        dim: The width of what it reads and gives, which the heads share.
        memory_dim: The width of the memory's states.
        heads: Looks at once.
    """

    def __init__(self, dim: int, memory_dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.memory = nn.Linear(memory_dim, 2 * dim)
        self.output = nn.Linear(dim, dim)

    def project_memory(self, states: Float[Tensor, "rows src memory_dim"], bias: Bias) -> ProjectedMemory:
        """Keys and values of the memory, laid out once for all steps: (rows, heads, src, head_dim)."""
        keys, values = (split_heads(half, self.heads).contiguous() for half in self.memory(states).chunk(2, dim=2))
        return ProjectedMemory(keys, values, bias)

    def forward(self, inputs: Float[Tensor, "rows tgt dim"], memory: ProjectedMemory) -> Float[Tensor, "rows tgt dim"]:
        """Attends to a memory that `project_memory` has laid out."""
        queries = split_heads(self.query(inputs), self.heads)
        merged: Tensor = self.output(merge_heads(scaled_dot_product_attention(queries, *memory)))
        return merged

    def with_weights(
        self, inputs: Float[Tensor, "rows tgt dim"], memory: ProjectedMemory
    ) -> tuple[Float[Tensor, "rows tgt dim"], Float[Tensor, "rows heads tgt src"]]:
        """`forward`, and where each head looks."""
        queries = split_heads(self.query(inputs), self.heads)
        weights = attention_weights(queries, memory.keys, memory.bias)
        merged: Tensor = self.output(merge_heads(weights @ memory.values))
        return merged, weights


class MemoryAttention(nn.Module, ABC):
    """Attention of recurrent decoders to the memory, with one head; the memory's states are the values.

    Args:
        query_dim: The width of the queries.
        memory_dim: The width of the memory's states.
        dim: The width in which they are compared.
        query_bias: Queries get a bias.
    """

    def __init__(self, query_dim: int, memory_dim: int, dim: int, *, query_bias: bool) -> None:
        super().__init__()
        self.query = nn.Linear(query_dim, dim, bias=query_bias)
        self.key = nn.Linear(memory_dim, dim, bias=False)

    def project_memory(self, memory: Memory) -> ProjectedMemory:
        """Keys of the memory, computed once for all steps; the values are its states, the bias forbids padding."""
        keys = self.key(memory.states)
        return ProjectedMemory(keys, memory.states.to(keys.dtype), mask_bias(memory.mask, keys.dtype))

    def forward(
        self, queries: Float[Tensor, "rows tgt query_dim"], memory: ProjectedMemory
    ) -> tuple[Float[Tensor, "rows tgt memory_dim"], Float[Tensor, "rows tgt src"]]:
        """What the queries see, and the weights with which they look; those of a query sum to 1."""
        weights = softmax_fp32(self.scores(self.query(queries), memory.keys) + memory.bias.unsqueeze(1))
        return weights @ memory.values, weights

    @abstractmethod
    def scores(
        self, queries: Float[Tensor, "rows tgt dim"], keys: Float[Tensor, "rows src dim"]
    ) -> Float[Tensor, "rows tgt src"]:
        """How well each query fits each key."""


class DotAttention(MemoryAttention):
    """Scores by a bilinear product, the "general" form of Luong et al. 2015 (section 3.1)."""

    def __init__(self, query_dim: int, memory_dim: int, dim: int) -> None:
        super().__init__(query_dim, memory_dim, dim, query_bias=False)

    def scores(
        self, queries: Float[Tensor, "rows tgt dim"], keys: Float[Tensor, "rows src dim"]
    ) -> Float[Tensor, "rows tgt src"]:
        """Products of queries and keys, divided by the square root of the width."""
        scores: Tensor = (queries * keys.shape[2] ** -0.5) @ keys.transpose(1, 2)
        return scores


class AdditiveAttention(MemoryAttention):
    """Scores by a one-layer network (Bahdanau et al. 2015, appendix A.1.2)."""

    def __init__(self, query_dim: int, memory_dim: int, dim: int) -> None:
        super().__init__(query_dim, memory_dim, dim, query_bias=True)
        self.score = nn.Linear(dim, 1, bias=False)

    def scores(
        self, queries: Float[Tensor, "rows tgt dim"], keys: Float[Tensor, "rows src dim"]
    ) -> Float[Tensor, "rows tgt src"]:
        """v^T tanh(query + key) for each pair; it holds (rows, tgt, src, dim) numbers at once."""
        hidden = torch.tanh(queries.unsqueeze(2) + keys.unsqueeze(1))  # -> rows tgt src dim
        scores: Tensor = self.score(hidden).squeeze(3)
        return scores
