"""What decodes in a translation pipeline in place of our own search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from seqtasks.decoding import DecodingConfig, Hypothesis
from seqtasks.decoding.hypotheses import mark_repetitive
from seqtasks.decoding.lexical_constraints.phrases import Forms
from seqtasks.errors import SeqtasksError
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
    force_words: Sequence[Forms] = ()
    """Phrases that its translation contains, as tokens."""
    bad_words: Forms = ()
    """Phrases that its translation does not contain, as tokens."""


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

    def attention(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> list[NDArray[np.float32] | None]:
        """How much each token of a target attends to each token of its source; None where that is not known."""
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
    """What an engine finds; our own search decodes what it lacks.

    That is pieces whose translations have to contain words or must not, what has rules of its own on the next token
    (stop strings), and again what repeats itself over and over, which no engine stops.

    Args:
        engine: It decodes all other pieces.
        search: `TranslationPipeline.decode`; None where the engine alone has the model: then they are only marked.
        pieces: Texts.
        decoding: The decoding options.
        attention: Asks for attention weights.

    Returns:
        The hypotheses for each piece, best first.

    Raises:
        SeqtasksError: The engine alone has the model, and translations have to contain words or must not, or there are
            rules on the next token.
    """
    own = [
        row for row, piece in enumerate(pieces) if decoding.logits_processors or piece.force_words or piece.bad_words
    ]
    if own and search is None:
        raise SeqtasksError(
            "The engine of this model cannot be told which words a translation contains, or where it stops.",
            "Leave out the glossary, force_words, bad_words and stop.",
        )
    rest = sorted({*range(len(pieces))} - {*own})
    decoded = engine.decode([pieces[row] for row in rest], decoding, attention=attention) if rest else []
    marked = mark_repetitive([hypotheses for hypotheses, _ in decoded], [pieces[row].text for row in rest])
    found = {row: (hypotheses, look) for row, hypotheses, (_, look) in zip(rest, marked, decoded, strict=True)}
    if search is not None:
        own += [row for row, (hypotheses, _) in found.items() if any(each.repetitive for each in hypotheses)]
        searched = search([pieces[row] for row in own], decoding, attention=attention) if own else []
        found |= dict(zip(own, searched, strict=True))
    return [found[row] for row in range(len(pieces))]
