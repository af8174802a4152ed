"""Quotation marks of all kinds."""

from __future__ import annotations

import re
from random import Random
from typing import Literal

from seqtasks.data.augmentation.base import Augmentation
from seqtasks.data.examples import Pair

STYLES = ('""', "“”", "„“", "„”", "»«", "«»", "‹›", "‚‘", "‘’", "''", "””", "「」")
"""Opening and closing marks."""
_QUOTED = re.compile(r"(?<!\w)[\"“”„»«](?=\S)([^\"“”„»«]+)(?<=\S)[\"“”„»«](?!\w)")


class QuotationMarks(Augmentation):
    """Quotations of the source have other marks, of whatever language; the translation stays as it is."""

    class Config(Augmentation.Config):
        kind: Literal["quotation_marks"] = "quotation_marks"

    def __call__(self, pair: Pair, random: Random) -> Pair | None:
        """`He said "Go".` becomes `He said «Go».`, say; only where there are quotations."""
        style = random.choice(STYLES)
        return Pair(_QUOTED.sub(lambda quoted: style[0] + quoted[1] + style[1], pair.source), pair.target)
