"""Our own search over texts to translate, in batches of about equal length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import torch

from seqtasks.decoding import DecodingConfig, decode
from seqtasks.inference.base import BATCH_TOKENS, in_sorted_batches
from seqtasks.inference.constraints.lexical_constraints import continuation_tokens
from seqtasks.inference.outputs import attention_of
from seqtasks.inference.translation.engine import Found, Piece

if TYPE_CHECKING:
    from seqtasks.inference.translation.pipeline import TranslationPipeline

BATCH_HYPOTHESES = 20_000
"""Source tokens a batch times the hypotheses of each: more gives nothing on a CPU."""


def search(
    pipeline: TranslationPipeline,
    pieces: Sequence[Piece],
    decoding: DecodingConfig,
    *,
    attention: bool = False,
    whole_word_prefixes: bool = False,
) -> list[Found]:
    """The hypotheses for each piece.

    Args:
        pipeline: It has models.
        pieces: Texts.
        decoding: The decoding options.
        attention: Asks for attention weights.
        whole_word_prefixes: Nothing goes on with the last words of prefixes.
    """
    width = decoding.nbest if decoding.sample else max(decoding.beam_size, decoding.mbr_samples)

    def decode_rows(rows: list[int]) -> Iterable[Found]:
        taken = [pieces[row] for row in rows]
        stepper = pipeline.stepper([piece.ids for piece in taken])
        lengths = [len(piece.ids) + 1 for piece in taken]
        found = decode(
            stepper,
            source_lengths=torch.tensor(lengths),
            options=decoding,
            prefixes=[piece.prefix for piece in taken] if any(piece.prefix for piece in pieces) else None,
            row_numbers=[piece.number for piece in taken],
            sources=[piece.text for piece in taken],
            force_words_ids=[piece.force_words for piece in taken],
            bad_words_ids=[piece.bad_words for piece in taken],
            continuation_tokens=(
                continuation_tokens(pipeline.target)
                if whole_word_prefixes or any(piece.force_words for piece in taken)
                else None
            ),
            whole_word_prefixes=whole_word_prefixes,
        )
        looks = attention_of(stepper, found, lengths) if attention else [None] * len(found)
        return zip(found, looks, strict=True)

    budget = min(BATCH_TOKENS, BATCH_HYPOTHESES // width)
    return in_sorted_batches(decode_rows, [len(piece.ids) + 1 for piece in pieces], budget)
