"""A bag of words and of word sequences: the baseline of classification (fastText, Joulin et al. 2017)."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.encoders.base import TextEncoder
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Mask, Memory, SourceStates
from seqtasks.layers.pooling import mean_state
from seqtasks.layers.word_embedding import WordEmbedding
from seqtasks.registry import ConfigModel

PRIME, MULTIPLIER = 2**31 - 1, 116_049_371
"""Of the hash: their product with a token fits in 64 bits."""


class BagOfWordsEncoder(TextEncoder):
    """Each state is the vector of its token and those of the n-grams that end there, nothing else.

    Under mean pooling and an output layer this is a linear classifier of tokens and n-grams.
    """

    class Config(ConfigModel):
        kind: Literal["bag-of-words"] = "bag-of-words"
        max_ngram_size: int = Field(default=2, ge=1)
        """Longest n-grams with an embedding; 1 = single tokens, without their order."""
        num_buckets: int = Field(default=2**17, gt=0)
        """Number of embeddings, which n-grams share by their hash."""

    def __init__(self, config: Config, embedding: TokenEmbedding | WordEmbedding) -> None:
        super().__init__(config, embedding)
        self.dim = embedding.dim
        self.ngrams = (
            HashedNgrams(config.max_ngram_size, config.num_buckets, self.dim) if config.max_ngram_size > 1 else None
        )

    def forward(self, tokens: Int[Tensor, "rows src *parts"], mask: Mask) -> Memory:
        """Adds to each token's vector those of the n-grams that end there; the summary is the mean of these states."""
        states = self.embedding(tokens)
        if self.ngrams is not None:
            words = tokens if tokens.dim() == 2 else tokens[..., 0]
            states = states + self.ngrams(words)
        states = self.embedding.apply_dropout(states)
        return Memory(states, mask, mean_state(states, mask))


class HashedNgrams(nn.Module):
    """Vectors of n-grams, out of a table that they share (Joulin et al. 2017).

    The table starts at zero, so that an n-gram that training never showed says nothing.

    Args:
        longest: Tokens of the longest n-grams; the shortest have two.
        buckets: Vectors of the table.
        dim: Their width.
    """

    def __init__(self, longest: int, buckets: int, dim: int) -> None:
        super().__init__()
        self.longest = longest
        self.table = TokenEmbedding(buckets, dim)
        nn.init.zeros_(self.table.weight)

    def forward(
        self, tokens: Int[Tensor, "rows src"], presence: Float[Tensor, "rows src"] | None = None
    ) -> SourceStates:
        """The sum of the vectors of all n-grams that end at each position.

        Padding follows the real tokens, so that no n-gram that ends at one of them has any. `presence` says how
        much of each token is there, 1 without it; of an n-gram there is the product of its tokens'.
        """
        rows, length = tokens.shape
        total = self.table.weight.new_zeros(rows, length, self.table.dim)
        for size in range(2, min(self.longest, length) + 1):
            vectors = self.table(hash_ngrams(tokens.unfold(1, size, 1), self.table.size))
            if presence is not None:
                vectors = vectors * presence.unfold(1, size, 1).prod(dim=2).unsqueeze(2)
            total = total + functional.pad(vectors, (0, 0, size - 1, 0))
        return total


def hash_ngrams(ngrams: Int[Tensor, "rows places size"], buckets: int) -> Int[Tensor, "rows places"]:
    """A number below `buckets` for each n-gram, the same everywhere and always."""
    numbers = torch.full_like(ngrams[..., 0], ngrams.shape[2])
    for place in range(ngrams.shape[2]):
        numbers = (numbers * MULTIPLIER + ngrams[..., place]) % PRIME
    return numbers % buckets
