"""The recipe that shows why LSTMs: its table and picture, and the gradients that it measures."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.recipe_run import Recipe
from PIL import Image


@pytest.fixture
def why_lstm() -> Any:
    return import_module("why_lstm")


def test_it_prints_a_row_for_every_distance_and_cell_and_draws(recipe: Recipe, tmp_path: Path) -> None:
    picture = tmp_path / "why.png"
    done = recipe("why_lstm", "--tiny", "--picture", str(picture))
    assert done.code == 0, done.stderr
    heading, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines())
    assert heading[:3] == ["steps", "cell", "accuracy"]
    assert [row[:2] for row in rows] == [[steps, cell] for steps in "24" for cell in ("plain RNN", "GRU", "LSTM")]
    assert all(0 <= float(row[2]) <= 100 and float(row[4]) > 0 and float(row[5]) > 0 for row in rows)
    with Image.open(picture) as drawn:
        assert len(drawn.convert("RGB").getcolors(1 << 24)) > 100


def test_a_picture_that_cannot_be_drawn_is_told_before_training(recipe: Recipe, tmp_path: Path) -> None:
    done = recipe("why_lstm", "--tiny", "--picture", str(tmp_path / "why.txt"))
    assert done.code == 2
    assert "unknown image format" in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_a_sequence_is_its_symbol_and_then_noise(why_lstm: Any) -> None:
    batch = why_lstm.sequences(200, 7)
    assert batch.tokens.shape == (200, 8)
    assert torch.equal(batch.tokens[:, 0], batch.labels.argmax(dim=1))
    assert set(batch.tokens[:, 0].tolist()) == set(range(8))
    assert set(batch.tokens[:, 1:].flatten().tolist()) == set(range(8, 16))


@pytest.mark.parametrize("distance", [1, 5, 30])
def test_the_gradient_of_a_plain_rnn_is_the_product_of_its_steps(why_lstm: Any, distance: int) -> None:
    """Pascanu et al. 2013, equations 4 and 5: the Jacobian of a step is diag(1 - h^2) W."""
    model = why_lstm.classifier("rnn").double()
    batch = why_lstm.sequences(3, distance)
    weights = {name.removesuffix("_l0"): tensor for name, tensor in model.encoder.layers[0].forwards.named_parameters()}
    for norm, tokens, label in zip(
        why_lstm.gradient_norms(model, batch), batch.tokens, batch.labels.argmax(dim=1), strict=True
    ):
        states = model.encoder(tokens.unsqueeze(0), torch.ones(1, len(tokens), dtype=torch.bool)).states[0]
        gradient = model.output.weight[label]
        for state in states[1:].flip(0):
            gradient = (gradient * (1 - state**2)) @ weights["weight_hh"]
        gradient = (gradient * (1 - states[0] ** 2)) @ weights["weight_ih"]
        assert norm.item() == pytest.approx(gradient.norm().item(), rel=1e-9)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_gradient_is_what_a_small_change_of_the_first_vector_does(why_lstm: Any, cell: str) -> None:
    model = why_lstm.classifier(cell).double()
    batch = why_lstm.sequences(1, 4)
    symbol, scale, small = int(batch.tokens[0, 0]), model.encoder.embedding.dim**0.5, 1e-4
    vector = model.encoder.embedding.weight.data[symbol]

    @torch.no_grad()
    def score() -> float:
        states = model.encoder(batch.tokens, batch.mask).states  # scores are float32, too coarse for differences
        return float((model.output(states[:, -1]) * batch.labels).sum())

    differences = []
    for place in range(len(vector)):
        before = vector[place].item()
        scores = []
        for change in (small, -small):
            vector[place] = before + change
            scores.append(score())
        vector[place] = before
        differences.append((scores[0] - scores[1]) / (2 * small * scale))
    expected = torch.tensor(differences).norm().item()
    assert why_lstm.gradient_norms(model, batch).item() == pytest.approx(expected, rel=1e-6)


def test_norms_too_small_for_float32_are_measured(why_lstm: Any) -> None:
    model = why_lstm.classifier("rnn")
    assert 0 < why_lstm.gradients(model, [200])[200] < 1e-45
    assert next(model.parameters()).dtype == torch.float32


def test_the_learning_rate_that_does_best_on_average_counts(why_lstm: Any) -> None:
    def outcome(rate: float, seed: int, checked: float) -> Any:
        trial = why_lstm.Trial("gru", 2, rate, seed, 1, (2,))
        return why_lstm.Outcome(trial, checked, 1 - checked, {2: 1.0}, {2: 1e-20})

    outcomes = [outcome(0.1, 1, 1.0), outcome(0.1, 2, 0.2), outcome(0.2, 1, 0.6), outcome(0.2, 2, 0.7)]
    chosen = why_lstm.best(outcomes, "gru", 2)
    assert chosen == outcomes[2:]
    assert why_lstm.row(chosen) == ["2", "GRU", "35.0", "30.0", "1e+00", "1e-20", "0.2"]
