"""Rules on the next token beside those that decoding has itself."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Int
from torch import Tensor

from seqtasks.incremental_state import NextLogits

ProcessLogits = Callable[[NextLogits, Int[Tensor, "rows hyps position"]], NextLogits]
"""Changes the log-probabilities of the next token, given the tokens before it; -inf forbids one."""

LogitsProcessorFactory = Callable[[], ProcessLogits]
"""Makes the rule for a batch."""
