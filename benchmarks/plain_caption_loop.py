"""Beam search for captions as tutorials write it, one picture at a time: own code, to compare with.

It works as "a PyTorch Tutorial to Image Captioning" (github.com/sgrvinod) does: the hypotheses are a batch, a row
each, with a copy of the picture's cells in every row; each step takes the best `beam` of `beam` * vocabulary
continuations; sequences are kept whole; those that have ended are put aside, and the beam is narrower by as many.
Nothing is kept from step to step but the states of the LSTM: what attention compares with is computed anew.

The modules are those of a model of ours, and hypotheses that have ended are compared under the same length penalty and
limit, so that both sides say much the same. The tutorial has no penalty, which would cost it quality, not time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from seqtasks.decoding import LengthPenalty
from seqtasks.incremental_state import State
from seqtasks.layers.memory import Memory
from seqtasks.models import EncoderDecoder
from seqtasks.special_tokens import BEGIN, END, PAD, UNKNOWN

NEVER_SAID = [PAD, UNKNOWN, BEGIN]


@torch.no_grad()
def describe(model: EncoderDecoder, picture: Tensor, *, beam: int, limit: int, penalty: LengthPenalty) -> list[int]:
    """The tokens of one caption. The decoder has to be an LSTM that looks at the memory."""
    decoder: Any = model.decoder
    encoded = model.encode(picture.unsqueeze(0), None)
    memory = Memory(*(leaf.expand(beam, *leaf.shape[1:]) for leaf in encoded))
    live = decoder.start(memory, 1, limit).live
    words = torch.full((beam, 1), BEGIN)
    sequences, scores = words, torch.zeros(beam, 1)
    complete: list[list[int]] = []
    complete_scores: list[float] = []
    for step in range(limit):
        logits, state = decoder.step(words, step, State(decoder.attended(memory), live))
        found = logits.squeeze(1).float().log_softmax(1)
        found[:, NEVER_SAID] = -torch.inf
        found = scores + found
        vocabulary = found.shape[1]
        candidates = found[0] if step == 0 else found.view(-1)  # all start equal: one is enough
        best_scores, best = candidates.topk(len(words))
        parents, following = best // vocabulary, best % vocabulary
        sequences = torch.cat([sequences[parents], following.unsqueeze(1)], dim=1)
        onward = [place for place, word in enumerate(following.tolist()) if word != END]
        ended = [place for place in range(len(words)) if place not in onward]
        if ended:
            complete.extend(sequences[ended, 1:-1].tolist())
            complete_scores.extend((best_scores[ended] / penalty(step + 1)).tolist())
        if not onward:
            break
        sequences, words = sequences[onward], following[onward].unsqueeze(1)
        scores = best_scores[onward].unsqueeze(1)
        kept = parents[onward]
        memory = Memory(*(leaf[kept] for leaf in memory))
        live = type(live)(*(leaves(part, kept) for part in state.live))
    else:
        complete.extend(sequences[:, 1:].tolist())
        complete_scores.extend((scores.squeeze(1) / penalty(limit)).tolist())
    return complete[complete_scores.index(max(complete_scores))]


def leaves(part: Tensor | tuple[Tensor, ...] | None, kept: Tensor) -> Tensor | tuple[Tensor, ...] | None:
    """A part of the LSTM's states for the hypotheses that go on."""
    if part is None:
        return None
    return part[kept] if isinstance(part, Tensor) else tuple(layer[kept] for layer in part)
