"""Spans of words in BIO or BIOES labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"

UNNAMED = "_"
"""The kind of spans whose labels are a letter alone."""

SPAN_LABEL = re.compile(r"[BIES](?:-.*)?")
"""Begin, inside, end or single, and the kind of the span."""


class Span(NamedTuple):
    """Neighbouring words with one kind."""

    kind: str
    first: int
    """Its first word, from 0."""
    last: int
    """Its last word."""


def are_spans(labels: Iterable[str]) -> bool:
    """Whether a set of labels is BIO or BIOES: all of them are, and not every one is `O`."""
    others = set(labels) - {OUTSIDE}
    return bool(others) and all(SPAN_LABEL.fullmatch(label) for label in others)


def spans(labels: Sequence[str]) -> set[Span]:
    """The spans of a sentence, read as conlleval does (Tjong Kim Sang and Buchholz 2000), as does seqeval by default.

    Any labels encode spans, even if they break the rules of BIO: a span ends before `B` and `S`, after `E`
    and `S`, and where the kind changes. So all of IOB1, BIO, IOE and BIOES are read right.
    """
    found = set()
    first, mark, kind = 0, OUTSIDE, UNNAMED
    for place, label in enumerate([*labels, OUTSIDE]):
        own_mark, own_kind = label[:1], label[2:] or UNNAMED
        if own_mark in "BSO" or mark in "ESO" or own_kind != kind:
            if mark != OUTSIDE:
                found.add(Span(kind, first, place - 1))
            first = place
        mark, kind = own_mark, own_kind
    return found
