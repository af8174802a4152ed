"""Text in, ids out, and back: subwords, words and characters."""

from seqtasks.text.clean import clean
from seqtasks.text.processor import BEGIN, END, PAD, UNKNOWN, TextProcessor
from seqtasks.text.subwords import Subwords

__all__ = ["BEGIN", "END", "PAD", "UNKNOWN", "Subwords", "TextProcessor", "clean"]
