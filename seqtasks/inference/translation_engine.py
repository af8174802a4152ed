"""What decodes in a translation pipeline in place of our own search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from seqtasks.decoding import DecodingConfig, Hypothesis
from seqtasks.decoding.hypotheses import mark_repetitive
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


def decode_by_engine(
    engine: TranslationEngine,
    search: Callable[..., list[Found]] | None,
    pieces: Sequence[Piece],
    decoding: DecodingConfig,
    *,
    attention: bool,
) -> list[Found]:
    """What an engine finds; our own search decodes again what repeats itself over and over, which no engine stops.

    Args:
        engine: It decodes all pieces.
        search: `TranslationPipeline.decode`; None where the engine alone has the model: then they are only marked.
        pieces: Texts.
        decoding: The decoding options.
        attention: Asks for attention weights.

    Returns:
        The hypotheses for each piece, best first.
    """
    decoded = engine.decode(pieces, decoding, attention=attention)
    marked = mark_repetitive([hypotheses for hypotheses, _ in decoded], [piece.text for piece in pieces])
    found = [(hypotheses, look) for hypotheses, (_, look) in zip(marked, decoded, strict=True)]
    looping = [row for row, (hypotheses, _) in enumerate(found) if any(each.repetitive for each in hypotheses)]
    if looping and search is not None:
        again = search([pieces[row] for row in looping], decoding, attention=attention)
        for row, own in zip(looping, again, strict=True):
            found[row] = own
    return found
