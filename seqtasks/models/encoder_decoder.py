"""The generator: an encoder, a memory, a decoder. Translation, captions and every other task that writes text."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, NamedTuple, cast

import torch
from jaxtyping import Bool, Float, Int, Shaped
from pydantic import AfterValidator, Field
from torch import Tensor, nn
from typing_extensions import TypeVar

from seqtasks.decoders import Decoder
from seqtasks.decoding.stepper import TargetScores
from seqtasks.encoders import Encoder, TextEncoder
from seqtasks.encoders.base import reject_pretrained_init
from seqtasks.errors import SeqtasksError
from seqtasks.incremental_state import HypothesisTokens, NextLogits, State
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.loss import doubly_stochastic_regularization, guided_alignment_loss, sequence_cross_entropy
from seqtasks.layers.memory import Mask, Memory
from seqtasks.layers.r_drop import bidirectional_kl_divergence
from seqtasks.models.config import ModelConfig
from seqtasks.models.loss import Loss
from seqtasks.registry import ConfigModel, PolymorphicField
from seqtasks.special_tokens import NEVER_GENERATED

EncoderT_co = TypeVar("EncoderT_co", bound=Encoder, covariant=True, default=Encoder)

IMPOSSIBLE = -1e4
"""A logit that leaves no probability."""


class Seq2SeqBatch(NamedTuple):
    """A batch. Targets are padded token ids that start with the begin token and end with the end token.

    A source can have several targets, such as an image that many have described: it is encoded once. Where it has
    fewer of them than others the rest is padding alone.
    """

    source: Shaped[Tensor, "rows *source"]
    """What the encoder reads: padded token ids; pixels or features of images."""
    source_mask: Mask | None
    """True at real tokens; None where no source is padded."""
    target: Int[Tensor, "rows *targets tgt"]
    target_mask: Bool[Tensor, "rows *targets tgt"]
    weight: Float[Tensor, "rows *targets"] | None = None
    """How much each target counts, where targets were sampled and rewarded: less than nothing below the baseline."""
    alignment: Float[Tensor, "rows next src"] | None = None
    """Where guided alignment wants attention for each target token but BEGIN, times its weight; in training alone."""


class EncoderDecoder(nn.Module, Generic[EncoderT_co]):
    """Writes tokens for a source.

    Args:
        config: Sizes, and the settings of the encoder and the decoder.
        source_size: Tokens of the source's vocabulary; 0 where it has none, as images do.
        target_size: Tokens of the target's vocabulary.
    """

    encoder: EncoderT_co

    class Config(ModelConfig):
        hidden_size: int = Field(default=256, gt=0)
        """Width of the embeddings; a Transformer's width everywhere."""
        tie_embeddings: Literal["none", "output", "all"] = "all"
        """Which embeddings share one matrix: none; target and output layer; these and the source, if it is text."""
        embedding_dropout: float = Field(default=0.1, ge=0, lt=1)
        """Dropout on the embeddings of tokens."""
        word_dropout: float = Field(default=0.0, ge=0, lt=1)
        """Probability of dropping a whole input token, on both sides (Sennrich et al. 2016, section 3)."""
        span_cutoff: float = Field(default=0.0, ge=0, lt=1)
        """Share of each text's tokens, side by side, that are dropped on the way in, on both sides (Shen et al. 2020,
        section 3.1); with r_drop the distributions with and without them have to agree."""
        label_smoothing: float = Field(default=0.1, ge=0, lt=1)
        """Szegedy et al. 2016, section 7."""
        r_drop: float = Field(default=0.0, ge=0)
        """Weight of R-Drop, the divergence between two passes with other dropout (Liang et al. 2021, where it is 5 for
        translation). A training step takes twice as long; 0 is off."""
        doubly_stochastic_weight: float = Field(default=0.0, ge=0)
        """Weight of the doubly stochastic regularization (Xu et al. 2015, equation 14), per target token."""
        encoder: Annotated[ConfigModel, PolymorphicField(Encoder), AfterValidator(reject_pretrained_init)]
        """What reads the source."""
        decoder: Annotated[ConfigModel, PolymorphicField(Decoder)]
        """What writes the target."""

    def __init__(self, config: Config, source_size: int, target_size: int) -> None:
        super().__init__()
        self.label_smoothing = config.label_smoothing
        self.r_drop = config.r_drop
        self.doubly_stochastic_weight = config.doubly_stochastic_weight

        def embedding(size: int) -> TokenEmbedding:
            return TokenEmbedding(
                size,
                config.hidden_size,
                dropout=config.embedding_dropout,
                word_dropout=config.word_dropout,
                span_cutoff=config.span_cutoff,
            )

        target_embedding = embedding(target_size)
        kind = Encoder.of(config.encoder)
        reads: tuple[TokenEmbedding, ...] = ()
        if issubclass(kind, TextEncoder):
            reads = (target_embedding if config.tie_embeddings == "all" else embedding(source_size),)
        self.encoder = cast("EncoderT_co", kind(config.encoder, *reads))
        self.decoder = Decoder.of(config.decoder)(
            config.decoder, target_embedding, self.encoder.dim, tie_output=config.tie_embeddings != "none"
        )

    def encode(self, source: Shaped[Tensor, "rows *source"], mask: Mask | None) -> Memory:
        """Runs the encoder; `mask` is None for sources without padding, such as images."""
        memory: Memory = self.encoder(source, mask)
        return memory

    def loss(self, batch: Seq2SeqBatch) -> Loss:
        """Label-smoothed cross-entropy, natural logarithm, summed over the real target tokens.

        Targets that have weights were sampled. They are not smoothed, and their probabilities are those that they were
        drawn with: among the tokens that sampling can take. Otherwise nothing would hold the others down, and rewarded
        training would let the UNKNOWN token grow until nothing else is learned.
        """
        twice = self.is_passed_twice(batch.weight)
        if twice:
            batch = Seq2SeqBatch(*map(doubled, batch))
        memory = self.encode(batch.source, batch.source_mask)
        return self.loss_of(memory, batch.target, batch.target_mask, batch.weight, batch.alignment, twice=twice)

    def is_passed_twice(self, weight: Tensor | None) -> bool:
        """Whether a training step has two passes, for R-Drop: not where targets were sampled."""
        return self.training and self.r_drop > 0 and weight is None

    def loss_of(
        self,
        memory: Memory,
        target: Int[Tensor, "rows *targets tgt"],
        mask: Bool[Tensor, "rows *targets tgt"],
        weight: Float[Tensor, "rows *targets"] | None = None,
        alignment: Float[Tensor, "rows next src"] | None = None,
        *,
        twice: bool = False,
    ) -> Loss:
        """`loss` where the sources are encoded already.

        Args:
            memory: Of the sources.
            target: Ids from BEGIN to END, padded, (rows, tgt), or (rows, targets, tgt) where a source has several.
            mask: True at real tokens. Rows that have no target at all do not count.
            weight: How much each target counts, (rows,) or (rows, targets): for rewarded training, in which tokens that
                are never generated have no probability and targets are not smoothed.
            alignment: The attention wanted for each target token but BEGIN, times the weight of its cross-entropy
                (Garg et al. 2019, equation 3), where a source has one target; in training alone.
            twice: All of these hold every row twice, the second time in the second half, for R-Drop.

        Returns:
            The sum in nats and the number of target tokens.
        """
        if self.is_passed_twice(weight) and not twice:  # the encoder had one pass
            memory = Memory(*map(doubled, memory))
            target, mask, alignment, twice = doubled(target), doubled(mask), doubled(alignment), True
        if target.dim() == 3:
            rows, places = mask.any(dim=2).nonzero(as_tuple=True)
            memory = Memory(*(leaf.index_select(0, rows) for leaf in memory))
            target, mask = target[rows, places], mask[rows, places]
            weight = None if weight is None else weight[rows, places]
        regularized = self.training and self.doubly_stochastic_weight > 0
        guided = self.training and alignment is not None
        states, attention = self.decoder(target[:, :-1], memory, attention=regularized or guided)
        output, wanted, real = self.decoder.output, target[:, 1:], mask[:, 1:]
        smoothing, bias = self.label_smoothing if self.training else 0.0, None
        if weight is not None:
            smoothing, bias = 0.0, output.bias.index_fill(0, wanted.new_tensor(NEVER_GENERATED), IMPOSSIBLE)
        total = sequence_cross_entropy(states, output, wanted, real, smoothing, bias=bias, weight=weight)
        count = real.sum()
        if twice:
            total, count = total / 2 + self.r_drop * self.divergence(states, real) / 2, count // 2
        if attention is not None and regularized:
            missed = doubly_stochastic_regularization(attention, real, memory.mask) / len(memory.mask)
            total = total + self.doubly_stochastic_weight * count.item() * missed
        if alignment is not None and guided:
            if attention is None:
                raise SeqtasksError(
                    "The decoder has no attention that alignments could guide.",
                    "Leave out guided_alignment, or choose another decoder.",
                )
            total = total + guided_alignment_loss(attention, alignment) / (2 if twice else 1)
        return Loss(total, count)

    def divergence(self, states: Float[Tensor, "rows next dim"], real: Bool[Tensor, "rows next"]) -> Tensor:
        """Between the first half of the rows and the second, summed over real positions (R-Drop)."""
        one, other = states[real].chunk(2)
        return bidirectional_kl_divergence(one, other, self.decoder.output.weight, self.decoder.output.bias)

    def make_stepper(self, source: Shaped[Tensor, "rows *source"], mask: Mask | None = None) -> EncoderDecoderStepper:
        """The model bound to a source, ready for search."""
        return EncoderDecoderStepper(self.decoder, self.encode(source, mask))


