"""Whether texts are in the language that they are said to be in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

CHUNK = 400
"""Characters that are looked at together: single sentences are often taken for another language."""
CHUNKS = 25
FEWEST = 3
"""So many texts, or chunks of them, are looked at, or none."""
SURE = 50.0
"""Nats by which another language has to be likelier where there are few texts; a sentence has some 100."""
TEXTS = 400
"""About so many texts, spread over all, are looked at."""


def find_language(texts: Sequence[str], claimed: str) -> str | None:
    """The code of the language that most texts are in, where none of them seems to be in the one that is claimed.

    Languages are told apart by py3langid (Lui and Baldwin 2012). None where the texts may be in the claimed language,
    there are too few of them to tell, or it is one that is not known there.

    Texts that are too few for `CHUNKS` of them to agree are looked at as one, and have to be surely in another
    language: of 6,480 sides of three pairs of 25 corpora (English, German, French) none was so in its own language,
    and 97 % were in the other one; titles and single words are most of the others.
    """
    import py3langid
    from py3langid import langid

    code = base_language(claimed)
    pieces = list(islice(chunks(texts[:: 1 + len(texts) // TEXTS]), CHUNKS))
    if len(pieces) < FEWEST:
        return find_in_few(texts, code)
    votes = Counter(py3langid.classify(piece)[0] for piece in pieces)
    known = langid.IDENTIFIER.nb_classes if langid.IDENTIFIER is not None else []
    if code not in known or votes[code]:
        return None
    found, count = votes.most_common(1)[0]
    return str(found) if 2 * count > votes.total() else None


def find_in_few(texts: Sequence[str], code: str) -> str | None:
    """The language of few texts, together, where it is surely not the one with this code."""
    import py3langid

    if len(texts) < FEWEST:
        return None
    likelihoods = py3langid.rank(" ".join(texts))
    found, highest = likelihoods[0]
    return str(found) if highest - dict(likelihoods).get(code, highest) > SURE else None


def chunks(texts: Iterable[str]) -> Iterable[str]:
    """The texts together, in pieces of some hundred characters."""
    piece: list[str] = []
    size = 0
    for text in texts:
        piece.append(text)
        size += len(text)
        if size >= CHUNK:
            yield " ".join(piece)
            piece, size = [], 0


def base_language(code: str) -> str:
    """A code without script and region: `pt-BR` is `pt`."""
    import langcodes

    return langcodes.Language.get(code).language or code


def language_name(code: str) -> str:
    """The English name of a language: `de` is German."""
    import langcodes

    return langcodes.Language.get(code).display_name()
