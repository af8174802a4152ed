"""Texts whose tokens are there in part, for explanations: what a model says as words come and go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from seqtasks.encoders import TextEncoder
from seqtasks.encoders.bag_of_words import HashedNgrams


@contextmanager
def partly_present(encoder: TextEncoder, presence: Float[Tensor, "rows src"]) -> Iterator[None]:
    """Meanwhile the encoder reads each token's vector times its presence: 1 is as it is, 0 hides it.

    A hidden token keeps its place and is what word dropout shows in training, the zero vector. Of an n-gram there is
    the product of its tokens'.
    """

    def weigh_vectors(module: nn.Module, arguments: Any, vectors: Tensor) -> Tensor:
        return vectors * presence.unsqueeze(2).to(vectors.dtype)

    def weigh_ngrams(module: nn.Module, arguments: Any, vectors: Tensor) -> Tensor:
        weighed: Tensor = module.forward(*arguments, presence)
        return weighed.to(vectors.dtype)

    ngrams = [module for module in encoder.modules() if isinstance(module, HashedNgrams)]
    hooks = [encoder.embedding.register_forward_hook(weigh_vectors)]
    hooks += [module.register_forward_hook(weigh_ngrams) for module in ngrams]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
