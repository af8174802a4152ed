"""Model cards, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from seqtasks.metrics.score import Score, format_score


def model_card(title: str, *paragraphs: str, validated: str, scores: Sequence[Score], use: str) -> str:
    """A card: what the model is, how good it is, how to use it.

    Args:
        validated: What the scores were measured on, such as "1,014 validation pairs".
        use: The command that uses the model.
    """
    parts = [f"# {title}", *paragraphs, score_table(validated, scores)]
    return "\n\n".join(parts) + f"\nUse it: `{use}`. `config.toml` trains it again.\n"


def score_table(data: str, scores: Sequence[Score]) -> str:
    """A Markdown table: a row for each score on the `data`."""
    signatures = [score.signature.replace("|", "\\|") for score in scores]
    rows = [
        f"| {score.metric} | {format_score(score.metric, score.value)} | `{signature}` |"
        for score, signature in zip(scores, signatures, strict=True)
    ]
    return "\n".join([f"| metric on {data} | value | signature |", "|---|---|---|", *rows, ""])
