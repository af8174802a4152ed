"""Decoding: greedy, beam search, sampling (in streams too), forced scoring, ensembles, over anything that steps."""

from seqtasks.decoding.config import DecodingConfig
from seqtasks.decoding.decode import decode
from seqtasks.decoding.ensemble import Ensemble
from seqtasks.decoding.hypotheses import Hypothesis
from seqtasks.decoding.length import LengthLimit
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.scoring import score
from seqtasks.decoding.stepper import Stepper, TargetScores
from seqtasks.decoding.streaming import SampledToken, stream

__all__ = [
    "DecodingConfig",
    "Ensemble",
    "Hypothesis",
    "LengthLimit",
    "LengthPenalty",
    "SampledToken",
    "Stepper",
    "TargetScores",
    "decode",
    "score",
    "stream",
]
