"""Text in, ids out, and back: subwords, words and characters."""

from seqtasks.text.normalize import normalize
from seqtasks.text.tokenizers.base import Tokenizer
from seqtasks.text.tokenizers.character import CharacterTokenizer
from seqtasks.text.tokenizers.subword import SubwordTokenizer
from seqtasks.text.tokenizers.word import WordTokenizer

__all__ = ["CharacterTokenizer", "SubwordTokenizer", "Tokenizer", "WordTokenizer", "normalize"]
