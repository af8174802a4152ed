"""Models: an encoder and a head."""

from seqtasks.models.generator import Generator, GeneratorStepper, Loss, TextPairs

__all__ = ["Generator", "GeneratorStepper", "Loss", "TextPairs"]
