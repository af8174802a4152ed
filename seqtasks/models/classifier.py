"""The classifier: an encoder of text, one vector for all of it, and a label or several."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.encoders import TextEncoder
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Mask
from seqtasks.layers.pooling import Pooling, PoolingKind
from seqtasks.models.config import ModelConfig
from seqtasks.models.loss import Loss
from seqtasks.registry import ConfigModel, PolymorphicField


class ClassificationBatch(NamedTuple):
    """A batch of texts whose labels are known."""

    tokens: Int[Tensor, "rows src"]
    mask: Mask
    """True at real tokens, which padding follows."""
    labels: Float[Tensor, "rows labels"]
    """1 where a label holds: at one label of a row, or at any number of them where several may hold."""
    weight: Float[Tensor, "rows"] | None = None
    """How much each row counts: once where it is None."""


class Classifier(nn.Module):
    """Says which labels hold for a text.

    Args:
        config: Sizes, and the settings of the encoder.
        size: Tokens of the vocabulary.
        labels: How many labels there are.
    """

    class Config(ModelConfig):
        hidden_size: int = Field(default=128, gt=0)
        """Width of the embedding; a Transformer's and a bag of words' width everywhere."""
        embedding_dropout: float = Field(default=0.2, ge=0, lt=1)
        """Dropout on the embeddings of tokens."""
        word_dropout: float = Field(default=0.0, ge=0, lt=1)
        """Probability of dropping a whole token (Iyyer et al. 2015, section 4)."""
        encoder: Annotated[ConfigModel, PolymorphicField(TextEncoder)]
        """What reads the text."""
        pooling: PoolingKind = "mean"
        """How the states of a text become one vector: the one where reading ended, their mean, the maximum of each
        element, or a mean whose weights are learned."""
        dropout: float = Field(default=0.3, ge=0, lt=1)
        """Dropout on that vector."""
        label_smoothing: float = Field(default=0.0, ge=0, lt=1)
        """Szegedy et al. 2016, section 7; where several labels may hold, each of them goes towards one half."""
        multi_label: bool = False
        """Whether a document can have several labels, or none: each is decided separately."""

    def __init__(self, config: Config, size: int, labels: int) -> None:
        super().__init__()
        self.label_smoothing = config.label_smoothing
        self.multi_label = config.multi_label
        embedding = TokenEmbedding(
            size, config.hidden_size, dropout=config.embedding_dropout, word_dropout=config.word_dropout
        )
        self.encoder = TextEncoder.of(config.encoder)(config.encoder, embedding)
        both = getattr(config.encoder, "bidirectional", False)
        self.pooling = Pooling(config.pooling, self.encoder.dim, both_directions=both)
        self.dropout = Dropout(config.dropout)
        self.output = nn.Linear(self.encoder.dim, labels)

    def loss(self, batch: ClassificationBatch) -> Loss:
        """The negative log-likelihood, natural logarithm, summed over the rows, and how many those are.

        A row counts `weight` times. The likelihood of several labels is the product of theirs. Labels are smoothed in
        training.
        """
        tokens, mask, labels, weight = batch
        scores = self.scores(tokens, mask)
        smoothing = self.label_smoothing if self.training else 0.0
        if self.multi_label:
            wanted = labels * (1 - smoothing) + smoothing / 2
            losses = functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none").sum(dim=1)
        else:
            wanted = labels * (1 - smoothing) + smoothing / labels.shape[1]
            losses = -(wanted * scores.log_softmax(dim=1)).sum(dim=1)
        if weight is None:
            return Loss(losses.sum(), torch.tensor(len(losses), device=losses.device))
        return Loss((losses * weight).sum(), weight.sum())

    def scores(self, tokens: Int[Tensor, "rows src"], mask: Mask) -> Float[Tensor, "rows labels"]:
        """What speaks for each label, in float32: its logit."""
        pooled = self.pooling(self.encoder(tokens, mask).states, mask)
        scores: Tensor = self.output(self.dropout(pooled))
        return scores.float()

    def probabilities(self, tokens: Int[Tensor, "rows src"], mask: Mask) -> Float[Tensor, "rows labels"]:
        """How probable each label is; together they are 1 unless several may hold."""
        scores = self.scores(tokens, mask)
        return scores.sigmoid() if self.multi_label else scores.softmax(dim=1)
