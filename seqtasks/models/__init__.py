"""Models: an encoder and a head."""

from seqtasks.models.generator import Generator, GeneratorStepper, Loss, Pairs
from seqtasks.models.tagger import Tagged, Tagger

__all__ = ["Generator", "GeneratorStepper", "Loss", "Pairs", "Tagged", "Tagger"]