def doubled(part: Any) -> Any:
    """All rows, and all rows again; None stays None."""
    return part if part is None else torch.cat([part, part])


class EncoderDecoderStepper:
    """A decoder and the memory that it looks at: the `Stepper` of the decoding module.

    Args:
        decoder: It is run step by step.
        memory: A row for each input of the batch.
    """

    def __init__(self, decoder: Decoder, memory: Memory) -> None:
        self.decoder = decoder
        self.memory = memory
        self.rows = memory.states.shape[0]
        self.device = memory.states.device

    def start(self, hyps: int, capacity: int) -> State:
        """The decoder's state at the beginning of every row."""
        return self.decoder.start(self.memory, hyps, capacity)

    def step(self, tokens: HypothesisTokens, position: int, state: State) -> tuple[NextLogits, State]:
        """One step of the decoder."""
        return self.decoder.step(tokens, position, state)

    def score_targets(self, tokens: Int[Tensor, "rows tgt"], *, attention: bool = False) -> TargetScores:
        """Scores given tokens in one pass, in float32.

        Args:
            tokens: Ids from BEGIN to END, padded, (rows, tgt).
            attention: Asks for the decoder's attention weights, too.

        Returns:
            Natural logarithms of the probabilities of all tokens but the first, (rows, tgt - 1), and the weights.
        """
        decoded = self.decoder(tokens[:, :-1], self.memory, attention=attention)
        log_probabilities = self.decoder.project(decoded.states).float().log_softmax(dim=2)
        chosen = log_probabilities.gather(2, tokens[:, 1:].unsqueeze(2)).squeeze(2)
        return TargetScores(chosen, decoded.attention)
