"""Phrases that an output has to contain, each in one of its forms, and how far a hypothesis is with them.

Positive lexical constraints (Hokamp & Liu 2017, "Lexically Constrained Decoding for Sequence Generation Using Grid Beam
Search"), disjunctive ones as in Li et al. 2020, "Guided Generation of Cause and Effect". A finite automaton per form
(Knuth, Morris & Pratt 1977) finds it wherever it stands in a hypothesis, also where its beginning comes twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from seqtasks.errors import SeqtasksError
from seqtasks.incremental_state import HypothesisTokens, tree_map
from seqtasks.special_tokens import END, NEVER_GENERATED

Forms = Sequence[Sequence[int]]
"""The forms of a phrase, each a sequence of tokens; one of them has to come out."""


class ConstraintState(NamedTuple):
    """How far each hypothesis is. All leaves belong to hypotheses, so that search can reorder them."""

    matched: Int[Tensor, "rows hyps forms"]
    """Tokens of each form that the hypothesis ends with."""
    confirmed: Bool[Tensor, "rows hyps constraints"]
    """Phrases that it contains, followed by the beginning of another word."""
    pending: Bool[Tensor, "rows hyps constraints"]
    """Phrases that it ends with: they count unless their last word goes on."""

    @property
    def met(self) -> Bool[Tensor, "rows hyps constraints"]:
        """The phrases that it contains."""
        return self.confirmed | self.pending


class LexicalConstraints(NamedTuple):
    """The phrases of each row, as tables. All leaves belong to rows; a row without phrases has only zeros."""

    forms: Int[Tensor, "rows forms length"]
    """Tokens, -1 behind the end."""
    lengths: Int[Tensor, "rows forms"]
    """Tokens of each form; 0 where there is none."""
    owners: Int[Tensor, "rows forms"]
    """The phrase that a form belongs to."""
    needed: Int[Tensor, "rows constraints"]
    """Tokens of the shortest form of each phrase; 0 where there is none."""
    transitions: Int[Tensor, "rows forms states length"]
    """Of each automaton: the tokens matched next, by those matched now and the place of the token read in the form."""
    continues: Bool[Tensor, "rows vocab"] | None
    """Tokens that go on with the word before them; None: phrases count inside of longer words, too."""

    @classmethod
    def from_phrases(
        cls,
        phrases: Sequence[Sequence[Forms]],
        continues: Bool[Tensor, "vocab"] | None = None,
        device: torch.device | None = None,
    ) -> LexicalConstraints:
        """The constraints of a batch.

        Args:
            phrases: For each row the phrases that its outputs contain, each as its forms.
            continues: For each token whether it goes on with a word, so that a phrase does not count inside of a
                longer word; None: phrases count anywhere.
            device: Where search computes.

        Raises:
            SeqtasksError: A phrase has no form, a form has no token or a special one, or begins inside of a word.
        """
        for phrase in (phrase for row in phrases for phrase in row):
            if not phrase or not all(phrase):
                raise SeqtasksError("A phrase that has to be in the output has an empty form.", "Leave it out.")
            for token in (token for form in phrase for token in form):
                if token < 0 or token in (*NEVER_GENERATED, END):
                    raise SeqtasksError(
                        f"A phrase that has to be in the output holds token {token}, which no output can hold.",
                        "Use ids of the model's own tokenizer.",
                    )
            if continues is not None and any(continues[form[0]] for form in phrase):
                raise SeqtasksError(
                    "A phrase that has to be in the output begins in the middle of a word.", "Encode whole words."
                )
        flat = [[(form, owner) for owner, phrase in enumerate(row) for form in phrase] for row in phrases]
        count, length = max(map(len, flat), default=0), max((len(form) for row in flat for form, _ in row), default=1)
        tables = [[_table(tuple(form), length) for form, _ in row] for row in flat]
        empty = [[0] * length] * (length + 1)
        constraints = max(map(len, phrases), default=0)
        return cls(
            _padded([[[*form, *[-1] * (length - len(form))] for form, _ in row] for row in flat], count, [-1] * length),
            _padded([[len(form) for form, _ in row] for row in flat], count, 0),
            _padded([[owner for _, owner in row] for row in flat], count, 0),
            _padded([[min(map(len, phrase)) for phrase in row] for row in phrases], constraints, 0),
            _padded(tables, count, empty),
            None if continues is None else continues.expand(len(phrases), -1),
        ).to(device)

    def to(self, device: torch.device | None) -> LexicalConstraints:
        """The same tables on a device."""
        return self if device is None else tree_map(lambda leaf: leaf.to(device), self)

    @property
    def total(self) -> Int[Tensor, "rows"]:
        """The fewest tokens that all phrases of a row take."""
        return self.needed.sum(1)

    def start(self, hyps: int) -> ConstraintState:
        """Nothing is matched yet."""
        rows, forms = self.lengths.shape
        none = self.needed.new_zeros(rows, hyps, self.needed.shape[1], dtype=torch.bool)
        return ConstraintState(self.lengths.new_zeros(rows, hyps, forms), none, none)

    def advance(self, state: ConstraintState, tokens: HypothesisTokens) -> ConstraintState:
        """The state after a token of every hypothesis."""
        equal = self.forms.unsqueeze(1) == tokens[..., None, None]  # --> (rows, hyps, forms, length)
        rows = torch.arange(len(self.forms), device=tokens.device).view(-1, 1, 1)
        forms = torch.arange(self.forms.shape[1], device=tokens.device)
        follower = self.transitions[rows, forms, state.matched, equal.byte().argmax(3)]
        matched = torch.where(equal.any(3), follower, 0)
        if self.continues is None:
            confirmed = state.met
        else:
            confirmed = state.confirmed | (state.pending & ~self.continues.gather(1, tokens).unsqueeze(2))
        return ConstraintState(matched, confirmed, self.of_forms(self.complete(matched)))

    def complete(self, matched: Int[Tensor, "rows hyps forms"]) -> Bool[Tensor, "rows hyps forms"]:
        """The forms that a hypothesis ends with."""
        lengths = self.lengths.unsqueeze(1)
        return (matched == lengths) & (lengths > 0)

    def of_forms(self, values: Bool[Tensor, "rows hyps forms"]) -> Bool[Tensor, "rows hyps constraints"]:
        """For each phrase whether something is true of one of its forms."""
        owners = self.owners.unsqueeze(1).expand_as(values)
        found = values.new_zeros(*values.shape[:2], self.needed.shape[1], dtype=torch.uint8)
        return found.scatter_reduce(2, owners, values.byte(), "amax").bool()

    def open_forms(self, state: ConstraintState) -> Bool[Tensor, "rows hyps forms"]:
        """The forms of phrases that are not met yet."""
        met = state.met.gather(2, self.owners.unsqueeze(1).expand_as(state.matched))
        return ~met & (self.lengths > 0).unsqueeze(1)

    def gains(self, state: ConstraintState) -> Int[Tensor, "rows hyps forms"]:
        """The tokens that a form under way has brought its phrase nearer to its end."""
        least = self.needed.gather(1, self.owners).unsqueeze(1)
        left = self.lengths.unsqueeze(1) - state.matched
        return ((least - left) * self.open_forms(state)).clamp(min=0)

    def progress(self, state: ConstraintState) -> Int[Tensor, "rows hyps"]:
        """The tokens of phrases that a hypothesis has: 0 to `total`."""
        met = (self.needed.unsqueeze(1) * state.met).sum(2)
        return met + self.gains(state).amax(2)

    def next_tokens(self, state: ConstraintState) -> Int[Tensor, "rows hyps forms"]:
        """The token with which each form begins or goes on; of a form that is complete or missing any token."""
        last = (self.lengths.unsqueeze(1) - 1).clamp(min=0)
        place = torch.minimum(state.matched, last).unsqueeze(3)
        forms = self.forms.unsqueeze(1).expand(-1, place.shape[1], -1, -1)
        return forms.gather(3, place).squeeze(3).clamp(min=0)


@lru_cache(maxsize=4096)
def _table(form: tuple[int, ...], length: int) -> list[list[int]]:
    """The automaton of a form: next state by state and place of the token read, for all places of a row's tables."""
    rows = []
    for state in range(length + 1):
        row = []
        for place in range(length):
            if state > len(form) or place >= len(form):
                row.append(0)
                continue
            read = (*form[:state], form[place])
            sizes = range(min(len(read), len(form)), 0, -1)
            row.append(next((size for size in sizes if read[-size:] == form[:size]), 0))
        rows.append(row)
    return rows


def _padded(rows: Sequence[Sequence[object]], count: int, filler: object) -> Int[Tensor, "rows *rest"]:
    """All rows with `count` entries."""
    return torch.tensor([[*row, *[filler] * (count - len(row))] for row in rows], dtype=torch.long)
