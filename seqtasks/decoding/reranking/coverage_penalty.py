"""Coverage: outputs that pass over a part of their input score lower.

Wu et al. 2016, "Google's Neural Machine Translation System", equation 14: to the score of a finished hypothesis comes
strength * sum over source positions of log(min(attention that all of its tokens give the position, 1)). The attention
is that of a teacher-forced pass over each hypothesis, so that no search carries any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.decoding.hypotheses import Hypothesis
from seqtasks.decoding.stepper import Stepper
from seqtasks.errors import SeqtasksError
from seqtasks.special_tokens import BEGIN, END, PAD


def coverage_rerank(
    stepper: Stepper,
    rows: Sequence[Sequence[Hypothesis]],
    *,
    strength: float,
    source_lengths: Int[Tensor, "rows"],
) -> list[list[Hypothesis]]:
    """The hypotheses of each row by normalized score and coverage together, best first; of equals the earlier one.

    Args:
        stepper: The model that has found them.
        rows: At least one hypothesis for each row.
        strength: What coverage counts; 0.2 is what Wu et al. found best.
        source_lengths: The source positions of each row; 0 where all of them count.

    Returns:
        The same hypotheses, whose normalized scores hold the penalty.

    Raises:
        SeqtasksError: The model has no attention.
    """
    penalties = []
    for rank in range(max(map(len, rows))):
        ranked = [row[rank] if rank < len(row) else row[0] for row in rows]
        penalties.append((strength * coverage(stepper, ranked, source_lengths)).tolist())
    return [
        sorted(
            (
                replace(each, normalized_score=each.normalized_score + penalties[rank][place])
                for rank, each in enumerate(row)
            ),
            key=lambda each: -each.normalized_score,
        )
        for place, row in enumerate(rows)
    ]


def coverage(
    stepper: Stepper, hypotheses: Sequence[Hypothesis], source_lengths: Int[Tensor, "rows"]
) -> Float[Tensor, "rows"]:
    """The sum over source positions of log(min(attention, 1)), for one hypothesis a row."""
    outputs = [[*each.tokens, *[END] * each.finished] for each in hypotheses]
    longest = max(map(len, outputs))
    padded = [[BEGIN, *output, *[PAD] * (longest - len(output))] for output in outputs]
    forced = stepper.score_targets(torch.tensor(padded, device=stepper.device), attention=True)
    if forced.attention is None:
        raise SeqtasksError("coverage_penalty needs a model with attention to its input.", "Set coverage_penalty to 0.")
    weights = forced.attention.float()
    lengths = torch.tensor([len(output) for output in outputs], device=weights.device)
    written = torch.arange(longest, device=weights.device) < lengths.unsqueeze(1)
    total = (weights * written.unsqueeze(2)).sum(1)
    least = torch.finfo(total.dtype).tiny  # the logarithm of what nothing attends to
    sources = source_lengths.to(weights.device).unsqueeze(1)
    counts = (torch.arange(total.shape[1], device=weights.device) < sources) | (sources == 0)
    return (total.clamp(least, 1.0).log() * counts).sum(1)
