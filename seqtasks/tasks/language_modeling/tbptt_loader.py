"""Training batches of texts: windows of some tokens, one after the other, several parts of the texts side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
import torch

from seqtasks.errors import SeqtasksError
from seqtasks.models import LanguageModelBatch
from seqtasks.special_tokens import BEGIN, PAD
from seqtasks.tasks.data_loader import DataLoader
from seqtasks.text.tokenizers.document import LINE, Tokens


class TBPTTLoader(DataLoader[LanguageModelBatch]):
    """All texts once an epoch, as a ring of which each lane reads its part, a window at a time.

    Each epoch puts the texts into another order and begins at another place. Lanes begin where a text or a line does,
    if there is such a place in their part, and always with BEGIN. All of it depends on the seed and the epoch alone.

    Args:
        texts: The tokens of each, which are `marked`.
        lanes: Rows of a batch.
        window: Tokens of each row.
        seed: Of the order.
    """

    def __init__(self, texts: Sequence[Tokens], *, lanes: int, window: int, seed: int) -> None:
        self.texts = list(texts)
        self.lanes = lanes
        self.window = window
        self.seed = seed
        self.state = {"epoch": 1, "index": 0}

    def make_batches(self) -> Iterator[tuple[dict[str, int], LanguageModelBatch]]:
        """Window after window of the lanes of an epoch."""
        first = self.state["index"]
        for epoch in count(self.state["epoch"]):
            lanes = self.lanes_of(epoch)
            for index in range(first, -(-(max(map(len, lanes)) - 1) // self.window)):
                yield {"epoch": epoch, "index": index + 1}, self.window_of(lanes, index)
            first = 0

    def lanes_of(self, epoch: int) -> list[Tokens]:
        """What each row reads in an epoch."""
        random = np.random.default_rng([self.seed, epoch])
        ring = np.concatenate([self.texts[number] for number in random.permutation(len(self.texts))])
        places = text_starts(ring)
        ring = np.roll(ring, -places[random.integers(len(places))])
        places = text_starts(ring)
        cuts = np.arange(self.lanes + 1) * len(ring) // self.lanes
        following = np.append(places, len(ring))[np.searchsorted(places, cuts[:-1])]
        cuts[:-1] = np.where(following < cuts[1:], following, cuts[:-1])
        parts = np.split(ring, cuts[1:-1])
        return [part if part[:1].tolist() == [BEGIN] else np.insert(part, 0, BEGIN) for part in parts]

    def window_of(self, lanes: Sequence[Tokens], index: int) -> LanguageModelBatch:
        """Window `index` of every lane: `window` tokens and the one that follows, padded where a lane is over."""
        tokens = torch.full((len(lanes), self.window + 1), PAD)
        for row, lane in zip(tokens, lanes, strict=True):
            part = lane[index * self.window : (index + 1) * self.window + 1]
            row[: len(part)] = torch.from_numpy(part)
        wanted = (tokens != PAD) & (tokens != BEGIN)
        return LanguageModelBatch(tokens, wanted, torch.arange(len(lanes)), torch.full((len(lanes),), index == 0))

    def state_dict(self) -> dict[str, int]:
        """Also the lanes and the window, which a resumed training has to keep."""
        return {**self.state, "lanes": self.lanes, "window": self.window}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Goes on from there.

        Raises:
            SeqtasksError: The texts were read in other lanes or windows.
        """
        lanes, window = state["lanes"], state["window"]
        if (lanes, window) != (self.lanes, self.window):
            raise SeqtasksError(
                f"The checkpoint has {lanes} streams with windows of {window} tokens, "
                f"but this run has {self.lanes} with windows of {self.window}.",
                f"Continue with data.num_streams = {lanes} and data.bptt_len = {window}, "
                "or train into another directory (--output).",
            )
        self.state = {"epoch": state["epoch"], "index": state["index"]}


def text_starts(ring: Tokens) -> Tokens:
    """Where texts and lines begin."""
    return np.flatnonzero((ring == BEGIN) | (np.roll(ring, 1) == LINE))
