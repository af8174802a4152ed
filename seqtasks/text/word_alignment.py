"""Which tokens spell which words of a text."""

from __future__ import annotations

from collections.abc import Sequence

from seqtasks.special_tokens import SPECIAL_PIECES, UNKNOWN
from seqtasks.text.tokenizers.subword_regularization import BLANK
from seqtasks.text.word_groups import Word, surface_form, token_groups, whitespace_groups


def align_words(text: str, pieces: Sequence[str], *, each_token: bool = False) -> list[Word]:
    """The words of a cleaned text, in its order.

    Put together with their blanks the words are the text, and every token belongs to one of them: what is UNKNOWN too,
    and marks and blanks, which say nothing of their own. A word is what is between two spaces where pieces show
    those, else a token.

    Args:
        text: As its processor reads it.
        pieces: What the processor shows of its tokens.
        each_token: A word is a token in any case.
    """
    shows_blanks = any(BLANK in piece for piece in pieces)
    runs = whitespace_groups(pieces) if shows_blanks and not each_token else token_groups(pieces)
    surfaces = [surface_form(pieces[run.start : run.stop]) for run in runs]
    words: list[Word] = []
    start = cursor = 0
    for number, run in enumerate(runs):
        surface = surfaces[number]
        if not surface and SPECIAL_PIECES[UNKNOWN] not in pieces[run.start : run.stop]:
            continue
        first = cursor + text.startswith(" ", cursor)
        if not surface or not text.startswith(surface, first):
            following = next((each for each in surfaces[number + 1 :] if each), "")
            surface = text[first : unknown_end(text, first, following)]
        if surface:
            words.append(Word(surface, range(start, run.stop), space_before=first > cursor))
            start, cursor = run.stop, first + len(surface)
    if not words:
        return [Word(text, range(len(pieces)), space_before=False)] if text else []
    last = words[-1]
    words[-1] = Word(last.text + text[cursor:], range(last.tokens.start, len(pieces)), last.space_before)
    return words


def unknown_end(text: str, start: int, following: str) -> int:
    """Where a word ends whose spelling its token does not give: at a blank, or where the following token begins."""
    blank = text.find(" ", start)
    end = len(text) if blank < 0 else blank
    if not following or text.startswith(following, end + (end == blank)):
        return end
    place = text.find(following, start + 1, end)
    return end if place < 0 else place
