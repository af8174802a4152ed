"""Text in, ids out, and back: subwords, words and characters."""

from seqtasks.text.characters import Characters
from seqtasks.text.clean import clean
from seqtasks.text.processor import TextProcessor
from seqtasks.text.subwords import Subwords
from seqtasks.text.words import Words

__all__ = ["Characters", "Subwords", "TextProcessor", "Words", "clean"]
