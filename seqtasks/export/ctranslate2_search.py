"""Our rules of decoding as options of CTranslate2's search."""

from __future__ import annotations

from typing import Any

from seqtasks.decoding import DecodingConfig
from seqtasks.export.supported_decoding import require_supported_decoding

PATIENCE = 3.0
"""Beams of finished hypotheses that CTranslate2 waits for. Search here stops when nothing can become better any more,
which CTranslate2 does not ask: with one beam, its default, 61 to 114 of 2,014 sentences of Multi30k end too early (two
models), with two 2 or 3, with three 1."""


def search_options(decoding: DecodingConfig, unknown: str | None) -> dict[str, Any]:
    """Arguments of `Translator.translate_batch`, but for the length limit, which follows each source.

    `unknown` is the token that a model has learned to write for rare words and must not write: holding it back moves
    scores, for CTranslate2 gives the others its probability, as it would for other rules. The other special tokens are
    in no target. Raises SeqtasksError for what CTranslate2 has no option for, or one that means something else.
    """
    require_supported_decoding(decoding, "CTranslate2", penalties=("none", "average"))
    options = {
        "beam_size": decoding.beam_size,
        "patience": PATIENCE,
        "num_hypotheses": decoding.nbest,
        "length_penalty": 0.0 if decoding.length_penalty == "none" else 1.0,
        "min_decoding_length": 0,
    }
    return options if unknown is None else options | {"suppress_sequences": [[unknown]]}
