"""Rewards of single sentences, for training that samples them (self-critical training, Rennie et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.cider import CiderD

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric

Sentence = Sequence[str]

SEES_END = frozenset({"cider-d"})
"""Rewards that count the end of a sentence as a token: one that did not would teach captions that break off."""


Reward = Callable[[Sequence[Sentence], Sequence[Sequence[Sentence]]], Float[np.ndarray, " rows"]]
"""One number an output, the more the better; each output stands with the references of its own input."""

REWARDS = ("cider-d", "bleu", "chrf")


def reward(kind: str, training: Iterable[Sequence[Sentence]] = ()) -> Reward:
    """The reward that is called `kind`.

    "cider-d", from 0 to 10, needs the references of every `training` example: rare n-grams weigh more. Sentences are
    the tokens that are counted, so put the end-of-sentence token into all of them: see `CiderD`.
    "bleu" (sentence BLEU up to the orders that the output has) and "chrf", from 0 to 1, join tokens by spaces and
    score the text as sacrebleu does: give the words of the plain text, without an end-of-sentence token.

    Raises:
        SeqtasksError: There is no such reward.
    """
    if kind not in REWARDS:
        raise SeqtasksError(f"There is no reward {kind}.", f"Available: {', '.join(REWARDS)}.")
    if kind == "cider-d":
        cider = CiderD(training)
        if not cider.rarest:
            raise SeqtasksError("The reward cider-d needs the references of at least two training examples.")
        return cider.score
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    return partial(text_reward, BLEU(effective_order=True) if kind == "bleu" else CHRF())


def text_reward(
    metric: Metric, outputs: Sequence[Sentence], references: Sequence[Sequence[Sentence]]
) -> Float[np.ndarray, " rows"]:
    """A score of sacrebleu's for each sentence, from 0 to 1."""
    scores = [
        metric.sentence_score(" ".join(output), [" ".join(other) for other in others]).score
        for output, others in zip(outputs, references, strict=True)
    ]
    return np.array(scores, dtype=np.float64) / 100
