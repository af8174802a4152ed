"""Lengths that follow the source: "1.5x+10", "2x", "50"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from jaxtyping import Int
from torch import Tensor

Length = TypeVar("Length", int, Int[Tensor, "rows"])
"""Of one source, or of each of several."""

_FORM = re.compile(r"(?:(?P<factor>\d{1,9}(?:\.\d{1,9})?)?(?P<source>x))?(?P<offset>(?(source)\+)\d{1,9})?")


@dataclass(frozen=True)
class LengthLimit:
    """A number of tokens, end token included: `factor` times the source length, plus `offset`."""

    factor: Fraction
    offset: int

    @classmethod
    def parse(cls, text: str) -> LengthLimit:
        """Reads "FACTORx+OFFSET", "FACTORx", "x+OFFSET", "x" or "OFFSET".

        Raises:
            ValueError: For anything else.
        """
        form = _FORM.fullmatch(text)
        if form is None or not text:
            raise ValueError(
                f'{text!r} is not a length: write a number of tokens ("50") or a rule ("1.5x+10"), nine digits at most.'
            )
        factor = Fraction(form["factor"] or 1) if form["source"] else Fraction(0)
        return cls(factor, int(form["offset"] or 0))

    def __call__(self, source_length: Length) -> Length:
        """The number of tokens for a source of this length, rounded down."""
        return source_length * self.factor.numerator // self.factor.denominator + self.offset
