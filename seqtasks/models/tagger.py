"""The tagger: an encoder of words and a label for each of them."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from jaxtyping import Float, Int
from pydantic import AfterValidator, Field, model_validator
from torch import Tensor, nn

from seqtasks.encoders import TextEncoder
from seqtasks.encoders.base import reject_pretrained_init
from seqtasks.layers.char_encoders import CharEncoder
from seqtasks.layers.crf import ConditionalRandomField
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.loss import sequence_cross_entropy
from seqtasks.layers.memory import Mask, SourceStates
from seqtasks.layers.word_embedding import WordEmbedding
from seqtasks.models.config import ModelConfig
from seqtasks.models.loss import Loss
from seqtasks.registry import ConfigModel, PolymorphicField


class TaggingBatch(NamedTuple):
    """A batch of sentences whose labels are known."""

    tokens: Int[Tensor, "rows src parts"]
    """The id of each word, and those of its characters where they are read, padded with PAD."""
    mask: Mask
    """True at real words."""
    labels: Int[Tensor, "rows src"]
    """From 0 on; what they are at padding changes nothing."""


class Tagger(nn.Module):
    """Gives every word of a sentence a label.

    Args:
        config: Sizes, and the settings of the encoders of words and characters.
        words: Words of the vocabulary.
        characters: Characters of the vocabulary; 0 where none are read.
        labels: How many labels there are.
    """

    class Config(ModelConfig):
        hidden_size: int = Field(default=100, gt=0)
        """Size of the word embeddings, without the encodings of their characters."""
        embedding_dropout: float = Field(default=0.3, ge=0, lt=1)
        """Dropout on the input of the encoder: embeddings of words and encodings of their characters."""
        word_dropout: float = Field(default=0.0, ge=0, lt=1)
        """Probability of replacing a training word by the unknown word, so that only its characters are known."""
        char_encoder: Annotated[ConfigModel, PolymorphicField(CharEncoder)] | None = None
        """The encoder for the characters of words; None for none."""
        encoder: Annotated[ConfigModel, PolymorphicField(TextEncoder), AfterValidator(reject_pretrained_init)]
        """What reads the sentence."""
        head: Literal["softmax", "crf"] = "softmax"
        """Each label separately, or all labels of a sentence together, with transition scores (a conditional random
        field)."""
        label_smoothing: float = Field(default=0.0, ge=0, lt=1)
        """Szegedy et al. 2016, section 7; for head = "softmax"."""
        dropout: float = Field(default=0.0, ge=0, lt=1)
        """Dropout on the encoder's states; recurrent encoders have their own there."""

        def width(self) -> tuple[int, str]:
            """The width of what the encoder reads: of a word's vector and of that of its characters."""
            read = getattr(self.char_encoder, "hidden_size", 0)
            if not read:
                return super().width()
            both = f"hidden_size = {self.hidden_size} and char_encoder.hidden_size = {read} together"
            return self.hidden_size + read, both

        @model_validator(mode="after")
        def only_softmax_is_smoothed(self) -> Tagger.Config:
            """Refuses label smoothing with a conditional random field, which has no loss for each label."""
            if self.head == "crf" and self.label_smoothing > 0:
                raise ValueError('label_smoothing is for head = "softmax"; leave it out')
            return self

    def __init__(self, config: Config, words: int, characters: int, labels: int) -> None:
        super().__init__()
        self.label_smoothing = config.label_smoothing
        reader = None
        if config.char_encoder is not None:
            reader = CharEncoder.of(config.char_encoder)(config.char_encoder, characters)
        embedding = WordEmbedding(
            words, config.hidden_size, reader, dropout=config.embedding_dropout, word_dropout=config.word_dropout
        )
        self.encoder = TextEncoder.of(config.encoder)(config.encoder, embedding)
        self.dropout = Dropout(config.dropout)
        self.output = nn.Linear(self.encoder.dim, labels)
        self.field = ConditionalRandomField(labels) if config.head == "crf" else None

    def states(self, tokens: Int[Tensor, "rows src parts"], mask: Mask) -> SourceStates:
        """What labels are decided from."""
        states: Tensor = self.dropout(self.encoder(tokens, mask).states)
        return states

    def loss(self, batch: TaggingBatch) -> Loss:
        """The negative log-likelihood, natural logarithm, summed over the real words, and how many those are.

        With a softmax the labels are smoothed in training; with a CRF it is that of whole sentences.
        """
        tokens, mask, labels = batch
        states = self.states(tokens, mask)
        if self.field is None:
            smoothing = self.label_smoothing if self.training else 0.0
            total = sequence_cross_entropy(states, self.output, labels, mask, smoothing)
        else:
            scores = self.output(states)
            total = (self.field.log_partition(scores, mask) - self.field.score(scores, labels, mask)).sum()
        return Loss(total, mask.sum())

    def tag(
        self, tokens: Int[Tensor, "rows src parts"], mask: Mask
    ) -> tuple[Int[Tensor, "rows src"], Float[Tensor, "rows src"]]:
        """The best labels, and the probability of each at its place; both are 0 at padding.

        With a CRF the labels are those of the best sequence, and a probability is that of the one label over all
        sequences, so that the best sequence can hold labels that are not the most likely ones at their places.
        """
        scores = self.output(self.states(tokens, mask))
        if self.field is None:
            highest = scores.float().softmax(dim=2).max(dim=2)
            return highest.indices.masked_fill(~mask, 0), highest.values.masked_fill(~mask, 0)
        labels = self.field.best(scores, mask)
        probabilities = self.field.marginals(scores, mask).gather(2, labels.unsqueeze(2)).squeeze(2)
        return labels, probabilities
