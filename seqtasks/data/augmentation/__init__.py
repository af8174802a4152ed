"""Changed copies of training pairs, so that models get used to what people type: names of OpusTrainer's modifiers."""

from seqtasks.data.augmentation.base import Augmentation, augmented_pairs
from seqtasks.data.augmentation.case import TitleCase, UpperCase
from seqtasks.data.augmentation.copied_spans import CopiedSpans
from seqtasks.data.augmentation.noise import RemoveEndPunctuation, Typos

__all__ = [
    "Augmentation",
    "CopiedSpans",
    "RemoveEndPunctuation",
    "TitleCase",
    "Typos",
    "UpperCase",
    "augmented_pairs",
]
