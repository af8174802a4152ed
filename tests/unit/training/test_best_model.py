from __future__ import annotations

import math

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.metrics.score import Score
from seqtasks.training.best_model import BestModel


def evaluation(bleu: float, chrf: float = 0.0, *, lower_is_better: bool = False) -> Evaluation:
    scores = (Score("bleu", bleu, "none"), Score("chrf", chrf, "none"), Score("ter", bleu, "none"))
    return Evaluation(scores, lower_is_better=lower_is_better)


@pytest.mark.parametrize(
    ("metric", "lower_is_better", "values", "best"),
    [
        (None, False, [3.0, 5.0, 4.0, 5.0, 6.0], [True, True, False, False, True]),
        (None, True, [3.0, 5.0, 2.0, math.nan], [True, False, True, False]),
        ("ter", False, [90.0, 95.0, 80.0], [True, False, True]),
        (None, False, [math.nan, 1.0, math.nan, 2.0], [False, True, False, True]),
    ],
)
def test_the_best_of_scores(metric: str | None, lower_is_better: bool, values: list[float], best: list[bool]) -> None:
    model = BestModel(metric)
    assert [model.update(evaluation(value, lower_is_better=lower_is_better)) for value in values] == best


def test_chrf_decides_where_bleu_is_the_same() -> None:
    model = BestModel(None)
    assert [model.update(evaluation(0.0, chrf)) for chrf in (10.0, 9.0, 12.0)] == [True, False, True]
    assert (model.value, model.fallback, model.unimproved) == (0.0, 12.0, 0)


def test_a_score_that_stays_the_same_warns_once_also_over_a_resumption() -> None:
    told = []
    model = BestModel(None)
    for value in (1.0, 2.0, 2.0, 2.0, 2.0, 3.0):
        resumed = BestModel(None)
        resumed.load_state_dict(model.state_dict())
        model = resumed
        model.update(evaluation(value))
        told.append(model.warning(evaluation(value)))
    assert [bool(each) for each in told] == [False, False, False, True, False, False]
    assert told[3].startswith("BLEU was 2.00 at 3 validations: check the outputs")


def test_a_checkpoint_of_version_0_1() -> None:
    model = BestModel(None)
    model.load_state_dict({"best": 4.0, "unimproved": 2})
    assert not model.update(evaluation(3.0))
    assert (model.value, model.unimproved) == (4.0, 3)


def test_a_metric_that_is_not_there() -> None:
    with pytest.raises(SeqtasksError, match="metric_for_best_model = 'COMET' is not a validation metric"):
        BestModel("COMET").update(evaluation(1.0))
