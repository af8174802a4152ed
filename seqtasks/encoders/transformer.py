"""The Transformer encoder (Vaswani et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Int
from pydantic import Field
from torch import Tensor

from seqtasks.encoders.base import Carried, CausalEncoder, PretrainedInitConfig
from seqtasks.incremental_state import HypothesisStates, HypothesisTokens, State
from seqtasks.layers.attention import KeysValues, causal_bias, mask_bias, split_heads
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.kv_cache import Caches, extend_cache, init_cache
from seqtasks.layers.memory import Mask, Memory, SourceStates
from seqtasks.layers.pooling import mean_state
from seqtasks.layers.transformer import TransformerConfig, embed_with_positions, last_norm, transformer_layers
from seqtasks.layers.word_embedding import WordEmbedding


class TransformerEncoder(CausalEncoder):
    """Self-attention layers; the memory's summary is the mean of its states. Its width is the embedding's.

    Where it is causal, what it carries on within a text are the keys and values of every layer; training carries none
    from window to window.
    """

    class Config(TransformerConfig, PretrainedInitConfig):
        causal: bool = False
        """Each position attends only to earlier ones, as language models require."""
        max_positions: int = Field(default=512, gt=0)
        """For causal = true: the maximum length of a training text."""

        @property
        def is_causal(self) -> bool:
            """Whether states depend on what was read before alone."""
            return self.causal

    def __init__(self, config: Config, embedding: TokenEmbedding | WordEmbedding) -> None:
        super().__init__(config, embedding)
        self.dim = embedding.dim
        self.heads = config.num_heads
        self.causal = config.causal
        self.context = config.max_positions
        self.layers = transformer_layers(config, self.dim)
        self.norm = last_norm(config, self.dim)
        self.positions = config.positions

    def forward(self, tokens: Int[Tensor, "rows src *parts"], mask: Mask) -> Memory:
        """Looks at all real positions, or, where it is causal, at those before alone."""
        states = embed_with_positions(self.embedding, tokens, 0, tokens.shape[1], self.positions)
        if self.causal:  # padding comes last, where no real position looks
            bias = causal_bias(tokens.shape[1], states.dtype, states.device)[None, None]
        else:
            bias = mask_bias(mask, states.dtype)[:, None, None, :]
        for layer in self.layers:
            states = layer(states, bias)
        states = self.norm(states)
        return Memory(states, mask, mean_state(states, mask))

    def state_shapes(self) -> list[tuple[int, ...]]:
        """Nothing: training carries no keys and values from window to window."""
        return []

    def read(self, tokens: Int[Tensor, "rows src"], carried: Carried) -> tuple[SourceStates, list[Tensor]]:
        """Carries the keys and values of every layer, (rows, heads, positions, head_dim)."""
        length, past, kept = tokens.shape[1], kv_caches(carried or []), list[Tensor]()
        before = past[0].keys.shape[2] if past else 0
        states = embed_with_positions(self.embedding, tokens, before, length, self.positions)
        bias = causal_bias(length, states.dtype, states.device, past=before)[None, None]
        for index, layer in enumerate(self.layers):
            states, everything = layer.read(states, past[index] if past else None, bias)
            kept += everything
        return self.norm(states), kept

    def start(self, rows: int, hyps: int, capacity: int, carried: Carried) -> State:
        """The carried keys and values (per row), which all hypotheses see, or empty ones."""
        nothing = split_heads(self.no_vectors(rows), self.heads)
        return State(*init_cache(kv_caches(carried or [nothing] * (2 * len(self.layers))), hyps))

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[HypothesisStates, State]:
        """Writes the new keys and values into the caches, of which each hypothesis sees its own past alone."""
        hyps = tokens.shape[1]
        caches, visible, first = extend_cache(state.per_row, state.per_hypothesis, position)
        states = embed_with_positions(self.embedding, tokens, first - position * (hyps - 1), 1, self.positions)
        bias = mask_bias(visible, states.dtype).unsqueeze(1)
        for layer, cache in zip(self.layers, caches, strict=True):
            states = layer.step(states, cache, first, bias)
        return self.norm(states), State(caches, visible)


def kv_caches(carried: Sequence[Tensor]) -> Caches:
    """Keys and values of every layer, out of what is carried."""
    return tuple(KeysValues(*pair) for pair in zip(carried[::2], carried[1::2], strict=True))
