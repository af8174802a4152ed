"""Subwords: sentencepiece models, unigram or byte-pair, with UTF-8 bytes for what they have never seen."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import ClassVar, Literal

from numpy.random import Generator
from pydantic import Field, field_validator, model_validator

from seqtasks.errors import SeqtasksError
from seqtasks.registry import ConfigModel
from seqtasks.special_tokens import BEGIN, END, PAD, UNKNOWN
from seqtasks.text.normalize import normalize
from seqtasks.text.sentencepiece_model import END_OF_VOCABULARY, with_symbols
from seqtasks.text.tokenizers.base import Tokenizer
from seqtasks.text.tokenizers.subword_regularization import BPEDropout, UnigramSampler

FIRST_PIECE = END + 1 + 256

TRAINING_TEXTS = 1_000_000
"""Of more texts than these a random choice is trained on: a vocabulary gains nothing from more."""
TEXTS_FOR_THREADS = 64
"""Fewer texts than these are tokenized one by one: starting sentencepiece's threads takes longer."""

# sentencepiece writes a blank as ▁ and an unknown as ▅, and would lose both where a text has them.
_RESERVED = {"\ue000": "\ue0000", "▁": "\ue0001", "▅": "\ue0002"}
_ESCAPED = {escaped: plain for plain, escaped in _RESERVED.items()}


class SubwordTokenizer(Tokenizer):
    """A sentencepiece model over cleaned text, trained here or loaded."""

    class Config(ConfigModel):
        kind: Literal["subwords"] = "subwords"
        model_type: Literal["unigram", "bpe"] = "unigram"
        """Kind of sentencepiece model."""
        vocab_size: int = Field(default=8000, ge=300)
        """Vocabulary size, including 4 special tokens and 256 bytes; smaller if there is little text."""
        subword_sampling: float = Field(default=0.0, ge=0.0)
        """0 = off; unigram: the exponent alpha of `UnigramSampler`, where less is more noise (with 0.2 an LSTM
        on 29,000 pairs learned half as fast as without); bpe: the probability of `BPEDropout`."""
        split_digits: bool = False
        """Each digit is a piece of its own, so that numbers that were never seen are copied digit by digit."""
        user_defined_symbols: list[str] = Field(default=[])
        """Pieces that are never split nor joined with others, such as placeholders; they count in `vocab_size`."""
        source_prefix: str = ""
        """A piece before each source text, such as `>>deu<<`, by which multilingual models know the target language."""

        @field_validator("user_defined_symbols")
        @classmethod
        def _symbols_stay_as_they_are(cls, symbols: list[str]) -> list[str]:
            for symbol in symbols:
                if not symbol or " " in symbol or prepare(symbol) != symbol:
                    raise ValueError(f"{symbol!r} is not a symbol: it is empty, or normalization changes it")
            if len(set(symbols)) < len(symbols):
                raise ValueError("a symbol is listed twice")
            return symbols

        @model_validator(mode="after")
        def _dropout_is_a_probability(self) -> SubwordTokenizer.Config:
            if self.model_type == "bpe" and self.subword_sampling > 1:
                raise ValueError(
                    f"with model_type bpe, subword_sampling is a probability: at most 1, not {self.subword_sampling}"
                )
            return self

    extension: ClassVar[str] = ".spm"

    def __init__(self, proto: bytes, config: SubwordTokenizer.Config) -> None:
        from sentencepiece import SentencePieceProcessor

        self.config = config
        self.proto = proto
        self.model = SentencePieceProcessor(model_proto=proto)
        self.end = int(self.model.piece_to_id(END_OF_VOCABULARY))
        self.prefix: list[int] = []
        if config.source_prefix:
            self.prefix = [self.model.piece_to_id(config.source_prefix)]
            if self.prefix == [UNKNOWN]:
                raise SeqtasksError(
                    f"text.source_prefix: the vocabulary has no piece {config.source_prefix}.",
                    "List it in text.user_defined_symbols.",
                )
        self.sampler: UnigramSampler | BPEDropout | None = None
        if config.subword_sampling > 0:
            sampler = UnigramSampler if config.model_type == "unigram" else BPEDropout
            self.sampler = sampler(self.model, config.subword_sampling, config.user_defined_symbols)

    @property
    def size(self) -> int:
        """The pieces of the sentencepiece model, bytes and special ids included.

        One of another program may have more, which the model that goes with it does not know.
        """
        return self.end if self.end != UNKNOWN else int(self.model.get_piece_size())

    @cached_property
    def known_characters(self) -> frozenset[str] | None:
        """Those of the pieces; None where a full vocabulary may have left out some of the training's."""
        pieces = self.pieces(range(FIRST_PIECE, self.size))
        characters = frozenset("".join(pieces).replace("▁", " ")) | {" "}
        if self.model.normalize("\ufb01") != "\ufb01":  # ﬁ: the model of another program replaces characters
            characters |= self._replaced(characters)
        if len(characters) >= max(_whole(self.size) + 1, _room(self.size)):
            return None  # it may have been one of more characters
        if "\ue000" in characters:
            characters |= {plain for escaped, plain in _ESCAPED.items() if characters.issuperset(escaped)}
        return characters

    def _replaced(self, known: frozenset[str]) -> frozenset[str]:
        """Characters that sentencepiece's normalization makes others of, which are all known."""
        every = [chr(number) for number in range(ord(" "), 0x10000) if not 0xD800 <= number < 0xE000]
        normalized = self.model.normalize(every)
        return frozenset(
            character for character, others in zip(every, normalized, strict=True)
            if known >= set(others.replace("▁", " "))
        )  # fmt: skip

    @classmethod
    def train(cls, texts: Iterable[str], config: SubwordTokenizer.Config) -> SubwordTokenizer:
        """Trains a sentencepiece model; of many texts a part, which is the same each time, is enough."""
        chosen = _choose(text for text in map(prepare, texts) if text)
        if not chosen:
            raise SeqtasksError("There is no text to learn subwords from.", "Give training data that is not empty.")
        proto = _train(chosen, config)
        symbols = config.user_defined_symbols
        return cls(with_symbols(proto, symbols) if symbols else proto, config)

    def encode(self, text: str) -> list[int]:
        """The most likely segmentation (unigram), or the one that the merges give (BPE)."""
        return self._known(self.model.encode(prepare(text), out_type=int))

    def _known(self, ids: list[int]) -> list[int]:
        """Tokens of the vocabulary, behind the prefix."""
        if self.end != UNKNOWN:
            ids = [number if number < self.size else UNKNOWN for number in ids]
        return [*self.prefix, *ids] if self.prefix and ids else ids

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Sentencepiece's own threads segment the texts where there are many."""
        if len(texts) < TEXTS_FOR_THREADS:
            return [self.encode(text) for text in texts]
        return [*map(self._known, self.model.encode([prepare(text) for text in texts], out_type=int))]

    def sample(self, text: str, random: Generator) -> list[int]:
        """A segmentation of each word drawn anew, where the settings ask for it."""
        prepared = prepare(text)
        if self.sampler is None or not prepared:
            return self.encode(text)
        return self._known(self.sampler.sample(prepared, random))

    def decode(self, ids: Sequence[int]) -> str:
        """Joins the pieces; what `prepare` has escaped is itself again."""
        text: str = self.model.decode([int(number) for number in ids if number > END])
        if "\ue000" in text:
            text = re.sub("\ue000[012]?", lambda found: _ESCAPED.get(found[0], "\ufffd"), text)
        return normalize(text)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The pieces of the sentencepiece model."""
        return self.model.id_to_piece([int(number) for number in ids])

    def save(self, path: Path) -> None:
        """Writes sentencepiece's own format."""
        path.write_bytes(self.proto)

    @classmethod
    def load(cls, path: Path, config: SubwordTokenizer.Config) -> SubwordTokenizer:
        """Reads a sentencepiece model and checks that it was trained here: its special ids, and its bytes."""
        try:
            processor = cls(path.read_bytes(), config)
            processor.pieces(range(processor.size))
        except OSError as error:
            raise SeqtasksError(f"{path}: cannot be read ({error.strerror}).") from None
        except (RuntimeError, UnicodeDecodeError):
            raise SeqtasksError(f"{path}: not a sentencepiece model, or damaged.", "Copy or train it again.") from None
        model = processor.model
        special = (model.pad_id(), model.unk_id(), model.bos_id(), model.eos_id())
        if special != (PAD, UNKNOWN, BEGIN, END) or model.piece_to_id("<0xFF>") == UNKNOWN:
            raise SeqtasksError(f"{path}: a sentencepiece model made by another program.", "Train one with seqtasks.")
        return processor


