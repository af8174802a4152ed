"""Protected spans inside a sentence: the sentence is translated around them, as around code."""

from __future__ import annotations

from collections.abc import Sequence

from seqtasks.text import normalize
from seqtasks.text.word_spans import Span

LONGEST = 200
"""Characters of a span that translation takes for code."""


def quote_spans(text: str, spans: Sequence[Span]) -> str | None:
    """A sentence with its spans in backticks, so that translation copies them.

    Args:
        text: The sentence.
        spans: In order and without overlaps, from 0.

    Returns:
        None where that is not possible, or where nothing else is there to translate.
    """
    quoted, place, rest = "", 0, ""
    for start, end in spans:
        own = text[start:end]
        if len(own) > LONGEST or normalize(own) != own:
            return None
        quoted += f"{text[place:start]}`{own}`"
        rest += text[place:start]
        place = end
    rest += text[place:]
    return quoted + text[place:] if "`" not in text and any(map(str.isalpha, rest)) else None


def unquote_spans(translation: str, texts: Sequence[str]) -> tuple[str, list[Span]] | None:
    """A translation without these backticks.

    Args:
        translation: That of a sentence of `quote_spans`.
        texts: What its spans say, in the order of the sentence.

    Returns:
        The translation, and where it has each of the texts; of equal texts, in their order. None where they are not all
        there, each as often as it should be.
    """
    parts = translation.split("`")
    if sorted(parts[1::2]) != sorted(texts) or len(parts) != 2 * len(texts) + 1:
        return None
    places: dict[str, list[Span]] = {}
    done = 0
    for number, part in enumerate(parts):
        if number % 2:
            places.setdefault(part, []).append((done, done + len(part)))
        done += len(part)
    return "".join(parts), [places[each].pop(0) for each in texts]
