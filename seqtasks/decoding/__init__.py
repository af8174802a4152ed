"""Decoding: greedy, beam search, sampling (in streams too), forced scoring, ensembles, over anything that steps."""

from seqtasks.decoding.ensemble import Ensemble
from seqtasks.decoding.length import LengthRule
from seqtasks.decoding.options import Decoding
from seqtasks.decoding.penalty import LengthPenalty
from seqtasks.decoding.result import Hypothesis
from seqtasks.decoding.score import score
from seqtasks.decoding.search import search
from seqtasks.decoding.state import Forced, Stepper
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
