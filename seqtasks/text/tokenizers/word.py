"""Words: cut by spaCy, put together again by rule; those that training did not show are spelled in UTF-8 bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Literal

from pydantic import Field

from seqtasks.registry import ConfigModel
from seqtasks.special_tokens import UNKNOWN
from seqtasks.text.detokenize import blanks_before
from seqtasks.text.normalize import normalize
from seqtasks.text.tokenizers.base import FIRST_BYTE
from seqtasks.text.vocabulary import FIRST_MARK, Vocabulary, VocabularyTokenizer
from seqtasks.text.word_splitter import word_splitter

WORD_END, JOINED, APART = FIRST_MARK, FIRST_MARK + 1, FIRST_MARK + 2
MARKS = ("<end of word>", "<joined>", "<apart>")


class WordTokenizer(VocabularyTokenizer):
    """Words, punctuation and the parts of contractions (do n't) are tokens; blanks are not.

    Where ordinary text by the rules of `detokenize` would have a blank and this one has none, or the other way round,
    a mark JOINED or APART says so: nothing is lost. A word spelled in bytes ends with the mark WORD_END.
    """

    class Config(ConfigModel):
        kind: Literal["words"] = "words"
        language: str = "xx"
        """Language whose rules split words, as spaCy names it ("en", "de"); one that spaCy lacks is split as "xx"."""
        min_freq: int = Field(2, ge=1)
        """Rarer words are not in the vocabulary."""
        oov: Literal["bytes", "unknown"] = "bytes"
        """What replaces them: their bytes, so that nothing is lost, or one unknown token, which is never generated."""
        vocab_size: int = Field(50000, ge=300)
        """Maximum vocabulary size."""

    marks = MARKS

    def __init__(self, vocabulary: Vocabulary, config: WordTokenizer.Config) -> None:
        super().__init__(vocabulary, config)
        self.cutter = word_splitter(config.language)

    @cached_property
    def known_characters(self) -> frozenset[str] | None:
        """Those of the words; None where a full vocabulary may have left out some of the training's."""
        if self.size >= self.config.vocab_size:
            return None
        return frozenset("".join(self.vocabulary.tokens)) | {" "}

    def unknown(self, text: str) -> tuple[str, ...]:
        """With `oov = "unknown"` the words that become UNKNOWN, whatever their characters."""
        if self.config.oov == "bytes":
            return super().unknown(text)
        words = (token for token, _ in self.cutter.split(normalize(text)))
        return tuple(dict.fromkeys(word for word in words if word not in self.vocabulary.ids))

    @classmethod
    def train(cls, texts: Iterable[str], config: WordTokenizer.Config) -> WordTokenizer:
        """Counts tokens; the `vocab_size` most frequent of those seen at least `min_freq` times are kept."""
        counts = Counter(token for text in texts for token, _ in word_splitter(config.language).split(normalize(text)))
        return cls(Vocabulary.of_counts(counts, min_freq=config.min_freq, size=config.vocab_size, marks=MARKS), config)

    def encode(self, text: str) -> list[int]:
        """Tokens and, where a blank is not as the rules expect, marks before them."""
        cut = list(self.cutter.split(normalize(text)))
        usual = blanks_before([token for token, _ in cut], self.cutter.language)
        ids: list[int] = []
        for (token, blank), expected in zip(cut, usual, strict=True):
            if blank != expected:
                ids.append(APART if blank else JOINED)
            spelled = self.spell(token)
            ids.extend(spelled)
            if FIRST_BYTE <= spelled[0] < FIRST_MARK:
                ids.append(WORD_END)
        return ids

    def spell(self, token: str) -> list[int]:
        """The token's own id, UNKNOWN, or its UTF-8 bytes, as `oov` of the settings says."""
        if self.config.oov == "unknown" and token not in self.vocabulary.ids:
            return [UNKNOWN]
        return self.vocabulary.spell(token)

    def decode(self, ids: Sequence[int]) -> str:
        """Tokens with blanks between them by rule, but where marks say otherwise."""
        tokens: list[str] = []
        marked: dict[int, bool] = {}
        for number, token in self.vocabulary.read(ids):
            if token:
                tokens.append(token)
            elif number in (JOINED, APART):
                marked[len(tokens)] = number == APART
        usual = blanks_before(tokens, self.cutter.language)
        return normalize("".join(" " * marked.get(place, usual[place]) + token for place, token in enumerate(tokens)))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Tokens as they are in the vocabulary."""
        return [self.vocabulary.names[number] for number in ids]
