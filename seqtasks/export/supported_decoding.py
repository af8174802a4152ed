"""Which searches other programs do as we do: greedy ones and beams, without further rules."""

from __future__ import annotations

from seqtasks.decoding import DecodingConfig, LengthLimit, LengthPenalty
from seqtasks.errors import SeqtasksError


def require_supported_decoding(
    decoding: DecodingConfig, program: str, *, penalties: tuple[str, ...] = ("none", "average", "wu")
) -> None:
    """Raises SeqtasksError where `program` would not search as we do with these options."""
    penalty, least = LengthPenalty.parse(decoding.penalty), LengthLimit.parse(decoding.min_length)
    for differs, setting, instead in (
        (decoding.sample, "sample = true", "sample=false"),
        (decoding.consensus > 0, f"consensus = {decoding.consensus}", "consensus=0"),
        (penalty.kind not in penalties, f'penalty = "{decoding.penalty}"', "penalty=average"),
        (least.factor > 0 or least.offset > 1, f'min_length = "{decoding.min_length}"', "min_length=0"),
        (decoding.no_repeat_ngram > 0, f"no_repeat_ngram = {decoding.no_repeat_ngram}", "no_repeat_ngram=0"),
        (len(decoding.banned) > 0, f"banned = {list(decoding.banned)}", "banned=[]"),
    ):
        if differs:
            raise SeqtasksError(
                f"Unlike seqtasks, {program} cannot search with {setting}.", f"Do without it: --set {instead}"
            )
