"""Model cards, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from seqtasks.metrics.score import Score, format_score


def score_table(data: str, scores: Sequence[Score]) -> str:
    """A Markdown table: a row for each score on the `data`."""
    signatures = [score.signature.replace("|", "\\|") for score in scores]
    rows = [
        f"| {score.metric} | {format_score(score.metric, score.value)} | `{signature}` |"
        for score, signature in zip(scores, signatures, strict=True)
    ]
    return "\n".join([f"| metric on {data} | value | signature |", "|---|---|---|", *rows, ""])
