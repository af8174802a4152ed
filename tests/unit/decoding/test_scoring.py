from __future__ import annotations

import math

import pytest
from helpers.steppers import HistoryStepper, TableStepper, probabilities

from seqtasks.decoding import Hypothesis, score
from seqtasks.errors import SeqtasksError


def test_scores_each_target_with_its_end() -> None:
    stepper = TableStepper(2, probabilities(0.2, 0.5, 0.3))
    one, two = score(stepper, [[4, 5], []], length_penalty="wu:1")
    assert one.tokens == (4, 5)
    assert one.log_probabilities == pytest.approx([math.log(0.5), math.log(0.3), math.log(0.2)])
    assert one.score == pytest.approx(math.log(0.03))
    assert one.normalized_score == pytest.approx(math.log(0.03) * 6 / 8)
    assert one.finished
    assert two.tokens == ()
    assert two.log_probabilities == pytest.approx([math.log(0.2)])
    assert two.normalized_score == pytest.approx(math.log(0.2))


def test_padding_changes_nothing() -> None:
    targets: list[list[int]] = [[4], [5, 4, 5, 5], []]
    together = score(HistoryStepper([1, 2, 3]), targets)
    alone = [score(HistoryStepper([seed]), [target])[0] for seed, target in zip([1, 2, 3], targets, strict=True)]
    assert together == alone


def test_no_targets() -> None:
    nothing: list[Hypothesis] = score(HistoryStepper([]), [])
    assert nothing == []


def test_one_target_for_each_input() -> None:
    with pytest.raises(SeqtasksError, match="3 targets for 2 inputs"):
        score(TableStepper(2, probabilities(1.0)), [[], [], []])
