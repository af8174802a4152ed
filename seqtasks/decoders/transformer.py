"""The Transformer decoder (Vaswani et al. 2017), norm first, with a key-value cache that search never has to copy."""

from __future__ import annotations

from typing import Literal, NamedTuple

from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn

from seqtasks.decoders.base import Decoder, DecoderOutput
from seqtasks.incremental_state import State
from seqtasks.layers.attention import KeysValues, causal_bias, mask_bias
from seqtasks.layers.embedding import TokenEmbedding, sinusoids
from seqtasks.layers.kv_cache import Caches, extend_cache, init_cache
from seqtasks.layers.memory import Memory
from seqtasks.layers.stack import Stack
from seqtasks.layers.transformer import DecoderLayer
from seqtasks.registry import ConfigModel


class CrossAttentionCache(NamedTuple):
    """What the hypotheses of a row have in common."""

    memory: tuple[KeysValues, ...]
    """The memory's keys and values, a layer each."""
    memory_bias: Float[Tensor, "rows 1 1 src"]
    caches: Caches


class TransformerDecoder(Decoder):
    """Causal self-attention, attention to the memory, feed-forward. Its width is the embedding's."""

    class Config(ConfigModel):
        kind: Literal["transformer"] = "transformer"
        num_layers: int = Field(default=4, gt=0)
        """Transformer layers."""
        num_heads: int = Field(default=4, gt=0)
        """Attention heads of each layer; they share its width."""
        ffn_dim: int = Field(default=512, gt=0)
        """Width of the feed-forward inside each layer."""
        dropout: float = Field(default=0.3, ge=0, lt=1)
        """On the output of every attention and feed-forward."""
        activation_dropout: float = Field(default=0.0, ge=0, lt=1)
        """Inside the feed-forward, after its activation."""

    def __init__(self, config: Config, embedding: TokenEmbedding, memory_dim: int, *, tie_output: bool) -> None:
        super().__init__(config, embedding, memory_dim, tie_output=tie_output)
        self.layers: Stack[DecoderLayer] = Stack(
            DecoderLayer(
                embedding.dim, memory_dim, config.num_heads, config.ffn_dim, config.dropout, config.activation_dropout
            )
            for _ in range(config.num_layers)
        )
        self.norm = nn.LayerNorm(embedding.dim)

    def embed(self, tokens: Int[Tensor, "rows length"], start: int, length: int) -> Float[Tensor, "rows length dim"]:
        """Token and place; all tokens share one place when `length` is 1."""
        vectors = self.embedding(tokens)
        places = sinusoids(length, self.embedding.dim, start=start, device=tokens.device)
        return self.embedding.apply_word_dropout(vectors + places.to(vectors.dtype))

    def forward(self, tokens: Int[Tensor, "rows tgt"], memory: Memory, *, attention: bool = False) -> DecoderOutput:
        length = tokens.shape[1]
        states = self.embed(tokens, 0, length)
        memory_bias = mask_bias(memory.mask, states.dtype)[:, None, None, :]
        causal = causal_bias(length, states.dtype, states.device)[None, None]
        weights = None
        for layer in self.layers:
            remembered = layer.memory_attention.project_memory(memory.states)
            if attention and layer is self.layers[-1]:
                after = layer.dropout.add(states, layer.attention(layer.attention_norm(states), causal))
                weights = layer.memory_attention.weights(layer.memory_norm(after), remembered, memory_bias)
            states = layer(states, causal, remembered, memory_bias)
        return DecoderOutput(self.norm(states), weights)

    def start(self, memory: Memory, hyps: int, capacity: int) -> State:
        remembered = tuple(layer.memory_attention.project_memory(memory.states) for layer in self.layers)
        bias = mask_bias(memory.mask, remembered[0].keys.dtype)[:, None, None, :]
        nothing = remembered[0].keys[:, :, :0]
        caches, visible = init_cache(tuple(KeysValues(nothing, nothing) for _ in self.layers), hyps)
        return State(CrossAttentionCache(remembered, bias, caches), visible)

    def step(
        self, tokens: Int[Tensor, "rows hyps"], position: int, state: State
    ) -> tuple[Float[Tensor, "rows hyps vocab"], State]:
        shared = state.per_row
        caches, visible, first = extend_cache(shared.caches, state.per_hypothesis, position)
        states = self.embed(tokens, position, 1)
        bias = mask_bias(visible, states.dtype).unsqueeze(1)
        for layer, cache, memory in zip(self.layers, caches, shared.memory, strict=True):
            states = layer.step(states, cache, first, bias, memory, shared.memory_bias)
        return self.project(self.norm(states)), State(shared._replace(caches=caches), visible)
