"""What decodes in a translation pipeline in place of our own search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from seqtasks.decoding import DecodingConfig, Hypothesis
from seqtasks.inference.outputs import Attention

Found = tuple[list[Hypothesis], Attention | None]
"""The hypotheses for a source, best first, and the attention of the best of them, if that was asked for."""


class Piece(NamedTuple):
    """What is translated at once: a text, or a part of a long one."""

    text: str
    ids: Sequence[int]
    """Its tokens."""
    prefix: Sequence[int]
    """The tokens that its translation has to begin with."""
    number: int
    """That of its text in the input: samples depend on it."""


@runtime_checkable
class TranslationEngine(Protocol):
    """Decodes in place of our own search."""

    @property
    def precision(self) -> str:
        """What computes, and how exactly, as signatures have it."""
        ...

    def check(self, decoding: DecodingConfig) -> None:
        """Raises SeqtasksError for decoding options that the engine lacks."""
        ...

    def decode(self, pieces: Sequence[Piece], decoding: DecodingConfig, *, attention: bool) -> list[Found]:
        """The hypotheses for each piece; see `TranslationPipeline.decode`."""
        ...

    def score(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], length_penalty: str
    ) -> list[Hypothesis]:
        """Each target as a hypothesis for its source; asked for where the engine alone has the model."""
        ...
