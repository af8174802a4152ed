from __future__ import annotations

import math

import pytest

from seqtasks.metrics.perplexity import likelihood_scores


def test_a_fair_choice_of_eight_costs_three_bits() -> None:
    loss, perplexity, bits = likelihood_scores(100 * math.log(8), 100, 50, "lanes=1")
    assert loss.value == pytest.approx(math.log(8))
    assert perplexity.value == pytest.approx(8)
    assert bits.value == pytest.approx(6)
    assert loss.signature == "nats|per=token|lanes=1|tokens=100"
    assert bits.signature == "bits|per=character|lanes=1|tokens=100|characters=50"


def test_without_characters_there_are_no_bits_of_one() -> None:
    assert [score.metric for score in likelihood_scores(10.0, 4, None, "lanes=1")] == ["loss", "perplexity"]


def test_a_hopeless_model_has_a_number_still() -> None:
    assert math.isfinite(likelihood_scores(1e6, 2, None, "lanes=1")[1].value)
