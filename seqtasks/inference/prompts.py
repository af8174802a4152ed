"""Prompts of language models, read in characters that the model knows."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from functools import cached_property

from seqtasks.decoding import DecodingConfig, LengthLimit
from seqtasks.special_tokens import BEGIN
from seqtasks.text.tokenizers.base import FIRST_BYTE
from seqtasks.text.tokenizers.document import BYTES, DocumentTokenizer, normalize_document
from seqtasks.text.tokenizers.word import MARKS

PLAIN = {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "−": "-"}
"""Replacements for characters that Unicode does not decompose."""


class PromptReader:
    """Reads prompts.

    Args:
        layout: The tokens of the model's texts.
    """

    def __init__(self, layout: DocumentTokenizer) -> None:
        self.layout = layout

    @cached_property
    def characters(self) -> frozenset[str]:
        """Those that the model knows by themselves or in words."""
        pieces = self.layout.processor.pieces(range(FIRST_BYTE + BYTES, self.layout.processor.size))
        return frozenset("".join(piece for piece in pieces if piece not in MARKS)) | {" ", "\n", "\t"}

    def replaced(self, prompt: str) -> dict[str, str]:
        """The characters of a prompt that training did not show, and what is read in their place; maybe nothing.

        Where the vocabulary does not say what training showed, characters without a plainer form are spelled in bytes.
        """
        unknown = dict.fromkeys(
            character for character in normalize_document(prompt) if character not in self.characters
        )
        plain = {character: nearest(character, self.characters) for character in unknown}
        told = self.layout.processor.known_characters is not None
        return {character: other for character, other in plain.items() if other or told}

    def read(self, prompt: str) -> list[int]:
        """The tokens of a prompt: BEGIN and what follows it.

        A blank at its end is left to the next word where blanks belong to words.
        """
        text = self.known(prompt)
        return [BEGIN, *self.layout.encode(text[:-1] if self.blank_waits(text) else text)]

    def known(self, prompt: str) -> str:
        """A prompt in characters that the model knows."""
        replaced = self.replaced(prompt)
        return "".join(replaced.get(character, character) for character in normalize_document(prompt))

    def leaves_blank(self, prompt: str) -> bool:
        """Whether a prompt ends in a blank that is left to the next word."""
        return normalize_document(prompt).endswith(" ") and self.blank_waits(self.known(prompt))

    def blank_waits(self, text: str) -> bool:
        """Whether the text ends in a blank that belongs to the next word."""
        return not self.layout.has_space_tokens and text.endswith(" ") and text[-2:-1] not in ("", " ", "\n", "\t")


def nearest(character: str, known: frozenset[str]) -> str:
    """What to read in place of a character: a plainer one, without accents, in the other case; else nothing."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each))
    candidates = (PLAIN.get(character, ""), bare, bare.swapcase(), character.swapcase(), character.casefold())
    return next((each for each in candidates if each and known.issuperset(each)), "")


def fixed_lengths(decoding: DecodingConfig, prompt_length: int) -> DecodingConfig:
    """Lengths as numbers; in a rule such as "2x" the tokens of the prompt are what counts."""
    longest, shortest = (
        str(LengthLimit.parse(rule)(prompt_length)) for rule in (decoding.max_length, decoding.min_length)
    )
    return replace(decoding, max_length=longest, min_length=shortest)
