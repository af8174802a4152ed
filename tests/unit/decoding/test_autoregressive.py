"""The loop of hypotheses that never meet: each goes on with what is chosen for it, until it ends or is cut."""

from __future__ import annotations

import pytest
import torch
from helpers.steppers import END, HistoryStepper
from torch import Tensor

from seqtasks.decoding import DecodingConfig, LengthPenalty
from seqtasks.decoding.autoregressive import TokenSelector, decode_autoregressively
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.hypotheses import FinishedSequences, to_lists

SEEDS = [3, 1, 4, 1]
SCRIPT = [[4, 5, END], [END], [5, 5, 5, 5, 5, 5], [4, END]]
"""What is chosen in each row, by its number in the batch."""


def scripted(log: list[list[int]]) -> TokenSelector:
    """Chooses as the script says, and notes which rows were asked for."""

    def choose(log_probabilities: Tensor, position: int, rows: Tensor) -> Tensor:
        log.append(rows.tolist())
        return torch.tensor([[(SCRIPT[row] + [4] * 50)[position]] for row in rows.tolist()])

    return choose


def walked(choose: TokenSelector, *, max_length: str = "5", penalty: str = "none", hyps: int = 1) -> FinishedSequences:
    rules = DecodingConstraints.from_config(
        DecodingConfig(beam_size=1, max_length=max_length), torch.ones(len(SEEDS), dtype=torch.long)
    )
    stepper = HistoryStepper(SEEDS)
    return decode_autoregressively(stepper, rules, hyps=hyps, choose=choose, penalty=LengthPenalty.parse(penalty))


def test_rows_go_on_until_they_end_or_are_cut() -> None:
    found = to_lists(walked(scripted([])))
    assert [row[0].tokens for row in found] == [(4, 5), (), (5, 5, 5, 5, 5), (4,)]
    assert [row[0].finished for row in found] == [True, True, False, True]


def test_scores_are_those_of_the_model_for_what_was_chosen() -> None:
    """Rows are numbered as at the beginning, also when others have left the batch."""
    stepper = HistoryStepper(SEEDS)
    for (hypothesis,), seed in zip(to_lists(walked(scripted([]))), SEEDS, strict=True):
        read = [*hypothesis.tokens, END] if hypothesis.finished else list(hypothesis.tokens)
        values = []
        for place, token in enumerate(read):
            values.append(float(stepper.logits(seed, read[:place]).log_softmax(0)[token]))
        assert hypothesis.log_probabilities == pytest.approx(values, abs=1e-5)
        assert hypothesis.score == pytest.approx(sum(values), abs=1e-5)


def test_ended_rows_are_not_computed_for_ever() -> None:
    """As soon as all of the rows have ended, nothing more is asked of the model."""
    asked: list[list[int]] = []
    walked(scripted(asked), max_length="50")
    assert asked[0] == [0, 1, 2, 3]
    assert set(asked[-1]) <= {0, 1, 2, 3}
    assert all(2 in rows for rows in asked)
    ended: list[list[int]] = []

    def end_at_once(log_probabilities: Tensor, position: int, rows: Tensor) -> Tensor:
        ended.append(rows.tolist())
        return torch.full((len(rows), 1), END)

    walked(end_at_once, max_length="50")
    assert ended == [[0, 1, 2, 3]]


def test_the_penalty_divides_by_the_length_with_its_end() -> None:
    none, average = (to_lists(walked(scripted([]), penalty=penalty)) for penalty in ("none", "average"))
    for (plain,), (divided,) in zip(none, average, strict=True):
        length = len(plain.tokens) + plain.finished
        assert plain.normalized_score == plain.score
        assert divided.normalized_score == pytest.approx(plain.score / length)


def test_hypotheses_of_a_row_do_not_meet() -> None:
    """Two that are told to say other things do, each with its own score."""

    def choose(log_probabilities: Tensor, position: int, rows: Tensor) -> Tensor:
        return torch.tensor([[4, 5]] * len(rows)) if position < 2 else torch.full((len(rows), 2), END)

    for row in to_lists(walked(choose, hyps=2)):
        assert {hypothesis.tokens for hypothesis in row} == {(4, 4), (5, 5)}
        assert row[0].normalized_score != row[1].normalized_score
