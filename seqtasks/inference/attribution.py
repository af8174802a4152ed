"""Which words decided: by hiding each (occlusion), or by integrated gradients (Sundararajan et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from seqtasks.data.collate import pad
from seqtasks.data.documents.sliding_window import sliding_windows
from seqtasks.models import Classifier
from seqtasks.models.token_masking import mask_tokens
from seqtasks.special_tokens import PAD
from seqtasks.text import CharacterTokenizer, Tokenizer
from seqtasks.text.word_alignment import align_words
from seqtasks.text.word_groups import Word

Method = Literal["occlusion", "gradients"]

BATCH_TOKENS = 8_000
"""Tokens a batch, padding included: more gives nothing on a CPU."""
SPELLED = 60
"""A text up to so many characters long, of a model that reads characters, is explained by each of them."""
TOGETHER = 256
"""Words that are hidden one by one in one go."""
NODES, HALVINGS = 8, 6
"""Gradients that are taken in a part of the way, and how often a part is halved."""
SMALLEST = 1 / 32
"""The share of the way that is allowed its share of `TOLERANCE`, however short a part is."""
TOLERANCE = 0.01
"""How far from the difference of the log-odds integrated gradients may add up to, of it or of 1 if that is more."""


@dataclass(frozen=True)
class ExplainedWord:
    """A word of the text, or a character, and how much it speaks for the label: below 0 against it."""

    text: str
    blank_before: bool
    value: float


@dataclass(frozen=True)
class Explanation:
    """What each word of a text has to do with a label.

    The log-odds of a probability p are log(p / (1 - p)), natural logarithm: where two labels are as probable as each
    other they are 0, and what adds 1 to them makes the label e times as probable beside the others.
    """

    label: str
    probability: float
    """Of this label."""
    method: Method
    words: tuple[ExplainedWord, ...]
    """Put together with their blanks they are the text."""
    log_odds: float
    """Of the label, for the text."""
    hidden_log_odds: float
    """Of the label, where all words are hidden: where they all come in they add `log_odds` minus this."""

    @property
    def text(self) -> str:
        """The text that was explained, as it was read: normalized."""
        return "".join(" " * word.blank_before + word.text for word in self.words)

    def strengths(self) -> list[float]:
        """The values by the largest of them: from -1 to 1."""
        largest = max((abs(word.value) for word in self.words), default=0.0) or 1.0
        return [word.value / largest for word in self.words]


def explain(
    models: Sequence[Classifier],
    processor: Tokenizer,
    text: str,
    label: str,
    number: int,
    *,
    window: int,
    method: Method,
) -> Explanation:
    """How much each word of a text speaks for a label.

    occlusion: how far the log-odds of the label fall where the word alone is hidden; words that say the same hide
    behind each other. gradients: what each word adds while all words come in together, so that the values add up to
    the difference of the log-odds (`TOLERANCE`); the time does not grow with the square of the length.

    Args:
        models: One classifier, or the members of an ensemble.
        processor: The text processor that the models share.
        text: Normalized; see `seqtasks.text.normalize`.
        label: What the label is called.
        number: Which of the models' outputs it is, from 0.
        window: Tokens that are read at once; 0 = all.
        method: "occlusion" or "gradients" (integrated gradients, Sundararajan et al. 2017).

    Returns:
        The words of the text in their order, each with its value in nats of log-odds.
    """
    tokens = processor.encode(text)
    spell = isinstance(processor, CharacterTokenizer) and len(text) <= SPELLED
    words = align_words(text, processor.pieces(tokens), each_token=spell)
    attributor = Attributor(models, tokens, window, number)
    log_odds, hidden = attributor.log_odds([(), range(len(tokens))])
    if method == "occlusion":
        values = [log_odds - other for other in attributor.log_odds([word.tokens for word in words])]
    else:
        values = integrated_gradients(attributor, words, log_odds - hidden)
    found = zip(words, values, strict=True)
    return Explanation(
        label,
        torch.tensor(log_odds, dtype=torch.float64).sigmoid().item(),
        method,
        tuple(ExplainedWord(word.text, word.space_before, value) for word, value in found),
        log_odds,
        hidden,
    )


class Attributor:
    """A document as its classifier reads it, with tokens that come and go."""

    def __init__(self, models: Sequence[Classifier], tokens: Sequence[int], window: int, label: int) -> None:
        # what a word adds can be less than half precision sees
        self.models = [deepcopy(each).float() if each.output.weight.dtype != torch.float32 else each for each in models]
        self.label = label
        self.count = len(tokens)
        self.device = next(models[0].parameters()).device
        self.places = torch.tensor(
            [list(places) for places in sliding_windows(range(len(tokens)), window)], dtype=torch.long
        )
        self.windows = pad(sliding_windows(tokens, window), begin=True, end=True)

    @torch.no_grad()
    def log_odds(self, hidden: Sequence[Sequence[int]]) -> list[float]:
        """Of the label, once for each set of tokens that are hidden; only windows that have any of them are read."""
        whole = self.evidence(torch.ones(1, self.count), self.every_window(1))
        found = []
        for start in range(0, len(hidden), TOGETHER):
            sets = hidden[start : start + TOGETHER]
            present = torch.ones(len(sets), self.count)
            for row, tokens in zip(present, sets, strict=True):
                row[list(tokens)] = 0
            known = whole.unsqueeze(0).repeat(len(sets), 1, 1, 1)  # -> sets windows models 2
            touched = (present[:, self.places] == 0).any(dim=2).nonzero()
            known[touched[:, 0], touched[:, 1]] = self.evidence(present, touched)
            found += ensemble_log_odds(known.flatten(1, 2)).tolist()
        return found

    def gradients(
        self, shares: Float[Tensor, "points"]
    ) -> tuple[Float[Tensor, "points"], Float[Tensor, "points tokens"]]:
        """The log-odds where all tokens are there to such a share, and how much they gain there by each token."""
        log_odds, gradients = [], []
        for part in torch.split(shares, max(1, BATCH_TOKENS // self.windows.numel())):
            presence = part.unsqueeze(1).repeat(1, self.count).requires_grad_()
            with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # whose LSTM learns in training alone
                evidence = self.evidence(presence, self.every_window(len(part)))
                found = ensemble_log_odds(evidence.view(len(part), -1, 2))
            gradients.append(torch.autograd.grad(found.sum(), presence)[0])
            log_odds.append(found.detach())
        return torch.cat(log_odds), torch.cat(gradients)

    def every_window(self, rows: int) -> Int[Tensor, "reads 2"]:
        """Each row with each window."""
        return torch.cartesian_prod(torch.arange(rows), torch.arange(len(self.windows)))

    def evidence(
        self, presence: Float[Tensor, "rows tokens"], reads: Int[Tensor, "reads 2"]
    ) -> Float[Tensor, "reads models 2"]:
        """What each model says of a row's tokens in a window.

        Args:
            presence: How much of each token is there, from 0 to 1.
            reads: Numbers of rows, and of windows.

        Returns:
            Logarithms of the probability of the label, and of that of all others.
        """
        parts = torch.split(reads, max(1, BATCH_TOKENS // self.windows.shape[1]))
        return torch.cat([self.said(presence, *part.unbind(dim=1)) for part in parts])

    def said(
        self, presence: Float[Tensor, "rows tokens"], rows: Int[Tensor, "reads"], numbers: Int[Tensor, "reads"]
    ) -> Float[Tensor, "reads models 2"]:
        """As `evidence`, for some reads at once: a row of `presence` and a window each."""
        inner = presence[rows.unsqueeze(1), self.places[numbers]]
        ends = presence.new_ones(len(rows), 1)
        read = torch.cat([ends, inner, ends], dim=1).to(self.device)
        tokens = self.windows[numbers].to(self.device)
        found = []
        for model in self.models:
            with mask_tokens(model.encoder, read):
                scores = model.scores(tokens, tokens != PAD)
            if model.multi_label:
                own = scores[:, self.label]
                found.append(functional.logsigmoid(torch.stack([own, -own], dim=1)))
            else:
                logs = scores.log_softmax(dim=1)
                others = [place for place in range(logs.shape[1]) if place != self.label]
                found.append(torch.stack([logs[:, self.label], logs[:, others].logsumexp(dim=1)], dim=1))
        return torch.stack(found, dim=1).cpu()


def ensemble_log_odds(evidence: Float[Tensor, "rows parts 2"]) -> Float[Tensor, "rows"]:
    """The log-odds of the mean of the probabilities that all models found in all windows."""
    label, others = evidence.logsumexp(dim=1).unbind(dim=1)
    return label - others


def integrated_gradients(attributor: Attributor, words: Sequence[Word], difference: float) -> list[float]:
    """What each word adds to the log-odds on the straight way from nothing to the text (equation 1).

    The integral is Gauss and Legendre's over parts of the way. A part is halved where what its tokens add is not what
    the log-odds gain there, as theorem 1 says it must be, such as where max pooling turns to another token.
    """
    nodes, weights = (torch.from_numpy(each).float() / 2 for each in np.polynomial.legendre.leggauss(NODES))
    inside = torch.cat([torch.zeros(1), nodes + 0.5, torch.ones(1)])
    starts, width = torch.zeros(1), 1.0
    total = torch.zeros(attributor.count)
    for halvings in range(HALVINGS + 1):
        log_odds, gradients = attributor.gradients((starts.unsqueeze(1) + width * inside).flatten())
        log_odds, gradients = log_odds.view(len(starts), -1), gradients.view(len(starts), len(inside), -1)
        added = width * torch.einsum("n,pnt->pt", weights, gradients[:, 1:-1])
        missed = (added.sum(dim=1) - (log_odds[:, -1] - log_odds[:, 0])).abs()
        allowed = TOLERANCE * max(1.0, abs(difference)) * max(width, SMALLEST)
        done = (missed <= allowed) | (halvings == HALVINGS)
        total += added[done].sum(dim=0)
        starts, width = torch.cat([starts[~done], starts[~done] + width / 2]), width / 2
        if not len(starts):
            break
    return [total[list(word.tokens)].sum().item() for word in words]
