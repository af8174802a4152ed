"""Which searches other programs do as we do: greedy ones and beams, without further rules."""

from __future__ import annotations

from seqtasks.decoding import DecodingConfig, LengthLimit, LengthPenalty
from seqtasks.errors import SeqtasksError


def require_supported_decoding(
    decoding: DecodingConfig, program: str, *, penalties: tuple[str, ...] = ("none", "average", "wu")
) -> None:
    """Raises SeqtasksError where `program` would not search as we do with these options."""
    penalty, least = LengthPenalty.parse(decoding.length_penalty), LengthLimit.parse(decoding.min_length)
    for differs, setting, instead in (
        (decoding.sample, "sample = true", "sample=false"),
        (decoding.mbr_samples > 0, f"mbr_samples = {decoding.mbr_samples}", "mbr_samples=0"),
        (penalty.kind not in penalties, f'length_penalty = "{decoding.length_penalty}"', "length_penalty=average"),
        (least.factor > 0 or least.offset > 1, f'min_length = "{decoding.min_length}"', "min_length=0"),
        (
            decoding.no_repeat_ngram_size > 0,
            f"no_repeat_ngram_size = {decoding.no_repeat_ngram_size}",
            "no_repeat_ngram_size=0",
        ),
        (
            len(decoding.suppress_tokens) > 0,
            f"suppress_tokens = {list(decoding.suppress_tokens)}",
            "suppress_tokens=[]",
        ),
        (len(decoding.logits_processors) > 0, "logits_processors", "logits_processors=[]"),
    ):
        if differs:
            raise SeqtasksError(
                f"Unlike seqtasks, {program} cannot search with {setting}.", f"Do without it: --set {instead}"
            )
