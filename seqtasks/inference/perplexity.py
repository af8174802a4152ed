"""Perplexity of given texts under a language model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from seqtasks.data.collate import pad
from seqtasks.errors import SeqtasksError
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.metrics.perplexity import likelihood_scores
from seqtasks.models import LanguageModel, LanguageModelBatch
from seqtasks.special_tokens import BEGIN, UNKNOWN
from seqtasks.text.tokenizers.document import Tokens, marked, normalize_document

if TYPE_CHECKING:
    from seqtasks.inference.text_generation import TextGenerationPipeline

WINDOW = 512
"""Tokens of a row that a recurrent model reads at a time."""
WARM_UP = 256
"""Tokens that a lane reads before those that count."""
BATCH_TOKENS = 16_384


@dataclass(frozen=True)
class Likelihood:
    """The negative log-likelihood of a stream."""

    nats: float
    tokens: int
    """How many were predicted: all but BEGIN."""
    reading: str
    """What the model knew of the text before each token, for signatures."""


@torch.no_grad()
def likelihood(model: LanguageModel, stream: Tokens, *, lanes: int = 1) -> Likelihood:
    """How probable the model finds texts, read one behind the other as one text.

    A model without limit, in evaluation mode, carries what it read from the beginning to the end. One whose context is
    limited predicts each token after at least half of its context, or after all that comes before it.

    Args:
        model: In evaluation mode.
        stream: The tokens of `marked` texts.
        lanes: Parts of the stream that are read side by side, each after the WARM_UP tokens before it: the same comes
            quicker and nearly exact. It says nothing to a model whose context is limited.

    Returns:
        The sum in nats, over how many tokens, and what the model knew of the text before each.
    """
    context, total = model.encoder.context, len(stream) - 1
    if context is None:
        pieces = max(1, min(lanes, total // WARM_UP))
        before, together, step = (WARM_UP if pieces > 1 else 0), pieces, WINDOW
        reading = f"lanes={pieces}" + (f"|warm-up={WARM_UP}" if pieces > 1 else "")
    else:
        before = context // 2
        pieces = -(-total // (context - before))
        together, step = max(1, BATCH_TOKENS // context), context
        reading = f"context={context}|stride={context - before}"
    cuts = (np.arange(pieces + 1) * total // pieces).tolist()
    starts = [max(0, cut - before) for cut in cuts[:-1]]
    rows = pad([stream[start : end + 1].tolist() for start, end in zip(starts, cuts[1:], strict=True)])
    places = torch.tensor(starts).unsqueeze(1) + torch.arange(rows.shape[1])
    borders = torch.tensor(cuts).unsqueeze(1)
    wanted = (places > borders[:-1]) & (places <= borders[1:]) & (rows != BEGIN)
    nats, count = 0.0, 0
    device = next(model.parameters()).device
    for begin in range(0, pieces, together):
        group = torch.arange(begin, min(begin + together, pieces))
        carried = None
        for first in range(0, rows.shape[1] - 1, step):
            part = slice(first, first + step + 1)
            window = LanguageModelBatch(
                rows[group, part], wanted[group, part], group, torch.full((len(group),), first == 0)
            )
            loss, carried = model.loss(LanguageModelBatch(*(each.to(device) for each in window)), carried)
            nats += loss.total.item()
            count += int(loss.count)
    return Likelihood(nats, count, reading)


def evaluate_texts(pipeline: TextGenerationPipeline, texts: Sequence[str], lanes: int) -> Evaluation:
    """See `TextGenerationPipeline.evaluate`."""
    tidied = [normalize_document(text) for text in texts]
    encoded = [marked(pipeline.layout.encode(text)) for text in tidied]
    if not encoded:
        raise SeqtasksError("There is no text to measure on.", "Check the data.")
    tokens = np.concatenate(encoded)
    started = time.perf_counter()
    found = likelihood(pipeline.model, tokens, lanes=lanes)
    characters = None if (tokens == UNKNOWN).any() else sum(map(len, tidied))
    scores = likelihood_scores(found.nats, found.tokens, characters, found.reading)
    return Evaluation(
        scores, (), pipeline.signature("forced"), found.tokens, time.perf_counter() - started,
        unit="tokens", lower_is_better=True,
    )  # fmt: skip
