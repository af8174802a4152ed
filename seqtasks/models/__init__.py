"""Models: an encoder and a head."""

from seqtasks.models.classifier import Classified, Classifier
from seqtasks.models.encoder_decoder import Generator, GeneratorStepper, Pairs
from seqtasks.models.language_model import LanguageModel, LanguageModelStepper, Window
from seqtasks.models.loss import Loss
from seqtasks.models.tagger import Tagged, Tagger

__all__ = [
    "Classified",
    "Classifier",
    "Generator",
    "GeneratorStepper",
    "LanguageModel",
    "LanguageModelStepper",
    "Loss",
    "Pairs",
    "Tagged",
    "Tagger",
    "Window",
]
