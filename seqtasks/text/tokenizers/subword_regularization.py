"""Drawing one of the segmentations of a word: what subword regularization does in training.

sentencepiece can sample too, but only from a hidden generator of each thread that nobody can seed again, so that a
resumed training run would go another way. Pieces never cross a blank, therefore words are drawn one by one.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect
from collections.abc import Callable, Iterable
from itertools import accumulate
from math import exp, inf
from operator import add
from random import Random
from typing import TYPE_CHECKING

from numpy.random import Generator

from seqtasks.special_tokens import BEGIN, END, PAD, UNKNOWN
from seqtasks.text.word_cache import WordCache

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

BLANK = "▁"
CANDIDATES = 64


class UnigramSampler:
    """Draws among the 64 best segmentations of a word, each with probability proportional to `exp(alpha * score)`.

    Kudo 2018, Subword Regularization, section 3.3 (l = 64); `score` is the sum of the pieces' log-probabilities.

    Args:
        model: A unigram model of sentencepiece.
        alpha: How much better segmentations are preferred; 0 draws evenly.
        user_defined_symbols: Pieces that are never split.
    """

    def __init__(self, model: SentencePieceProcessor, alpha: float, user_defined_symbols: Iterable[str] = ()) -> None:
        self.model = model
        self.alpha = alpha
        self.scores = model.get_score(list(range(model.get_piece_size())))
        self.symbols = frozenset(map(model.piece_to_id, user_defined_symbols))
        self.candidates = WordCache(self._candidates)

    def sample(self, text: str, random: Generator) -> list[int]:
        """Ids of `text`, which `prepare` has cleaned, with a segmentation drawn for each of its words."""
        words = text.split(" ")
        ids: list[int] = []
        for word, point in zip(words, random.random(len(words)).tolist(), strict=True):
            cumulative, ends, flat = self.candidates[word]
            choice = bisect(cumulative, point * cumulative[-1], 0, len(cumulative) - 1)
            ids.extend(flat[ends[choice] : ends[choice + 1]])
        return ids

    def _candidates(self, word: str) -> tuple[list[float], list[int], array[int]]:
        candidates: list[list[int]] = self.model.nbest_encode(word, nbest_size=CANDIDATES, out_type=int)
        if not self.symbols.isdisjoint(candidates[0]):  # sentencepiece splits them in all but the best
            kept = [piece for piece in candidates[0] if piece in self.symbols]
            candidates = [each for each in candidates if [piece for piece in each if piece in self.symbols] == kept]
        scores = [self.alpha * sum(self.scores[piece] for piece in candidate) for candidate in candidates]
        cumulative = list(accumulate(exp(score - max(scores)) for score in scores))
        ends = list(accumulate((len(candidate) for candidate in candidates), initial=0))
        return cumulative, ends, array("i", (piece for candidate in candidates for piece in candidate))


class BPEDropout:
    """Byte-pair merges of a word, where each possible merge is left out of each step with probability `dropout`.

    Provilkov et al. 2020, BPE-Dropout, algorithm 1: the best merge left is applied until a step has none.

    Args:
        model: A model of byte-pair merges.
        dropout: From 0 (all merges) to 1 (none).
        user_defined_symbols: Pieces that are never split.
    """

    def __init__(self, model: SentencePieceProcessor, dropout: float, user_defined_symbols: Iterable[str] = ()) -> None:
        self.dropout = dropout
        numbers = list(range(model.get_piece_size()))
        pieces = model.id_to_piece(numbers)
        self.bytes = {int(pieces[number][1:-1], 16): number for number in numbers if model.is_byte(number)}
        special = {PAD, UNKNOWN, BEGIN, END, *self.bytes.values()}
        self.ids = {pieces[number]: number for number in numbers if number not in special}
        self.scores = {piece: model.get_score(number) for piece, number in self.ids.items()}
        symbols = sorted(map(re.escape, user_defined_symbols), key=len, reverse=True)
        self.units = re.compile("|".join([*symbols, "."]), re.DOTALL)

    def sample(self, text: str, random: Generator) -> list[int]:
        """Ids of `text`, which `prepare` has cleaned; pieces without an id are spelled in bytes."""
        uniform = Random(int(random.integers(2**63))).random
        ids: list[int] = []
        for word in text.split(" "):
            for symbol in self._merge([BLANK, *self.units.findall(word)], uniform):
                if symbol in self.ids:
                    ids.append(self.ids[symbol])
                else:
                    ids.extend(self.bytes[byte] for byte in symbol.encode())
        return ids

    def _merge(self, symbols: list[str], uniform: Callable[[], float]) -> list[str]:
        while True:
            best, place = -inf, -1
            for left, pair in enumerate(map(add, symbols, symbols[1:])):
                score = self.scores.get(pair, -inf)
                if score > best and uniform() >= self.dropout:
                    best, place = score, left
            if place < 0:
                return symbols
            symbols[place : place + 2] = [symbols[place] + symbols[place + 1]]
