"""Search and scoring by CTranslate2, in our numbers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtasks.decoding import DecodingConfig, Hypothesis, LengthLimit, LengthPenalty
from seqtasks.errors import SeqtasksError
from seqtasks.export.supported_decoding import search_options
from seqtasks.inference.translation.engine import Found, Piece
from seqtasks.special_tokens import END, UNKNOWN

BATCH = 32
"""Sentences that a thread translates at once; more is slower on a CPU."""


class CTranslate2Search:
    """What a `ctranslate2.Translator` finds, for texts that are numbered as ours are.

    Args:
        translator: The model.
        source: The name of each of our ids, for sources.
        target: The same for translations.
        precision: What computes, and how exactly, as signatures have it.
        positions: The most tokens that it reads or writes, the end included.
        unknown: The name of the unknown token, where it must not be written.
        target_prefix: Names of tokens that every translation begins with and that are no part of it.
        source_end: Names of tokens behind every source that the engine does not add itself.
        instead: What to do where it lacks something, for messages.
    """

    def __init__(
        self,
        translator: Any,
        source: Sequence[str],
        target: Sequence[str],
        *,
        precision: str,
        positions: int,
        unknown: str | None,
        target_prefix: Sequence[str] = (),
        source_end: Sequence[str] = (),
        instead: str,
    ) -> None:
        self.translator = translator
        self.source_names, self.target_names = source, target
        self.numbers = {name: number for number, name in enumerate(target)}
        self.precision = precision
        self.positions = positions
        self.unknown = unknown
        self.target_prefix = list(target_prefix)
        self.source_end = list(source_end)
        self.instead = instead

    def check(self, decoding: DecodingConfig) -> None:
        """Raises SeqtasksError for decoding options that CTranslate2 does not have."""
        search_options(decoding, self.unknown)

    def decode(self, pieces: Sequence[Piece], decoding: DecodingConfig, *, attention: bool) -> list[Found]:
        """The hypotheses for each piece; those of one length together, as they share the length limit."""
        if any(piece.prefix for piece in pieces) or attention:
            lacks = "return attention weights" if attention else "decode with a target prefix"
            raise SeqtasksError(f"The engine ctranslate2 cannot {lacks}.", self.instead)
        options = search_options(decoding, self.unknown)
        limit, penalty = LengthLimit.parse(decoding.max_length), LengthPenalty.parse(decoding.length_penalty)
        together: dict[int, list[int]] = defaultdict(list)
        for row, piece in enumerate(pieces):
            together[len(piece.ids)].append(row)
        self.require_room(max(together, default=0))
        under_way: dict[int, Any] = {}
        for length, rows in sorted(together.items(), reverse=True):
            started = self.translator.translate_batch(
                [self.read(pieces[row].ids) for row in rows],
                target_prefix=[self.target_prefix] * len(rows) if self.target_prefix else None,
                max_batch_size=BATCH,
                max_input_length=0,
                max_decoding_length=min(limit(length + 1) + len(self.target_prefix), self.positions),
                return_scores=True,
                return_end_token=True,
                asynchronous=True,
                **options,
            )
            under_way |= zip(rows, started, strict=True)
        return [(self.hypotheses(under_way[row].result(), penalty), None) for row in range(len(pieces))]

    def hypotheses(self, result: Any, penalty: LengthPenalty) -> list[Hypothesis]:
        """What it found, best first, in our numbers."""
        found = []
        for names, normalized_score in zip(result.hypotheses, result.scores, strict=True):
            tokens = tuple(self.numbers.get(name, UNKNOWN) for name in names[len(self.target_prefix) :])
            finished = tokens[-1:] == (END,)
            score = normalized_score * penalty(len(names))
            if self.target_prefix:  # which counts in the length, not in the sum
                normalized_score = score / penalty(len(tokens))
            found.append(Hypothesis(tokens[: len(tokens) - finished], score, normalized_score, (), finished))
        return found

    def score(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], length_penalty: str
    ) -> list[Hypothesis]:
        """Each target as a hypothesis for its source, with the log-probabilities of its tokens and of the end."""
        penalty = LengthPenalty.parse(length_penalty)
        self.require_room(max(map(len, [*sources, *targets]), default=0) + len(self.target_prefix))
        results = self.translator.score_batch(
            [self.read(source) for source in sources],
            [self.target_prefix + [self.target_names[number] for number in target] for target in targets],
            max_batch_size=BATCH,
            max_input_length=0,
        )
        found = []
        for target, result in zip(targets, results, strict=True):
            values = tuple(result.log_probs[len(self.target_prefix) :])
            total = math.fsum(values)
            found.append(Hypothesis(tuple(target), total, total / penalty(len(values)), values, True))
        return found

    def attention(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> list[NDArray[np.float32] | None]:
        """The attention of the heads that the model aligns with: what it looks at while it is made to write a target.

        These are the heads of `alignment_heads` of our own models; of imported ones those that their files name.
        """
        given = len(self.target_prefix)
        known = [
            row
            for row, both in enumerate(zip(sources, targets, strict=True))
            if max(map(len, both)) + given + 1 < self.positions
        ]
        found: list[NDArray[np.float32] | None] = [None] * len(sources)
        if not known:
            return found
        results = self.translator.translate_batch(
            [self.read(sources[row]) for row in known],
            target_prefix=[
                self.target_prefix + [self.target_names[number] for number in targets[row]] for row in known
            ],
            max_batch_size=BATCH,
            max_input_length=0,
            max_decoding_length=max(len(targets[row]) for row in known) + given + 1,
            beam_size=1,
            return_attention=True,
            return_end_token=True,
        )
        for row, result in zip(known, results, strict=True):
            weights = np.array(result.attention[0], dtype=np.float32)
            found[row] = weights[given : given + len(targets[row]), : len(sources[row])]
        return found

    def read(self, ids: Sequence[int]) -> list[str]:
        """A tokenized source as the engine reads it."""
        return [self.source_names[number] for number in ids] + self.source_end

    def require_room(self, length: int) -> None:
        """Raises SeqtasksError for texts that are longer than the table of positions: CTranslate2 would cut them."""
        if length >= self.positions:
            raise SeqtasksError(
                f"The engine ctranslate2 reads at most {self.positions - 1:,} tokens at once, not {length:,}.",
                "Lower max_input_length.",
            )
