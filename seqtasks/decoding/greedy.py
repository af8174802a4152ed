"""The likeliest token at each step."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.decoding.autoregressive import decode_autoregressively
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.hypotheses import FinishedSequences
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.stepper import Stepper
from seqtasks.decoding.topk import topk_tokens


def greedy_search(stepper: Stepper, rules: DecodingConstraints, *, penalty: LengthPenalty) -> FinishedSequences:
    """One hypothesis a row. The same tokens as a beam of 1 under penalty `none`."""
    return decode_autoregressively(stepper, rules, hyps=1, choose=argmax_tokens, penalty=penalty)


def argmax_tokens(
    log_probabilities: Float[Tensor, "rows hyps vocab"], position: int, rows: Int[Tensor, "rows"]
) -> Int[Tensor, "rows hyps"]:
    return topk_tokens(log_probabilities)
