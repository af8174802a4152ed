"""Models: an encoder and a head."""

from seqtasks.models.generator import Generator, GeneratorStepper, Loss, Pairs

__all__ = ["Generator", "GeneratorStepper", "Loss", "Pairs"]
