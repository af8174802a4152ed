"""The linear-chain conditional random field (Lafferty et al. 2001): labels that know their neighbors."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from seqtasks.layers.memory import Mask

LabelScores = Float[Tensor, "rows src labels"]
Labels = Int[Tensor, "rows src"]


class ConditionalRandomField(nn.Module):
    """Scores whole sequences of labels; a sequence's probability is exp(score - log-partition).

    A sequence's score is the sum of what its labels score at their positions, of `transitions` (from, to) between
    neighbors, of `start` for the first and `end` for the last label (Lample et al. 2016, section 2.2). Real positions
    come first in a row and padding changes nothing; a row without any has one sequence, whose score is 0. All is
    computed in float32.

    Args:
        labels: How many labels there are.
    """

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.zeros(labels))
        self.transitions = nn.Parameter(torch.zeros(labels, labels))
        self.end = nn.Parameter(torch.zeros(labels))

    def score(self, scores: LabelScores, labels: Labels, mask: Mask) -> Float[Tensor, "rows"]:
        """The score of the given labels; what they are at padding changes nothing."""
        labels = labels.masked_fill(~mask, 0)
        chosen = scores.float().gather(2, labels.unsqueeze(2)).squeeze(2).masked_fill(~mask, 0)
        between = self.transitions.float()[labels[:, :-1], labels[:, 1:]].masked_fill(~mask[:, 1:], 0)
        last = labels.gather(1, (mask.sum(dim=1, keepdim=True) - 1).clamp(min=0)).squeeze(1)
        ends = self.start.float()[labels[:, 0]] + self.end.float()[last]
        return chosen.sum(dim=1) + between.sum(dim=1) + ends.masked_fill(~mask[:, 0], 0)

    def log_partition(self, scores: LabelScores, mask: Mask) -> Float[Tensor, "rows"]:
        """The logarithm of the sum of exp(score) over all sequences of labels, by the forward algorithm."""
        last = self.beginnings(scores, mask)[:, -1]
        return (last + self.end.float()).logsumexp(dim=1).masked_fill(~mask[:, 0], 0)

    def marginals(self, scores: LabelScores, mask: Mask) -> LabelScores:
        """The probability of each label at each position, whatever the others are; 0 at padding."""
        both = self.beginnings(scores, mask) + self.endings(scores, mask)
        return both.softmax(dim=2) * mask.unsqueeze(2)

    @torch.no_grad()
    def best(self, scores: LabelScores, mask: Mask) -> Labels:
        """The labels of the sequence with the highest score, by the algorithm of Viterbi; 0 at padding."""
        scores, transitions = scores.float(), self.transitions.float()
        itself = torch.arange(scores.shape[2], device=scores.device)
        highest = self.start.float() + scores[:, 0]
        origins = []
        for position in range(1, scores.shape[1]):
            reached, origin = (highest.unsqueeze(2) + transitions).max(dim=1)
            real = mask[:, position].unsqueeze(1)
            highest = torch.where(real, reached + scores[:, position], highest)
            origins.append(torch.where(real, origin, itself))
        label = (highest + self.end.float()).argmax(dim=1, keepdim=True)
        labels = [label]
        for origin in reversed(origins):
            label = origin.gather(1, label)
            labels.append(label)
        return torch.cat(labels[::-1], dim=1).masked_fill(~mask, 0)

    def beginnings(self, scores: LabelScores, mask: Mask) -> LabelScores:
        """The forward variables: log of the sum over all labels before a position, this one included.

        At padding they are those of the row's last real position.
        """
        scores, transitions = scores.float(), self.transitions.float()
        variables = [self.start.float() + scores[:, 0]]
        for position in range(1, scores.shape[1]):
            reached = (variables[-1].unsqueeze(2) + transitions).logsumexp(dim=1) + scores[:, position]
            variables.append(torch.where(mask[:, position].unsqueeze(1), reached, variables[-1]))
        return torch.stack(variables, dim=1)

    def endings(self, scores: LabelScores, mask: Mask) -> LabelScores:
        """The backward variables: log of the sum over all labels after a position, this one left out."""
        scores, transitions, end = scores.float(), self.transitions.float(), self.end.float()
        variables = [end.expand(scores[:, 0].shape)]
        for position in range(scores.shape[1] - 1, 0, -1):
            reached = (transitions + (scores[:, position] + variables[-1]).unsqueeze(1)).logsumexp(dim=2)
            variables.append(torch.where(mask[:, position].unsqueeze(1), reached, end))
        return torch.stack(variables[::-1], dim=1)
