"""The likeliest token at each step."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.decoding.autoregressive import walk
from seqtasks.decoding.constraints import Rules
from seqtasks.decoding.hypotheses import Found
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.stepper import Stepper
from seqtasks.decoding.topk import best_tokens


def greedy_search(stepper: Stepper, rules: Rules, *, penalty: LengthPenalty) -> Found:
    """One hypothesis a row. The same tokens as a beam of 1 under penalty `none`."""
    return walk(stepper, rules, hyps=1, choose=likeliest, penalty=penalty)


def likeliest(
    log_probabilities: Float[Tensor, "rows hyps vocab"], position: int, rows: Int[Tensor, "rows"]
) -> Int[Tensor, "rows hyps"]:
    return best_tokens(log_probabilities)
