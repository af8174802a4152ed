"""Where the sentences of a running text begin and end.

The abbreviations of each language are those of spaCy's tokenizers; the rules for what stands around the mark are those
that all sentence splitters have (Kiss & Strunk 2006, "Unsupervised Multilingual Sentence Boundary Detection", section
2, lists the ambiguities). `benchmarks/sentence_boundaries.py` compares them with the libraries.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache

from seqtasks.text.word_spans import Span

# Nothing is read twice, however long a run is (possessive quantifiers).
_BOUNDARY = re.compile(
    r"(?<![.!?…؟।॥։])(?P<mark>[.!?…؟।॥։]++)(?P<closing>[\"'”’“»«›‹)\]}*]*+)(?P<blank>\s++)"  # a mark before a blank
    r"|[。！？｡]++[」』”’）]*+\s*+"  # of a script without blanks
    r"|\n[^\S\n]*+\n\s*+"  # an empty line
)
_MARKS = ".!?…"
_ORDINARY = re.compile(r"[^\W\d_]{5,}")
"""What is no abbreviation, where a small letter follows: careless writers begin sentences with these."""
_OPENING = "\"'“„”‘‚’»«›‹([{*¿¡–—-•"
_LONGEST = 40
"""Characters before a mark that are looked at: no abbreviation is longer."""
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_LETTER = re.compile(r"\s*[^\W\d_]\. ?")
_ORDINAL = re.compile(r"\d{1,2}|[IVX]{1,6}")
_ORDINAL_DOTS = re.compile("bs|cs|da|de|et|fi|fo|hr|hu|is|lb|lv|n[bno]|pl|s[klr]|tr")
"""Languages that write a full stop behind ordinal numbers."""
_SENTENCE_FINAL = frozenset(["etc.", "usw.", "usf.", "inc.", "ltd.", "corp.", "co.", "jr.", "sr.", "a.m.", "p.m."])
"""Abbreviations that end a sentence where a capital follows, as often as not."""
_BEFORE_NUMBERS = re.compile("abb|abs|art|bd|ch|eq|ext|figs?|kap|nos?|nr|pp?|s|sec|tab|vol", re.IGNORECASE)
"""Words that are abbreviations before a number."""
_OTHERS = re.compile("approx|assoc|bzgl|capt|col|dept|incl|inkl|lt|maj|mio|mrd|resp|sgt", re.IGNORECASE)
"""Abbreviations that spaCy lacks."""


def sentence_spans(text: str, language: str = "xx", whole: Sequence[Span] = ()) -> list[Span]:
    """Where the sentences of a text begin and end, without the blanks around them, in linear time.

    A sentence ends with a mark (and quotes and brackets that close behind it) before a blank, unless a small letter
    goes on in a text that has capitals; not behind an abbreviation, an initial, or an ordinal number in a language that
    writes these with a full stop. An empty line ends one too; other line breaks are blanks.

    Args:
        text: Any text.
        language: Its code; of languages that spaCy does not know abbreviations are those of English.
        whole: Spans inside of which no sentence ends, in order and without overlaps.

    Returns:
        Spans in order. What is between them is blank.
    """
    spans: list[Span] = []
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    lowercase = text.islower()
    kept = [first for first, _ in whole]
    for found in _BOUNDARY.finditer(text, start, end):
        if found["mark"]:
            if found["blank"].count("\n") < 2 and not _ends(text, found, start, language, lowercase):
                continue
            last = found.start("blank")
        elif found[0].startswith("\n"):
            last = start + len(text[start : found.start()].rstrip())
        else:
            last = found.start() + len(found[0].rstrip())
        inside = bisect_right(kept, last) - 1
        if inside >= 0 and last < whole[inside][1]:
            continue
        if found.end() < end and last > start:
            spans.append((start, last))
            start = found.end()
    if start < end:
        spans.append((start, end))
    return spans


def _ends(text: str, found: re.Match[str], start: int, language: str, lowercase: bool) -> bool:
    """Whether a mark before a blank ends a sentence."""
    place = found.end()
    while place < len(text) and text[place] in _OPENING and place < found.end() + 4:
        place += 1
    following = text[place : place + 1]
    mark = found["mark"]
    if following in _MARKS:
        return False
    small = following.islower() and not lowercase
    if mark != ".":
        return not small or (not found["closing"] and set(mark) <= {"!", "?"})
    if found["closing"]:
        return not small
    before = text[max(start, found.start() - _LONGEST) : found.start()]
    if not before or before[-1].isspace():
        return not small
    word = before.split()[-1].lstrip(_OPENING)
    if small and not text.startswith(("http", "www."), place) and not _ORDINARY.fullmatch(word):
        return False
    if word.lower() + "." in _SENTENCE_FINAL:
        return following.isupper()
    if len(word) == 1 and word.islower():  # no initial, but perhaps of "z. B." or "i. e."
        return not (_LETTER.match(text, found.end()) or _LETTER.match(before[-4:]))
    if _INITIALS.fullmatch(word):
        return language.partition("-")[0] == "en" and word == "I"
    if _ORDINAL.fullmatch(word) and _ORDINAL_DOTS.fullmatch(language.partition("-")[0]):
        return False
    if _OTHERS.fullmatch(word) or (following.isdigit() and _BEFORE_NUMBERS.fullmatch(word)):
        return False
    return word + "." not in abbreviations(language) and word.lower() + "." not in abbreviations(language)


@cache
def abbreviations(language: str) -> frozenset[str]:
    """What a language writes with a full stop inside of sentences, by spaCy."""
    from spacy.util import get_lang_class

    try:
        known = get_lang_class(language.partition("-")[0])
    except ImportError:
        known = get_lang_class("en")
    return frozenset(each for each in known.Defaults.tokenizer_exceptions if each.endswith(".") and len(each) > 2)
