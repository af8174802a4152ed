from __future__ import annotations

import pytest
import torch

from seqtasks.config.training import TrainingConfig
from seqtasks.training.averaging import Averaging, make_averaging


def averaging(weights: dict[str, torch.Tensor], **options: object) -> Averaging:
    return make_averaging(weights, TrainingConfig(**options))  # type: ignore[arg-type]


def test_exponential_mean() -> None:
    weights = {"w": torch.tensor([1.0]), "count": torch.tensor([7])}
    mean = averaging(weights, averaging="ema", ema_decay=0.4)
    expected = 1.0
    for step, value in enumerate([2.0, 5.0, -1.0, 3.0], start=1):
        weights["w"].fill_(value)
        mean.after_step(step)
        decay = min(0.4, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
        assert mean.average()["w"].item() == pytest.approx(expected, abs=1e-6)
    assert mean.average()["count"].item() == 7
    assert weights["w"].item() == 3.0


def test_mean_of_the_last_validations() -> None:
    weights = {"w": torch.tensor([1.0]), "count": torch.tensor([0])}
    mean = averaging(weights, averaging="last", average_last_n=3)
    assert mean.average()["w"].item() == 1.0
    for value, expected in [(2.0, 2.0), (4.0, 3.0), (9.0, 5.0), (11.0, 8.0)]:
        weights["w"].fill_(value)
        weights["count"].fill_(int(value))
        mean.before_validation()
        mean.after_step(1)
        assert mean.average()["w"].item() == pytest.approx(expected)
        assert mean.average()["count"].item() == int(value)


@pytest.mark.parametrize("kind", ["none", "ema", "last"])
def test_state_goes_on(kind: str) -> None:
    weights = {"w": torch.randn(3)}
    first = averaging(weights, averaging=kind)

    def train(mean: Averaging, steps: range) -> None:
        for step in steps:
            weights["w"].fill_(float(step))
            mean.after_step(step)
            mean.before_validation()

    train(first, range(1, 4))
    second = averaging(weights, averaging=kind)
    second.load_state_dict(first.state_dict())
    train(first, range(4, 9))
    train(second, range(4, 9))
    assert torch.equal(first.average()["w"], second.average()["w"])


@pytest.mark.parametrize("kind", ["none", "ema", "last"])
def test_averages_are_copies(kind: str) -> None:
    weights = {"w": torch.ones(3)}
    mean = averaging(weights, averaging=kind)
    mean.after_step(1)
    mean.before_validation()
    mean.average()["w"].fill_(5)
    assert torch.equal(weights["w"], torch.ones(3))
    assert torch.equal(mean.average()["w"], torch.ones(3))
