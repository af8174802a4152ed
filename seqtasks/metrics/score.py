"""A score together with how it was computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One number of one metric; two scores compare only where their signatures are the same."""

    metric: str
    value: float
    signature: str


METRIC_NAMES = {
    "bleu": "BLEU",
    "chrf": "chrF",
    "ter": "TER",
    "cider-d": "CIDEr-D",
    **{f"bleu-{size}": f"BLEU-{size}" for size in range(1, 5)},
    "rouge-l": "ROUGE-L",
    "meteor": "METEOR",
    "loss": "nats/token",
    "bits-per-character": "bits/character",
    "span-f1": "span F1",
    "span-precision": "span precision",
    "span-recall": "span recall",
    "macro-f1": "macro F1",
    "micro-f1": "micro F1",
    "subset-accuracy": "subset accuracy",
    "calibration-error": "calibration error",
    "majority-accuracy": "majority accuracy",
}
"""Metrics with another display name."""

LOWER_IS_BETTER = frozenset({"loss", "perplexity", "bits-per-character", "ter", "calibration-error"})
FALLBACKS = {"bleu": "chrf"}
"""What decides where a score is the same: BLEU can be 0 for long, chrF sees letters."""

FINE = ("loss", "bits-per-character")
"""Metrics of small numbers."""


def format_score(metric: str, value: float) -> str:
    """A score with the digits that distinguish models."""
    return f"{value:.{4 if metric in FINE else 2}f}"


def metric_name(metric: str) -> str:
    """The display name of a metric."""
    return METRIC_NAMES.get(metric, metric)


def score_table(data: str, scores: Sequence[Score]) -> str:
    """A Markdown table: a row for each score on the `data`."""
    signatures = [score.signature.replace("|", "\\|") for score in scores]
    rows = [
        f"| {score.metric} | {format_score(score.metric, score.value)} | `{signature}` |"
        for score, signature in zip(scores, signatures, strict=True)
    ]
    return "\n".join([f"| metric on {data} | value | signature |", "|---|---|---|", *rows, ""])
