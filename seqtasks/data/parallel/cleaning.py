"""What does not belong into parallel data (Ott et al. 2018, section 3; Koehn et al. 2018, WMT18's filtering task)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import groupby

from pydantic import Field

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.registry import ConfigModel
from seqtasks.text import normalize

SHORT = 12
"""Up to so many characters a text is too short for its language, its letters or its length to say anything."""
ALTERNATIVES = 5
"""So many languages may be likelier than the one that is claimed: single sentences are often taken for a relative."""


class CleaningConfig(ConfigModel):
    """Which pairs are kept."""

    min_chars: int = Field(default=1, ge=1)
    """Characters of a side, blanks left out."""
    max_words: int = Field(default=150, ge=1)
    """Words of a side, or half as many times five characters where a language has no blanks."""
    max_length_ratio: float = Field(default=2.5, ge=1)
    """Maximum ratio of the lengths of both sides, in characters."""
    min_letters: float = Field(default=0.5, ge=0, le=1)
    """Share of letters among the characters of a side, blanks left out."""
    copies: bool = False
    """Pairs of twice the same text are kept."""
    duplicates: bool = False
    """Pairs that came before, but for case and punctuation, are kept."""
    check_numbers: bool = True
    """The digits of both sides have to be the same, in any order."""
    check_languages: bool = True
    """Each side has to be in its language, as far as py3langid can tell."""


def clean_pairs(
    pairs: Iterable[Pair], languages: tuple[str, str] | None, config: CleaningConfig, skipped: ReadReport
) -> Iterator[Pair]:
    """The pairs that are worth training on.

    Args:
        pairs: As they are read.
        languages: Codes of the source and the target; None where languages are not looked at.
        config: What is asked of a pair.
        skipped: The report of whoever reads the pairs; counts what is left out, by reason.
    """
    seen: set[bytes] = set()
    for raw in pairs:
        pair = Pair(normalize(raw.source), normalize(raw.target))
        reason = next(filter(None, (check(pair, config) for check in CHECKS)), None)
        if reason is None and languages is not None and config.check_languages:
            sides = zip((pair.source, pair.target), languages, strict=True)
            reason = next((f"not {code}" for text, code in sides if not may_be_in(text, code)), None)
        if reason is None and not config.duplicates:
            key = fingerprint(pair)
            reason = "duplicate" if key in seen else None
            seen.add(key)
        if reason is None:
            yield pair
        else:
            skipped.skip(reason)


def by_length(pair: Pair, config: CleaningConfig) -> str | None:
    """Too short, too long, or too unlike in length."""
    sizes = [len(side.replace(" ", "")) for side in (pair.source, pair.target)]
    if min(sizes) < config.min_chars:
        return "empty side" if not min(sizes) else "short side"
    if any(words_in(side) > config.max_words for side in (pair.source, pair.target)):
        return "long side"
    if max(sizes) > SHORT and max(sizes) > config.max_length_ratio * min(sizes):
        return "length ratio"
    return None


def by_letters(pair: Pair, config: CleaningConfig) -> str | None:
    """Mostly no letters, or characters that are traces of a wrong encoding."""
    for side in (pair.source, pair.target):
        characters = side.replace(" ", "")
        if "\ufffd" in side or re.search(r"Ã[\x80-\xbf]|â€[\x80-\xbf™œ“”]", side):
            return "wrong encoding"
        if len(characters) > SHORT and sum(map(is_letter, characters)) < config.min_letters * len(characters):
            return "few letters"
    return None


def by_copy(pair: Pair, config: CleaningConfig) -> str | None:
    """The same text twice, where it is more than a name."""
    same = pair.source.casefold() == pair.target.casefold()
    return "untranslated" if same and not config.copies and len(pair.source.split()) > 3 else None


def by_numbers(pair: Pair, config: CleaningConfig) -> str | None:
    """Other digits on one side than on the other."""
    digits = [sorted(re.findall(r"\d", side)) for side in (pair.source, pair.target)]
    return "other numbers" if config.check_numbers and digits[0] != digits[1] else None


CHECKS: tuple[Callable[[Pair, CleaningConfig], str | None], ...] = (by_length, by_letters, by_copy, by_numbers)


def words_in(text: str) -> float:
    """About how many words a text has, also where words are not parted by blanks."""
    runs = text.split()
    return sum(1 if len(run) < 50 else len(run) / 5 for run in runs)


def is_letter(character: str) -> bool:
    """Whether a character is a letter, or a mark upon one."""
    return unicodedata.category(character)[0] in "LM"


def may_be_in(text: str, code: str) -> bool:
    """Whether a text may be in a language, as one may that is short, or whose language py3langid does not know."""
    if len(text) <= 4 * SHORT or code not in known_languages():
        return True
    import py3langid

    ranked = py3langid.rank(text)
    return code in [found for found, _ in ranked[:ALTERNATIVES]]


@cache
def known_languages() -> frozenset[str]:
    """The codes that py3langid can give."""
    import py3langid

    return frozenset(code for code, _ in py3langid.rank("text"))


def fingerprint(pair: Pair) -> bytes:
    """The same for pairs that differ in case, punctuation and repeated characters alone."""
    sides = (groupby(filter(str.isalnum, side.casefold())) for side in (pair.source, pair.target))
    text = "\t".join("".join(letter for letter, _ in side) for side in sides)
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
