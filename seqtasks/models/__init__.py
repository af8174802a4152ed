"""Models: an encoder and a head."""

from seqtasks.models.classifier import ClassificationBatch, Classifier
from seqtasks.models.encoder_decoder import EncoderDecoder, EncoderDecoderStepper, Seq2SeqBatch
from seqtasks.models.language_model import LanguageModel, LanguageModelBatch, LanguageModelStepper
from seqtasks.models.loss import Loss
from seqtasks.models.tagger import Tagger, TaggingBatch

__all__ = [
    "ClassificationBatch",
    "Classifier",
    "EncoderDecoder",
    "EncoderDecoderStepper",
    "LanguageModel",
    "LanguageModelBatch",
    "LanguageModelStepper",
    "Loss",
    "Seq2SeqBatch",
    "Tagger",
    "TaggingBatch",
]
