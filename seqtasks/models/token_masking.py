"""Texts whose tokens are there in part or changed: what a model says as words come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import get_ident
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from seqtasks.encoders import TextEncoder
from seqtasks.encoders.bag_of_words import HashedNgrams


@contextmanager
def mask_tokens(encoder: TextEncoder, presence: Float[Tensor, "rows src"]) -> Iterator[None]:
    """Meanwhile the encoder reads each token's vector times its presence, in this thread: 1 is as it is, 0 hides it.

    A hidden token keeps its place and is what word dropout shows in training, the zero vector. Of an n-gram there is
    the product of its tokens'.
    """

    def weigh_vectors(vectors: Tensor) -> Tensor:
        return vectors * presence.unsqueeze(2).to(vectors.dtype)

    thread = get_ident()

    def weigh_ngrams(module: nn.Module, arguments: Any, vectors: Tensor) -> Tensor:
        weighed: Tensor = module.forward(*arguments, presence) if get_ident() == thread else vectors
        return weighed.to(vectors.dtype)

    ngrams = [module for module in encoder.modules() if isinstance(module, HashedNgrams)]
    with ExitStack() as stack:
        stack.enter_context(transform_embeddings(encoder, weigh_vectors))
        for module in ngrams:
            stack.callback(module.register_forward_hook(weigh_ngrams).remove)
        yield


@contextmanager
def transform_embeddings(encoder: TextEncoder, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Meanwhile the encoder reads tokens' vectors as `change` makes them, in this thread: others read them as ever."""
    thread = get_ident()
    hook = encoder.embedding.register_forward_hook(
        lambda module, arguments, vectors: change(vectors) if get_ident() == thread else vectors
    )
    try:
        yield
    finally:
        hook.remove()
