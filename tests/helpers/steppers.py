"""Small models with known distributions to search over, and search by brute force."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from seqtasks.decoding import Stepper, TargetScores
from seqtasks.incremental_state import State

BEGIN, END = 2, 3


class HistoryStepper:
    """Logits are a random function of the row's own seed and the whole history.

    The live state is the history itself, so that a search which mixes up hypotheses is found out. `seeds` tell the rows
    apart: the same seed behaves the same in any batch.
    """

    def __init__(self, seeds: list[int], *, vocab: int = 6, levels: int = 0, scale: float = 2.0) -> None:
        self._seeds = torch.tensor(seeds)
        self._vocab, self._levels, self._scale = vocab, levels, scale

    @property
    def rows(self) -> int:
        return len(self._seeds)

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def start(self, hyps: int, capacity: int) -> State:
        return State(self._seeds, torch.full((self.rows, hyps, capacity), -1))

    def step(
        self, tokens: Int[Tensor, "rows hyps"], position: int, state: State
    ) -> tuple[Float[Tensor, "rows hyps vocab"], State]:
        history = state.per_hypothesis.clone()
        history[..., position] = tokens
        logits = [
            [self.logits(seed, each[1 : position + 1]) for each in row]
            for seed, row in zip(state.per_row.tolist(), history.tolist(), strict=True)
        ]
        return torch.stack([torch.stack(row) for row in logits]), State(state.per_row, history)

    def score_targets(self, tokens: Int[Tensor, "rows tgt"], *, attention: bool = False) -> TargetScores:
        rows = []
        for seed, row in zip(self._seeds.tolist(), tokens.tolist(), strict=True):
            steps = [self.logits(seed, row[1:end]).log_softmax(0)[row[end]] for end in range(1, len(row))]
            rows.append(torch.stack(steps))
        return TargetScores(torch.stack(rows), None)

    def logits(self, seed: int, history: list[int]) -> Float[Tensor, "vocab"]:
        """After `history`, which does not hold the begin token. With `levels`, many logits are equal."""
        generator = torch.Generator().manual_seed(zlib.crc32(repr((seed, history)).encode()))
        logits = self._scale * torch.randn(self._vocab, generator=generator)
        return (logits * self._levels).round() / self._levels if self._levels else logits


class TableStepper:
    """The same given distribution after every token, except that `after` names others for the token just read."""

    def __init__(self, rows: int, logits: list[float], after: dict[int, list[float]] | None = None) -> None:
        self._rows = rows
        self._table = torch.tensor([(after or {}).get(token, logits) for token in range(len(logits))])

    @property
    def rows(self) -> int:
        return self._rows

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def start(self, hyps: int, capacity: int) -> State:
        return State(None, None)

    def step(
        self, tokens: Int[Tensor, "rows hyps"], position: int, state: State
    ) -> tuple[Float[Tensor, "rows hyps vocab"], State]:
        return self._table[tokens], state

    def score_targets(self, tokens: Int[Tensor, "rows tgt"], *, attention: bool = False) -> TargetScores:
        steps = self._table[tokens[:, :-1]].log_softmax(2).gather(2, tokens[:, 1:].unsqueeze(2)).squeeze(2)
        spread = torch.full((*steps.shape, 2), 0.5) if attention else None
        return TargetScores(steps, spread)


class RowStepper(TableStepper):
    """Each row has its own distribution, the same after every token."""

    def __init__(self, logits: list[list[float]]) -> None:
        super().__init__(len(logits), logits[0])
        self._logits = torch.tensor(logits)

    def start(self, hyps: int, capacity: int) -> State:
        return State(self._logits, None)

    def step(
        self, tokens: Int[Tensor, "rows hyps"], position: int, state: State
    ) -> tuple[Float[Tensor, "rows hyps vocab"], State]:
        return state.per_row.unsqueeze(1).repeat(1, tokens.shape[1], 1), state


def probabilities(*values: float) -> list[float]:
    """Logits with these probabilities for the ids from 3 (end) on; ids 0 to 2 are impossible."""
    return [-torch.inf] * 3 + torch.tensor(values).log().tolist()


class Watched:
    """A stepper that notes how many rows it steps each time."""

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper
        self.steps: list[int] = []

    @property
    def rows(self) -> int:
        return self._stepper.rows

    @property
    def device(self) -> torch.device:
        return self._stepper.device

    def start(self, hyps: int, capacity: int) -> State:
        return self._stepper.start(hyps, capacity)

    def step(self, tokens: Tensor, position: int, state: State) -> tuple[Tensor, State]:
        self.steps.append(len(tokens))
        return self._stepper.step(tokens, position, state)

    def score_targets(self, tokens: Tensor, *, attention: bool = False) -> TargetScores:
        return self._stepper.score_targets(tokens, attention=attention)


def outputs(vocab: int, max_length: int) -> Iterator[tuple[tuple[int, ...], bool]]:
    """All outputs there are: those that end within `max_length` tokens, and those cut at it (False)."""
    words = range(END + 1, vocab)
    for length in range(max_length):
        for tokens in itertools.product(words, repeat=length):
            yield tokens, True
    for tokens in itertools.product(words, repeat=max_length):
        yield tokens, False


def exhaustive(
    stepper: Stepper,
    vocab: int,
    max_length: int,
    penalty: Callable[[int], float],
    allowed: Callable[[tuple[int, ...], bool], bool] = lambda tokens, finished: True,
) -> list[tuple[float, tuple[int, ...], bool]]:
    """Every allowed output of the one row of `stepper`, scored by teacher forcing: (normalized, tokens, finished)."""
    ranked = []
    for tokens, finished in outputs(vocab, max_length):
        if allowed(tokens, finished):
            given = torch.tensor([[BEGIN, *tokens, *[END] * finished]])
            total = float(stepper.score_targets(given).log_probabilities.double().sum()) if given.shape[1] > 1 else 0.0
            ranked.append((total / penalty(len(tokens) + finished), tokens, finished))
    return sorted(ranked, key=lambda each: -each[0])


class Factory(NamedTuple):
    """A kind of model that the proofs of search run over. Add one for each decoder."""

    make: Callable[[list[int]], Stepper]
    """A stepper bound to one input for each seed; equal seeds are equal inputs."""
    vocab: int


FACTORIES = {
    "history": Factory(HistoryStepper, 6),
    "ties": Factory(lambda seeds: HistoryStepper(seeds, levels=1, scale=0.7), 6),
}
