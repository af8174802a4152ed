"""What a model says of given outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from seqtasks.decoding.hypotheses import Hypothesis
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.stepper import Stepper
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted
from seqtasks.special_tokens import BEGIN, END, PAD


@torch.no_grad()
def score(stepper: Stepper, targets: Sequence[Sequence[int]], *, length_penalty: str = "average") -> list[Hypothesis]:
    """Scores one target a row by teacher forcing.

    Args:
        stepper: The model bound to a batch of inputs.
        targets: For each row ids without the begin and the end token.
        length_penalty: Length penalty by which scores are divided: "none", "average" or "wu:ALPHA".

    Returns:
        Each target as a hypothesis, with log-probabilities of its tokens and of the end, natural logarithm.

    Raises:
        SeqtasksError: There is not one target for each input.
    """
    if len(targets) != stepper.rows:
        raise SeqtasksError(
            f"Got {counted(len(targets), 'targets')} for {counted(stepper.rows, 'inputs')}.", "Give one for each."
        )
    if not targets:
        return []
    width = max(map(len, targets))
    padded = [[BEGIN, *target, END, *[PAD] * (width - len(target))] for target in targets]
    forced = stepper.score_targets(torch.tensor(padded, device=stepper.device))
    divisor = LengthPenalty.parse(length_penalty)
    hypotheses = []
    for target, row in zip(targets, forced.log_probabilities.tolist(), strict=True):
        length = len(target) + 1
        total = math.fsum(row[:length])
        hypotheses.append(Hypothesis(tuple(target), total, total / divisor(length), tuple(row[:length]), True))
    return hypotheses
