"""Whether texts are in the language that they are said to be in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

CHUNK = 400
"""Characters that are looked at together: single sentences are often taken for another language."""
CHUNKS = 25
TEXTS = 400
"""About so many texts, spread over all, are looked at."""


def find_language(texts: Sequence[str], claimed: str) -> str | None:
    """The code of the language that most texts are in, where none of them seems to be in the one that is claimed.

    Languages are told apart by py3langid (Lui and Baldwin 2012). None where the texts may be in the claimed language,
    there are too few of them to tell, or it is one that is not known there.
    """
    import langcodes
    import py3langid
    from py3langid import langid

    code = langcodes.Language.get(claimed).language or claimed
    votes = Counter(py3langid.classify(chunk)[0] for chunk in islice(chunks(texts[:: 1 + len(texts) // TEXTS]), CHUNKS))
    known = langid.IDENTIFIER.nb_classes if langid.IDENTIFIER is not None else []
    if votes.total() < 3 or code not in known or votes[code]:
        return None
    found, count = votes.most_common(1)[0]
    return str(found) if 2 * count > votes.total() else None


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


def language_name(code: str) -> str:
    """The English name of a language: `de` is German."""
    import langcodes

    return langcodes.Language.get(code).display_name()
