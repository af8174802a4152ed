"""Random orders of any length that take no memory: each place is computed when it is asked for."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int, UInt64

ROUNDS = 6
"""Of the Feistel network; four are enough for what no one tries to predict."""
MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Those of SplitMix64."""


def mixed(numbers: UInt64[np.ndarray, " numbers"]) -> UInt64[np.ndarray, " numbers"]:
    """A one-to-one function of 64 bits of which every bit of the result depends on all: SplitMix64.

    Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators".

    Args:
        numbers: Any.
    """
    numbers = (numbers ^ (numbers >> np.uint64(30))) * MULTIPLIERS[0]
    numbers = (numbers ^ (numbers >> np.uint64(27))) * MULTIPLIERS[1]
    result: UInt64[np.ndarray, " numbers"] = numbers ^ (numbers >> np.uint64(31))
    return result


class Permutation:
    """The numbers below `length` in a random order.

    A Feistel network permutes the numbers of the next even number of bits; those that it takes beyond `length` go
    through it again until they come back (cycle walking; Black & Rogaway 2002, "Ciphers with Arbitrary Finite
    Domains").

    Args:
        length: How many numbers, below 2^62.
        key: Numbers that choose the order, such as a seed and an epoch.
    """

    def __init__(self, length: int, key: tuple[int, ...]) -> None:
        self.length = length
        self.bits = np.uint64(max(1, (max(length - 1, 1).bit_length() + 1) // 2))
        self.mask = np.uint64(2 ** int(self.bits) - 1)
        self.keys = np.random.default_rng(list(key)).integers(2**64, size=ROUNDS, dtype=np.uint64)

    def __call__(self, places: Int[np.ndarray, " places"]) -> Int[np.ndarray, " places"]:
        """The numbers at these places of the order, which are below `length`."""
        numbers = places.astype(np.uint64)
        outside = np.arange(len(numbers))
        while len(outside):
            numbers[outside] = self._permuted(numbers[outside])
            outside = outside[numbers[outside] >= self.length]
        return numbers.astype(np.int64)

    def _permuted(self, numbers: UInt64[np.ndarray, " numbers"]) -> UInt64[np.ndarray, " numbers"]:
        """Where the network takes numbers of twice `bits` bits."""
        left, right = numbers >> self.bits, numbers & self.mask
        for key in self.keys:
            left, right = right, left ^ (mixed(right ^ key) & self.mask)
        return (left << self.bits) | right
