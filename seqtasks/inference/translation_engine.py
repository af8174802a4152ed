"""Other engines that decode in place of our own search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from seqtasks.decoding import DecodingConfig, Hypothesis
from seqtasks.decoding.repetition import is_repetitive
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


def decode_by_engine(
    engine: TranslationEngine,
    search: Callable[..., list[Found]],
    pieces: Sequence[Piece],
    decoding: DecodingConfig,
    *,
    attention: bool,
) -> list[Found]:
    """What an engine finds; our own search decodes again what repeats itself, which no engine stops as we do.

    Args:
        engine: It decodes all pieces.
        search: `TranslationPipeline.decode`.
        pieces: Texts.
        decoding: The decoding options.
        attention: Asks for attention weights.

    Returns:
        The hypotheses for each piece, best first.
    """
    found = engine.decode(pieces, decoding, attention=attention)
    looping = [row for row, (best, _) in enumerate(found) if is_repetitive(best[0].tokens, pieces[row].text)]
    if looping:
        again = search([pieces[row] for row in looping], decoding, attention=attention)
        for row, own in zip(looping, again, strict=True):
            found[row] = own
    return found
