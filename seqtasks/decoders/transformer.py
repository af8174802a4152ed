"""The Transformer decoder (Vaswani et al. 2017), with a key-value cache that search never has to copy."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Int
from pydantic import Field, model_validator
from torch import Tensor

from seqtasks.decoders.base import Decoder, DecoderOutput
from seqtasks.incremental_state import HypothesisTokens, NextLogits, State
from seqtasks.layers.attention import KeysValues, ProjectedMemory, causal_bias, mask_bias
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.kv_cache import Caches, extend_cache, init_cache
from seqtasks.layers.memory import Memory
from seqtasks.layers.transformer import TransformerConfig, embed_with_positions, last_norm, transformer_layers


class CrossAttentionCache(NamedTuple):
    """What the hypotheses of a row have in common."""

    memory: tuple[ProjectedMemory, ...]
    """A layer each."""
    caches: Caches


class TransformerDecoder(Decoder):
    """Causal self-attention, attention to the memory, feed-forward. Its width is the embedding's."""

    class Config(TransformerConfig):
        """What all Transformers have, and which heads align."""

        alignment_heads: int = Field(default=0, ge=0)
        """The first heads of the last layer whose mean is the attention shown, and taught by guided alignment; 0 = all
        of them."""

        @model_validator(mode="after")
        def alignment_heads_exist(self) -> TransformerDecoder.Config:
            """Refuses more heads than there are."""
            if self.alignment_heads > self.num_heads:
                raise ValueError(f"alignment_heads = {self.alignment_heads}: there are {self.num_heads} heads")
            return self

    def __init__(self, config: Config, embedding: TokenEmbedding, memory_dim: int, *, tie_output: bool) -> None:
        super().__init__(config, embedding, memory_dim, tie_output=tie_output)
        self.layers = transformer_layers(config, embedding.dim, memory_dim)
        self.alignment_heads = config.alignment_heads or config.num_heads
        self.norm = last_norm(config, embedding.dim)
        self.positions = config.positions

    def forward(self, tokens: Int[Tensor, "rows tgt"], memory: Memory, *, attention: bool = False) -> DecoderOutput:
        """Reads all positions under a causal mask; its `attention` is the mean of the last layer's alignment heads."""
        length = tokens.shape[1]
        states = embed_with_positions(self.embedding, tokens, 0, length, self.positions)
        memory_bias = mask_bias(memory.mask, states.dtype)[:, None, None, :]
        causal = causal_bias(length, states.dtype, states.device)[None, None]
        weights = None
        for layer in self.layers:
            remembered = layer.memory_attention.project_memory(memory.states, memory_bias)
            if attention and layer is self.layers[-1]:
                states, heads = layer.with_weights(states, causal, remembered)
                weights = heads[:, : self.alignment_heads].mean(dim=1)
            else:
                states = layer(states, causal, remembered)
        return DecoderOutput(self.norm(states), weights)

    def start(self, memory: Memory, hyps: int, capacity: int) -> State:
        """Holds keys and values of the memory and empty caches (per row), and what each hypothesis sees of them."""
        bias = mask_bias(memory.mask, memory.states.dtype)[:, None, None, :]
        remembered = tuple(layer.memory_attention.project_memory(memory.states, bias) for layer in self.layers)
        nothing = remembered[0].keys[:, :, :0]
        caches, visible = init_cache(tuple(KeysValues(nothing, nothing) for _ in self.layers), hyps)
        return State(CrossAttentionCache(remembered, caches), visible)

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Writes the new keys and values into the caches, of which each hypothesis sees its own past alone."""
        shared = state.per_row
        caches, visible, first = extend_cache(shared.caches, state.per_hypothesis, position)
        states = embed_with_positions(self.embedding, tokens, position, 1, self.positions)
        bias = mask_bias(visible, states.dtype).unsqueeze(1)
        for layer, cache, memory in zip(self.layers, caches, shared.memory, strict=True):
            states = layer.step(states, cache, first, bias, memory)
        return self.project(self.norm(states)), State(shared._replace(caches=caches), visible)
