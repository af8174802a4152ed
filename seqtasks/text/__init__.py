"""Text in, ids out, and back: subwords, words and characters."""

from seqtasks.text.normalize import clean
from seqtasks.text.tokenizers.base import TextProcessor
from seqtasks.text.tokenizers.character import Characters
from seqtasks.text.tokenizers.subword import Subwords
from seqtasks.text.tokenizers.word import Words

__all__ = ["Characters", "Subwords", "TextProcessor", "Words", "clean"]
