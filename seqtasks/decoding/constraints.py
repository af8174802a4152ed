"""Which tokens a hypothesis may continue with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn import functional

from seqtasks.decoding.config import DecodingConfig
from seqtasks.decoding.length import LengthLimit
from seqtasks.decoding.logits_processor import ProcessLogits
from seqtasks.decoding.repetition import RepetitionGuard
from seqtasks.errors import SeqtasksError
from seqtasks.incremental_state import NextLogits
from seqtasks.plurals import counted
from seqtasks.special_tokens import END, NEVER_GENERATED


@dataclass(frozen=True)
class DecodingConstraints:
    """What is allowed, for each row of a batch. Lengths count tokens, the end token included."""

    max_length: Int[Tensor, "rows"]
    min_length: Int[Tensor, "rows"]
    prefix: Int[Tensor, "rows prefix"] | None
    """Tokens that each row has to start with; -1 where a row is free."""
    suppressed_ids: Int[Tensor, "never"]
    """Tokens that are never produced: suppressed ones and those that spell no text."""
    no_repeat_ngram_size: int
    largest_min_length: int
    """The largest of `min_length`, known without asking the device."""
    largest_id: int
    """The largest of `never` and `prefix`."""
    may_have_no_candidate: bool
    """Whether a hypothesis can come to where every token is forbidden."""
    processors: tuple[ProcessLogits, ...] = ()
    """Rules beside these; what they allow is still subject to them."""
    repetition_penalty: float = 1.0
    """What the log-probabilities of tokens that are there already are multiplied by."""
    bad_words: Int[Tensor, "rows phrases length"] | None = None
    """Phrases that no output of a row contains, -1 in front of their tokens."""
    not_after_prefix: Bool[Tensor, "vocab"] | None = None
    """Tokens that do not follow the prefix of a row at once."""
    repetitions: RepetitionGuard | None = None
    """Stops loops; None: an output may repeat itself as it likes."""

    @classmethod
    def from_config(
        cls,
        options: DecodingConfig,
        source_lengths: Int[Tensor, "rows"],
        prefixes: Sequence[Sequence[int]] | None = None,
        sources: Sequence[str] | None = None,
        bad_words: Sequence[Sequence[Sequence[int]]] | None = None,
    ) -> DecodingConstraints:
        """The rules for a batch. A prefix ends at its first end token, and counts towards the length of its row."""
        cut = [_until_end(prefix) for prefix in ([()] * len(source_lengths) if prefixes is None else prefixes)]
        if len(cut) != len(source_lengths):
            raise SeqtasksError(
                f"Got {counted(len(cut), 'prefixes')} for {counted(len(source_lengths), 'inputs')}.",
                "Give one for each.",
            )
        if any(token < 0 for prefix in cut for token in prefix):
            raise SeqtasksError("A prefix holds a negative token id.", "Token ids start at 0.")
        forced = torch.tensor([len(prefix) for prefix in cut], device=source_lengths.device)
        width = max(map(len, cut), default=0)
        padded = [[*prefix, *[-1] * (width - len(prefix))] for prefix in cut]
        max_length = torch.maximum(LengthLimit.parse(options.max_length)(source_lengths), forced + 1)
        min_length = torch.minimum(LengthLimit.parse(options.min_length)(source_lengths), max_length)
        longest_minimum = max(min_length.tolist(), default=0)
        never = [*NEVER_GENERATED, *options.suppress_tokens]
        bad = [[tuple(phrase) for phrase in row] for row in bad_words or []]
        if any(not phrase or min(phrase) < 0 for row in bad for phrase in row):
            raise SeqtasksError("A phrase that is forbidden is empty or holds a negative token id.", "Leave it out.")
        return cls(
            max_length,
            min_length,
            torch.tensor(padded, device=source_lengths.device) if width else None,
            torch.tensor(never, device=source_lengths.device),
            options.no_repeat_ngram_size,
            longest_minimum,
            largest_id=max(
                *never,
                *(token for prefix in cut for token in prefix),
                *(token for row in bad for phrase in row for token in phrase),
            ),
            may_have_no_candidate=bool(
                any(bad)
                or options.suppress_tokens
                or options.no_repeat_ngram_size
                or longest_minimum > 1
                or options.logits_processors
            ),
            processors=tuple(make() for make in options.logits_processors),
            repetition_penalty=options.repetition_penalty,
            bad_words=_phrases(bad).to(source_lengths.device) if any(bad) else None,
            repetitions=None if sources is None else RepetitionGuard(tuple(sources)),
        )

    def with_whole_words(self, continuation_tokens: Bool[Tensor, "vocab"]) -> DecodingConstraints:
        """The rules with prefixes whose last word is complete: none of these tokens goes on with it."""
        return replace(self, not_after_prefix=continuation_tokens, may_have_no_candidate=True)

    def select_rows(self, rows: Int[Tensor, "kept"]) -> DecodingConstraints:
        """The rules of the given rows."""
        prefix = None if self.prefix is None else self.prefix[rows]
        return replace(
            self,
            max_length=self.max_length[rows],
            min_length=self.min_length[rows],
            prefix=prefix,
            bad_words=None if self.bad_words is None else self.bad_words[rows],
            repetitions=self.repetitions and self.repetitions.select_rows(rows),
        )

    def apply(
        self,
        log_probabilities: NextLogits,
        history: Int[Tensor, "rows hyps position"],
        position: int,
        *,
        beam: bool = False,
    ) -> NextLogits:
        """Forbids what may not come next: sets it to -inf; in place, unless a processor returns another tensor.

        Where nothing would be left, the end token is allowed. A forced token is allowed whatever else holds.

        Args:
            log_probabilities: Of the next token, (rows, hyps, vocab).
            history: The tokens before it, (rows, hyps, position).
            position: Its position, from 0.
            beam: Whether the hypotheses of a row are those of a beam.
        """
        vocab = log_probabilities.shape[2]
        if self.largest_id >= vocab:
            raise SeqtasksError(
                f"Token {self.largest_id} is suppressed or in a prefix, but the vocabulary ends at {vocab - 1}.",
                "Use ids of the model's own tokenizer.",
            )
        forced = None
        if self.prefix is not None and position < self.prefix.shape[1]:
            forced = self.prefix[:, position].view(-1, 1, 1).expand(*log_probabilities.shape[:2], 1)
            forced_value = log_probabilities.gather(2, forced.clamp(min=0))
        end_value = log_probabilities[..., END].clone() if self.may_have_no_candidate else None
        if self.repetition_penalty != 1 and position:
            seen = log_probabilities.gather(2, history)
            log_probabilities.scatter_(2, history, seen * self.repetition_penalty)
        for process in self.processors:
            log_probabilities = process(log_probabilities, history)
        log_probabilities.index_fill_(2, self.suppressed_ids, -torch.inf)
        if position + 1 < self.largest_min_length:
            short = (position + 1 < self.min_length).unsqueeze(1)
            log_probabilities[..., END].masked_fill_(short, -torch.inf)
        if 0 < self.no_repeat_ngram_size <= position:
            _block_repeated_ngrams(log_probabilities, history, self.no_repeat_ngram_size)
        if self.bad_words is not None:
            _block_phrases(log_probabilities, history, self.bad_words)
        if self.not_after_prefix is not None and self.prefix is not None:
            after = (self.prefix >= 0).sum(1) == position
            log_probabilities.masked_fill_(after.view(-1, 1, 1) & self.not_after_prefix, -torch.inf)
        if self.repetitions is not None:
            self.repetitions.apply(log_probabilities, history, self.prefix, beam=beam)
        if end_value is not None:
            stuck = log_probabilities.amax(2) == -torch.inf
            log_probabilities[..., END] = torch.where(stuck, end_value, log_probabilities[..., END])
        if forced is not None:
            log_probabilities.masked_fill_(forced >= 0, -torch.inf)
            allowed = torch.where(forced >= 0, forced_value, log_probabilities[..., :1])
            log_probabilities.scatter_(2, forced.clamp(min=0), allowed)
        return log_probabilities


def _until_end(prefix: Sequence[int]) -> list[int]:
    tokens = list(prefix)
    return tokens[: tokens.index(END) + 1] if END in tokens else tokens


def _block_repeated_ngrams(
    log_probabilities: NextLogits, history: Int[Tensor, "rows hyps position"], size: int
) -> None:
    """Bans each token that would complete an n-gram of `history` a second time."""
    ngrams = history.unfold(2, size, 1)  # (rows, hyps, ngrams, size)
    context = history[..., history.shape[2] - size + 1 :].unsqueeze(2)  # (rows, hyps, 1, size - 1)
    seen = (ngrams[..., :-1] == context).all(3)
    ceiling = torch.where(seen, -torch.inf, torch.inf)
    log_probabilities.scatter_reduce_(2, ngrams[..., -1], ceiling, "amin")


def _phrases(rows: Sequence[Sequence[Sequence[int]]]) -> Int[Tensor, "rows phrases length"]:
    """Phrases as a tensor, -1 in front of their tokens and where there is none."""
    count, length = max(map(len, rows)), max(len(phrase) for row in rows for phrase in row)
    padded = [[[-1] * (length - len(phrase)) + list(phrase) for phrase in row] for row in rows]
    return torch.tensor([row + [[-1] * length] * (count - len(row)) for row in padded])


def _block_phrases(
    log_probabilities: NextLogits,
    history: Int[Tensor, "rows hyps position"],
    phrases: Int[Tensor, "rows phrases length"],
) -> None:
    """Bans each token that would complete one of the phrases."""
    before = phrases[..., :-1].unsqueeze(1)  # --> (rows, 1, phrases, length - 1)
    size = before.shape[3]
    last = functional.pad(history, (size, 0), value=-2)[..., history.shape[2] :].unsqueeze(2)
    begun = ((last == before) | (before == -1)).all(3) & (phrases[..., -1] >= 0).unsqueeze(1)
    ceiling = torch.where(begun, -torch.inf, torch.inf)
    ends = phrases[..., -1].clamp(min=0).unsqueeze(1).expand_as(begun)
    log_probabilities.scatter_reduce_(2, ends, ceiling, "amin")
