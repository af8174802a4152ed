"""Changed copies of training pairs, so that models get used to what people type: names of OpusTrainer's modifiers."""

from seqtasks.data.augmentation.base import Augmentation, augmented_pairs
from seqtasks.data.augmentation.case import TitleCase, UpperCase
from seqtasks.data.augmentation.copied_spans import CopiedLines, CopiedSpans
from seqtasks.data.augmentation.noise import RemoveEndPunctuation, Typos
from seqtasks.data.augmentation.quotes import QuotationMarks

__all__ = [
    "Augmentation",
    "CopiedLines",
    "CopiedSpans",
    "QuotationMarks",
    "RemoveEndPunctuation",
    "TitleCase",
    "Typos",
    "UpperCase",
    "augmented_pairs",
]
