"""Cutting text into words with spaCy's tokenizers, which need no trained pipeline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property
from typing import Any

from seqtasks.errors import SeqtasksError
from seqtasks.text.word_cache import WordCache

LONGEST_CHUNK = 100
"""Characters without a blank that are cut at once: spaCy's time grows with their square."""
FRESH = 2**16
"""Chunks after which spaCy begins with a new vocabulary: its own keeps every word that it has ever seen."""


@cache
def word_splitter(language: str) -> WordSplitter:
    """The one cutter of a language, so that what it has learned to cut is known to all."""
    return WordSplitter(language)


class WordSplitter:
    """Cuts text at blanks first, so that spaCy sees each chunk between blanks once."""

    def __init__(self, language: str) -> None:
        self.language = re.split("[-_]", language.lower())[0]
        self.chunks = WordCache(self._cut)
        self.seen = 0

    def split(self, text: str) -> Iterator[tuple[str, bool]]:
        """The tokens of cleaned text, and whether a space comes before each; none before the first.

        Raises:
            SeqtasksError: spaCy needs another package to cut this language.
        """
        blank = False
        for chunk in text.split(" "):
            for token in self.chunks[chunk]:
                yield token, blank
                blank = False
            blank = True

    def _cut(self, chunk: str) -> list[str]:
        self.seen += 1
        if self.seen % FRESH == 0:  # a memory zone of spaCy's would do, but belongs to one thread at a time
            self.__dict__.pop("_tokenizer", None)
        parts = [chunk[start : start + LONGEST_CHUNK] for start in range(0, len(chunk), LONGEST_CHUNK)]
        return [token.text for part in parts for token in self._tokenizer(part)]

    @cached_property
    def _tokenizer(self) -> Callable[[str], Iterable[Any]]:
        import spacy
        from spacy.util import get_lang_class

        try:
            get_lang_class(self.language)
        except ImportError:
            return spacy.blank("xx").tokenizer
        try:
            return spacy.blank(self.language).tokenizer
        except ImportError as error:
            raise SeqtasksError(
                f"spaCy tokenizes {self.language!r} only with another package: {str(error).splitlines()[0]}",
                'Install that package; without it, use text.kind = "subwords", or a tagger with text.language = "xx".',
            ) from None
