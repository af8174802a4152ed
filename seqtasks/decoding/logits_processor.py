"""Rules on the next token beside those that decoding has itself."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor

ProcessLogits = Callable[
    [Float[Tensor, "rows hyps vocab"], Int[Tensor, "rows hyps position"]],
    Float[Tensor, "rows hyps vocab"],
]
"""Changes the log-probabilities of the next token, given the tokens before it; -inf forbids one."""

LogitsProcessorFactory = Callable[[], ProcessLogits]
"""Makes the rule for a batch."""
