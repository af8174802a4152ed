"""The language model: an encoder that reads forward, and the next token at every position."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from pydantic import AfterValidator, Field, field_validator
from torch import Tensor, nn

from seqtasks.decoding.stepper import TargetScores
from seqtasks.encoders import CausalEncoder
from seqtasks.encoders.base import Carried, reject_pretrained_init
from seqtasks.incremental_state import HypothesisTokens, NextLogits, State
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import TokenEmbedding, output_layer
from seqtasks.layers.loss import sequence_cross_entropy
from seqtasks.models.config import ModelConfig
from seqtasks.models.loss import Loss
from seqtasks.registry import ConfigModel, PolymorphicField, kind_of

PART = 4_096
"""Tokens of a prompt that are read in one pass: the memory does not grow with its length."""


class LanguageModelBatch(NamedTuple):
    """A part of several texts; each row goes on in the window that follows."""

    tokens: Int[Tensor, "rows length"]
    """One more than is predicted: the last one is only a target here, and the first one of the window that follows."""
    mask: Bool[Tensor, "rows length"]
    """True at tokens that are to be predicted: not at padding, and not where a text begins."""
    streams: Int[Tensor, "rows"]
    """Which row of the whole batch each row is."""
    is_start: Bool[Tensor, "rows"]
    """Where a text begins, and what was carried is not of it."""


class LanguageModel(nn.Module):
    """Says what comes next in a text.

    Args:
        config: Sizes, and the settings of the encoder.
        size: Tokens of the vocabulary.
    """

    class Config(ModelConfig):
        hidden_size: int = Field(default=256, gt=0)
        """Width of the embedding; a Transformer's width everywhere."""
        tie_embeddings: bool = True
        """The embedding and the output layer are one matrix (Inan et al. 2017, Press & Wolf 2017)."""
        embedding_dropout: float = Field(default=0.1, ge=0, lt=1)
        """Dropout on the embeddings of tokens."""
        word_dropout: float = Field(default=0.0, ge=0, lt=1)
        """Probability of dropping a whole input token."""
        dropout: float = Field(default=0.0, ge=0, lt=1)
        """Dropout on the input of the output layer; recurrent encoders have their own there."""
        label_smoothing: float = Field(default=0.0, ge=0, lt=1)
        """Szegedy et al. 2016, section 7."""
        encoder: Annotated[ConfigModel, PolymorphicField(CausalEncoder), AfterValidator(reject_pretrained_init)]
        """What reads the text, forward only."""

        @field_validator("encoder")
        @classmethod
        def reads_forward(cls, encoder: ConfigModel) -> ConfigModel:
            """Refuses an encoder that reads in both directions: it would see what it has to predict."""
            if not getattr(encoder, "is_causal", False):
                raise ValueError(
                    f"{kind_of(encoder)!r} would see the tokens that it has to predict; "
                    "set bidirectional = false of a recurrent encoder, causal = true of a Transformer"
                )
            return encoder

    def __init__(self, config: Config, size: int) -> None:
        super().__init__()
        self.label_smoothing = config.label_smoothing
        embedding = TokenEmbedding(
            size, config.hidden_size, dropout=config.embedding_dropout, word_dropout=config.word_dropout
        )
        self.encoder = CausalEncoder.of(config.encoder)(config.encoder, embedding)
        width = self.encoder.dim
        narrowed = config.tie_embeddings and width != config.hidden_size
        self.projection = nn.Linear(width, config.hidden_size) if narrowed else None
        self.dropout = Dropout(config.dropout)
        self.output = output_layer(config.hidden_size if narrowed else width, embedding, tied=config.tie_embeddings)

    def loss(self, batch: LanguageModelBatch, carried: Carried) -> tuple[Loss, list[Tensor]]:
        """The label-smoothed cross-entropy, natural logarithm, summed over the tokens to predict, and their number.

        `carried` is what the windows before left, zeros where a text begins. Gradients end there: what is given back
        for the next windows has none (Williams & Peng 1990).
        """
        states, after = self.encoder.read(batch.tokens[:, :-1], carried)
        wanted, smoothing = batch.mask[:, 1:], self.label_smoothing if self.training else 0.0
        total = sequence_cross_entropy(self.project_states(states), self.output, batch.tokens[:, 1:], wanted, smoothing)
        kept = [each.detach() for each in after[: len(self.encoder.state_shapes())]]
        return Loss(total, wanted.sum()), kept

    def project_states(self, states: Float[Tensor, "rows length dim"]) -> Float[Tensor, "rows length output_dim"]:
        """What the output layer reads."""
        if self.projection is not None:
            states = self.projection(states)
        narrow: Tensor = self.dropout(states)
        return narrow

    def logits(self, states: Float[Tensor, "rows length dim"]) -> Float[Tensor, "rows length vocab"]:
        """What speaks for each token to come next."""
        logits: Tensor = self.output(self.project_states(states))
        return logits

    def make_stepper(self, prompt: Int[Tensor, "rows length"], carried: Carried = None) -> LanguageModelStepper:
        """The model after a prompt, ready for search.

        A prompt has at least one token: for a text from its beginning the begin token. `carried` is the
        state after what was read before the prompt.
        """
        return LanguageModelStepper(self, prompt, carried)


class LanguageModelStepper:
    """A language model and what it has read: the `Stepper` of the decoding module.

    The begin token of search takes the place of the last token of the prompt; those before it are read at once.

    Args:
        model: The language model.
        prompt: At least one token a row, (rows, length).
        carried: What the encoder has read before the prompt, tensors (rows, ...); None where that is nothing.
    """

    def __init__(self, model: LanguageModel, prompt: Int[Tensor, "rows length"], carried: Carried) -> None:
        self.model = model
        self.prompt = prompt
        self.carried = carried
        self.rows = prompt.shape[0]
        self.device = prompt.device

    def start(self, hyps: int, capacity: int) -> State:
        """Reads all of the prompt but its last token, which the first step reads."""
        carried = self.carried
        if self.prompt.shape[1] > 1:
            for part in torch.split(self.prompt[:, :-1], PART, dim=1):
                carried = self.model.encoder.read(part, carried)[1]
        return self.model.encoder.start(self.rows, hyps, capacity, carried)

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """One step of the encoder; at position 0 the prompt's last token takes the place of BEGIN."""
        if position == 0:
            tokens = self.prompt[:, -1:].expand_as(tokens)
        states, state = self.model.encoder.step(tokens, position, state)
        return self.model.logits(states), state

    def score_targets(self, tokens: Int[Tensor, "rows tgt"], *, attention: bool = False) -> TargetScores:
        """Scores given tokens after the prompt in one pass, in float32.

        Args:
            tokens: Ids from BEGIN to END, padded, (rows, tgt); BEGIN itself is not read.
            attention: Changes nothing: a language model has no memory to look at.

        Returns:
            Natural logarithms of the probabilities of all tokens but the first, (rows, tgt - 1); no attention.
        """
        read = torch.cat([self.prompt, tokens[:, 1:-1]], dim=1)
        states, _ = self.model.encoder.read(read, self.carried)
        last = self.model.logits(states[:, self.prompt.shape[1] - 1 :])
        log_probabilities = last.float().log_softmax(dim=2)
        return TargetScores(log_probabilities.gather(2, tokens[:, 1:].unsqueeze(2)).squeeze(2), None)
