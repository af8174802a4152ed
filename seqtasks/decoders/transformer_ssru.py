"""The Transformer decoder with SSRUs in place of self-attention (Kim et al. 2019): what Marian's fast models have."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor, nn

from seqtasks.decoders.base import Decoder, DecoderOutput
from seqtasks.decoders.transformer import TransformerDecoder
from seqtasks.incremental_state import HypothesisTokens, NextLogits, State
from seqtasks.layers.attention import ProjectedMemory, States, mask_bias
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Memory
from seqtasks.layers.ssru import SSRU
from seqtasks.layers.stack import Stack
from seqtasks.layers.transformer import TransformerLayer, embed_with_positions, last_norm


class SsruLayer(nn.Module):
    """An SSRU, attention to the memory and feed-forward, each added to its input.

    Args:
        config: Sizes and where norms stand.
        dim: The width of what it reads and gives.
        memory_dim: The width of the memory.
    """

    def __init__(self, config: TransformerSsruDecoder.Config, dim: int, memory_dim: int) -> None:
        super().__init__()
        self.ssru_norm = nn.LayerNorm(dim, eps=config.layer_norm_eps)
        self.ssru = SSRU(dim)
        self.rest = TransformerLayer(config, dim, memory_dim, self_attention=False)

    def forward(self, states: States, memory: ProjectedMemory) -> States:
        """All positions at once."""
        return self.rest.after_self_attention(self.read(states), memory)

    def read(self, states: States) -> States:
        """What the SSRU gives, added to its input."""
        return self.rest.after(self.ssru_norm, states, self.ssru(self.rest.before(self.ssru_norm, states)))

    def step(self, states: Tensor, cell: Tensor, memory: ProjectedMemory) -> tuple[Tensor, Tensor]:
        """One position of every hypothesis, (rows, hyps, dim), and the new cell."""
        given, cell = self.ssru.step(self.rest.before(self.ssru_norm, states), cell)
        return self.rest.after_self_attention(self.rest.after(self.ssru_norm, states, given), memory), cell


class TransformerSsruDecoder(Decoder):
    """Recurrent, with attention to the memory. Its width is the embedding's.

    A step costs the same however many came before, and what is carried from token to token is one vector a layer.
    """

    class Config(TransformerDecoder.Config):
        kind: Literal["transformer-ssru"] = "transformer-ssru"  # type: ignore[assignment]

    def __init__(self, config: Config, embedding: TokenEmbedding, memory_dim: int, *, tie_output: bool) -> None:
        super().__init__(config, embedding, memory_dim, tie_output=tie_output)
        self.layers: Stack[SsruLayer] = Stack(
            SsruLayer(config, embedding.dim, memory_dim) for _ in range(config.num_layers)
        )
        self.alignment_heads = config.alignment_heads or config.num_heads
        self.norm = last_norm(config, embedding.dim)
        self.positions = config.positions

    def forward(self, tokens: Int[Tensor, "rows tgt"], memory: Memory, *, attention: bool = False) -> DecoderOutput:
        """Reads all positions; its `attention` is the mean of the last layer's alignment heads."""
        states = embed_with_positions(self.embedding, tokens, 0, tokens.shape[1], self.positions)
        bias = mask_bias(memory.mask, states.dtype)[:, None, None, :]
        weights = None
        for layer in self.layers:
            remembered = layer.rest.memory_attention.project_memory(memory.states, bias)
            if attention and layer is self.layers[-1]:
                states, heads = layer.rest.with_memory_weights(layer.read(states), remembered)
                weights = heads[:, : self.alignment_heads].mean(dim=1)
            else:
                states = layer(states, remembered)
        return DecoderOutput(self.norm(states), weights)

    def start(self, memory: Memory, hyps: int, capacity: int) -> State:
        """Holds keys and values of the memory (per row), and each layer's cell (per hypothesis)."""
        bias = mask_bias(memory.mask, memory.states.dtype)[:, None, None, :]
        remembered = tuple(layer.rest.memory_attention.project_memory(memory.states, bias) for layer in self.layers)
        rows = len(memory.states)
        empty = memory.states.new_zeros(rows, hyps, self.embedding.dim, dtype=torch.float32)
        return State(remembered, tuple(empty for _ in self.layers))

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """Moves every cell on by a token."""
        states = embed_with_positions(self.embedding, tokens, position, 1, self.positions)
        cells = []
        for layer, memory, cell in zip(self.layers, state.per_row, state.per_hypothesis, strict=True):
            states, moved = layer.step(states, cell, memory)
            cells.append(moved)
        return self.project(self.norm(states)), State(state.per_row, tuple(cells))