def prepare(text: str) -> str:
    """The cleaned text as sentencepiece sees it: characters that mean something to it are escaped."""
    text = normalize(text)
    if not text.isascii() and not _RESERVED.keys().isdisjoint(text):
        return "".join(_RESERVED.get(character, character) for character in text)
    return text


def _choose(texts: Iterable[str]) -> list[str]:
    """All texts, or TRAINING_TEXTS of them drawn evenly from the stream (reservoir sampling, always the same draw)."""
    random = Random(1)
    chosen: list[str] = []
    for number, text in enumerate(texts):
        if number < TRAINING_TEXTS:
            chosen.append(text)
        elif (place := random.randrange(number + 1)) < TRAINING_TEXTS:
            chosen[place] = text
    return chosen


def _rare_characters(texts: Iterable[str], size: int) -> set[str]:
    """The characters that bytes will spell, so that a large alphabet does not crowd a vocabulary of `size` ids.

    An alphabet of up to a sixteenth of the ids is kept whole; of others the commonest characters that make up
    99.99 % of the text, and at most as many as half the ids that are left beside the bytes.
    """
    counts = Counter[str]()
    for text in texts:
        counts.update(text)
    ranked = [character for character, _ in counts.most_common()]
    if len(ranked) <= _whole(size):
        return set()
    covered = list(accumulate(counts[character] for character in ranked))
    enough = bisect_left(covered, 0.9999 * covered[-1]) + 1
    return set(ranked[min(enough, _room(size)) :])


def _whole(size: int) -> int:
    """Characters of an alphabet that is kept whole in a vocabulary of `size` ids."""
    return size // 16


def _room(size: int) -> int:
    """The most characters that a vocabulary of `size` ids keeps of a larger alphabet."""
    return (size - FIRST_PIECE) // 2


def _train(texts: list[str], config: SubwordTokenizer.Config) -> bytes:
    from sentencepiece import SentencePieceTrainer

    rare = str.maketrans(dict.fromkeys(_rare_characters(texts, config.vocab_size), " "))
    proto = BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=(text.translate(rare) for text in texts) if rare else iter(texts),
        model_writer=proto,
        model_type=config.model_type,
        vocab_size=config.vocab_size - len(config.user_defined_symbols),
        hard_vocab_limit=False,
        split_digits=config.split_digits,
        character_coverage=1.0,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        max_sentence_length=2**20,
        num_threads=4,  # part of the result: sums of floats depend on it
        pad_id=PAD,
        unk_id=UNKNOWN,
        bos_id=BEGIN,
        eos_id=END,
        minloglevel=2,
    )
    return proto.getvalue()
