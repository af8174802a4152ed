"""How to decode: everything a user can choose about it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from seqtasks.decoding.length import LengthLimit
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.logits_processor import LogitsProcessorFactory


@dataclass(frozen=True)
class DecodingConfig:
    """The options of `decode`.

    Raises:
        ValueError: For values that make no sense.
    """

    beam_size: int = 5
    """Width of the beam search; 1 is greedy search."""
    num_beam_groups: int = 1
    """Diverse beam search: groups of the beam, which avoid each other's tokens; 1 is off."""
    diversity_penalty: float = 0.0
    """Diverse beam search: what a token costs for each hypothesis of an earlier group that has taken it, as a
    log-probability."""
    length_penalty: str = "average"
    """Length penalty by which scores are divided: "none", "average" or "wu:ALPHA"."""
    coverage_penalty: float = 0.0
    """What is taken off the scores of hypotheses that attend to parts of their input too little (Wu et al. 2016,
    equation 14); 0 is off, 0.2 is usual."""
    nbest: int = 1
    """Hypotheses returned for each row."""
    max_length: str = "1.5x+10"
    """Maximum number of tokens of an output, including the end token; x is the source length."""
    min_length: str = "0"
    """Minimum number of tokens of an output, including the end token."""
    suppress_tokens: tuple[int, ...] = ()
    """Ids that are never produced."""
    no_repeat_ngram_size: int = 0
    """No sequence of this many tokens appears twice in an output; 0 is off."""
    repetition_penalty: float = 1.0
    """Log-probabilities of tokens that an output has already are multiplied by this number (Keskar et al. 2019, "CTRL:
    A Conditional Transformer Language Model for Controllable Generation"); 1 is off, 1.2 is usual. Scores are those
    that result."""
    sample: bool = False
    """Sample `nbest` outputs instead of searching for the best ones."""
    mbr_samples: int = 0
    """Samples for reranking the beam's hypotheses by minimum Bayes risk; 0 is off."""
    temperature: float = 1.0
    """Sampling: below 1 sharpens the distribution, above 1 flattens it."""
    top_k: int = 0
    """Sampling: from the k most likely tokens; 0 is off."""
    top_p: float = 1.0
    """Sampling: from the smallest set of most likely tokens with this total probability; 1 is off."""
    seed: int = 1
    """Sampling: random seed."""
    logits_processors: tuple[LogitsProcessorFactory, ...] = ()
    """Your own rules on the next token, each a table such as {kind = "own"} (--code FILE)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        least_values = {
            "beam_size": 1,
            "num_beam_groups": 1,
            "nbest": 1,
            "no_repeat_ngram_size": 0,
            "mbr_samples": 0,
            "top_k": 0,
            "seed": 0,
        }
        for name, least in least_values.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} = {getattr(self, name)}: it must be at least {least}.")
        if not self.sample and self.nbest > self.beam_size:
            raise ValueError(
                f"nbest = {self.nbest}: a beam of {self.beam_size} finds at most {self.beam_size} hypotheses."
            )
        if self.mbr_samples and (self.sample or self.beam_size == 1):
            raise ValueError(
                f"mbr_samples = {self.mbr_samples}: it requires beam search with a beam_size of 2 or more."
            )
        if not 0 <= self.coverage_penalty < float("inf"):
            raise ValueError(f"coverage_penalty = {self.coverage_penalty}: it must be at least 0.")
        if self.coverage_penalty and (self.sample or self.mbr_samples or self.beam_size == 1):
            raise ValueError(
                f"coverage_penalty = {self.coverage_penalty}: it requires beam search with a beam_size of 2 or more, "
                "without mbr_samples."
            )
        if not 0 <= self.diversity_penalty < float("inf"):
            raise ValueError(f"diversity_penalty = {self.diversity_penalty}: it must be at least 0.")
        if self.num_beam_groups > 1 and (self.sample or self.mbr_samples or self.beam_size % self.num_beam_groups):
            raise ValueError(
                f"num_beam_groups = {self.num_beam_groups}: it requires beam search, without mbr_samples, whose "
                "beam_size is a multiple of it."
            )
        if not 0 < self.temperature < float("inf"):
            raise ValueError(f"temperature = {self.temperature}: it must be above 0.")
        if not 1 <= self.repetition_penalty < float("inf"):
            raise ValueError(f"repetition_penalty = {self.repetition_penalty}: it must be at least 1.")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p = {self.top_p}: it must be above 0 and at most 1.")
        if any(token < 0 for token in self.suppress_tokens):
            raise ValueError(f"suppress_tokens = {list(self.suppress_tokens)}: token ids are never negative.")
        LengthPenalty.parse(self.length_penalty)
        LengthLimit.parse(self.max_length)
        LengthLimit.parse(self.min_length)

    def signature(self) -> str:
        """What to print beside a score: "beam=5|penalty=wu:0.6|max=1.5x+10", then whatever else is not the default."""
        head = ["sample"] if self.sample else [f"beam={self.beam_size}"]
        head += [f"penalty={self.length_penalty}", f"max={self.max_length}"]
        told = {"beam_size", "sample", "length_penalty", "max_length"}
        if self.mbr_samples:
            head.append(f"consensus={self.mbr_samples}")
            told.add("mbr_samples")
        if self.sample or self.mbr_samples:
            head.append(f"seed={self.seed}")
            told.add("seed")
        else:
            told |= {"temperature", "top_k", "top_p", "seed"}
        # A signature says the same as long as the decoding does: scores in cards and papers keep theirs.
        shown = {"min_length": "min", "no_repeat_ngram_size": "no_repeat_ngram", "suppress_tokens": "banned"}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in told and value != field.default:
                text = ",".join(map(str, value)) if isinstance(value, tuple) else value
                head.append(f"{shown.get(field.name, field.name)}={text}")
        return "|".join(head)
