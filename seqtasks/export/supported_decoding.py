"""Decoding in other programs: greedy and beam search, as far as they search as we do."""

from __future__ import annotations

import json
from typing import Any

from seqtasks.decoding import DecodingConfig, LengthLimit, LengthPenalty
from seqtasks.errors import SeqtasksError

UNSUPPORTED = {
    "sample": "false", "mbr_samples": "0", "no_repeat_ngram_size": "0", "suppress_tokens": "[]",
    "repetition_penalty": "1.0", "num_beam_groups": "1", "coverage_penalty": "0.0",
    "logits_processors": "[]",
}  # fmt: skip
"""Options that no other program has, and what switches each off."""

PATIENCE = 3.0
"""Beams of finished hypotheses that CTranslate2 waits for. Search here stops when nothing can become better any more,
which CTranslate2 does not ask: with one beam, its default, 61 to 114 of 2,014 sentences of Multi30k end too early (two
models), with two 2 or 3, with three 1."""


def require_supported_decoding(
    decoding: DecodingConfig, program: str, *, penalties: tuple[str, ...] = ("none", "average", "wu")
) -> None:
    """Raises SeqtasksError where `program` would not search as we do with these options."""
    off = DecodingConfig()
    instead = {name: value for name, value in UNSUPPORTED.items() if getattr(decoding, name) != getattr(off, name)}
    if LengthPenalty.parse(decoding.length_penalty).kind not in penalties:
        instead["length_penalty"] = "average"
    least = LengthLimit.parse(decoding.min_length)
    if least.factor > 0 or least.offset > 1:
        instead["min_length"] = "0"
    for name, value in instead.items():
        own = "" if name == "logits_processors" else f" = {json.dumps(getattr(decoding, name))}"
        raise SeqtasksError(f"{program} does not support {name}{own}.", f"Disable it: --set {name}={value}")


def search_options(decoding: DecodingConfig, unknown: str | None) -> dict[str, Any]:
    """Arguments of `Translator.translate_batch`, but for the length limit, which follows each source.

    `unknown` is the token that a model has learned to write for rare words and must not write: holding it back moves
    scores, for CTranslate2 gives the others its probability, as it would for other rules. The other special tokens are
    in no target.

    Raises:
        SeqtasksError: For what CTranslate2 has no option for, or one that means something else.
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
