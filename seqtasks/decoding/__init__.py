"""Decoding: greedy, beam search, sampling (in streams too), forced scoring, ensembles, over anything that steps."""

from seqtasks.decoding.config import Decoding
from seqtasks.decoding.decode import search
from seqtasks.decoding.ensemble import Ensemble
from seqtasks.decoding.hypotheses import Hypothesis
from seqtasks.decoding.length import LengthRule
from seqtasks.decoding.length_penalty import LengthPenalty
from seqtasks.decoding.scoring import score
from seqtasks.decoding.stepper import Forced, Stepper
from seqtasks.decoding.streaming import Drawn, stream

__all__ = [
    "Decoding",
    "Drawn",
    "Ensemble",
    "Forced",
    "Hypothesis",
    "LengthPenalty",
    "LengthRule",
    "Stepper",
    "score",
    "search",
    "stream",
]
