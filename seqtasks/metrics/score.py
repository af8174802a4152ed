"""A score together with how it was computed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One number of one metric; two scores compare only where their signatures are the same."""

    metric: str
    value: float
    signature: str
