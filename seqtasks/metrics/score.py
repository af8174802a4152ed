"""A score together with how it was computed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One number of one metric; two scores compare only where their signatures are the same."""

    metric: str
    value: float
    signature: str


FINE = ("loss", "bits-per-character")
"""Metrics of small numbers."""


def format_score(metric: str, value: float) -> str:
    """A score with the digits that tell models apart."""
    return f"{value:.{4 if metric in FINE else 2}f}"
