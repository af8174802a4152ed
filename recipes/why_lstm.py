"""Why LSTM? A plain RNN, a GRU and an LSTM have to remember one symbol over 10, 50, 100 and 200 steps.

    python recipes/why_lstm.py --picture why_lstm.png

The first of a row of symbols has to be named after it was followed by noise: other symbols, drawn at random. On its
way back from the answer to that symbol the gradient is multiplied once a step. In a plain RNN it vanishes (or explodes)
exponentially with the distance, and what is far back cannot be learned (Hochreiter 1991; Bengio et al. 1994; Pascanu
et al. 2013). The gates of a GRU and an LSTM can hold a value, and its gradient with it, as long as they stay open.

A model is trained for each cell and distance d: one layer of the same width that reads forward, its last state
classified. Every update sees fresh sequences, whose noise is between 1 and d symbols long so that what was learned over
a few steps can grow to more of them, and the gradient is clipped. All cells have the same updates and the same choice
of learning rates; a training that answers everything is stopped early. The rate that does best on average over the
seeds counts, then those models are measured on new sequences with exactly d symbols of noise. The LSTM begins with
the bias of its forget gate at 1 (Jozefowicz et al. 2015), as everywhere in this toolkit.

The gradient is that of the right symbol's score (its logit) with respect to the vector of the first symbol, d steps
back: its norm, before training and after, in float64, for in float32 the smallest would be 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median
from typing import Annotated

import torch
import typer
from torch import Tensor, nn

from runner import Tiny, print_table
from runner import run as run_recipe
from seqtasks import SeqtasksError
from seqtasks.models import ClassificationBatch, Classifier
from seqtasks.visualization import require_matplotlib

CELLS = {"rnn": "plain RNN", "gru": "GRU", "lstm": "LSTM"}
SYMBOLS = 8
"""To remember; there are as many others for noise."""
DIM = 32
"""Width of the embedding and of the layer."""
ROWS = 32
"""Sequences an update."""
CHECK_EVERY = 100
"""Updates between checks."""
CHECKED, MEASURED, MEASURED_GRADIENTS = 256, 1024, 64
"""Sequences of a check, of the accuracy, of a gradient's median."""
CURVE = (1, 2, 5, 10, 20, 35, 50, 75, 100, 125, 150, 175, 200)
"""Where the picture has the gradients of the models of the longest distance."""


@dataclass(frozen=True)
class Budget:
    """What every cell gets."""

    distances: tuple[int, ...] = (10, 50, 100, 200)
    updates: int = 1000
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2, 3e-2)
    seeds: tuple[int, ...] = (1, 2)


TINY = Budget(distances=(2, 4), updates=20, rates=(1e-2,), seeds=(1,))


@dataclass(frozen=True)
class Trial:
    """One training."""

    cell: str
    distance: int
    rate: float
    seed: int
    updates: int
    measured_at: tuple[int, ...]
    """Distances whose gradients are measured."""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial."""

    trial: Trial
    checked: float
    """Share of right answers that the learning rate is chosen by."""
    accuracy: float
    """Share of right answers on other sequences."""
    before: dict[int, float]
    """Median norm of the gradients by distance, before training."""
    after: dict[int, float]


def trials(budget: Budget) -> list[Trial]:
    """Every cell, distance, rate and seed; the longest come first, so that all processes end at about the same time."""
    longest = max(budget.distances)
    curve = tuple(distance for distance in CURVE if distance < longest)
    return [
        Trial(cell, distance, rate, seed, budget.updates, (*(curve if distance == longest else ()), distance))
        for distance, cell, rate, seed in product(
            sorted(budget.distances, reverse=True), CELLS, budget.rates, budget.seeds
        )
    ]


def classifier(cell: str) -> Classifier:
    """A new model."""
    encoder = {"kind": cell, "hidden_size": DIM, "num_layers": 1, "bidirectional": False, "dropout": 0.0}
    settings = {"hidden_size": DIM, "embedding_dropout": 0.0, "dropout": 0.0, "pooling": "last", "encoder": encoder}
    return Classifier(Classifier.Config.model_validate(settings), size=2 * SYMBOLS, labels=SYMBOLS)


def sequences(rows: int, distance: int) -> ClassificationBatch:
    """A symbol and `distance` symbols of noise in each row; the label is the symbol."""
    symbols = torch.randint(SYMBOLS, (rows, 1))
    tokens = torch.cat([symbols, torch.randint(SYMBOLS, 2 * SYMBOLS, (rows, distance))], dim=1)
    labels = nn.functional.one_hot(symbols.squeeze(1), SYMBOLS).float()
    return ClassificationBatch(tokens, torch.ones_like(tokens, dtype=torch.bool), labels)


def run(trial: Trial) -> Outcome:
    """Trains one model and measures it before and after."""
    torch.manual_seed(trial.seed)
    model = classifier(trial.cell)
    before = gradients(model, trial.measured_at)
    checked = train(model, trial)
    accuracy = right(model, sequences(MEASURED, trial.distance))
    return Outcome(trial, checked, accuracy, before, gradients(model, trial.measured_at))


def train(model: Classifier, trial: Trial) -> float:
    """Trains until all is answered or the updates are used up; gives the share of right answers."""
    optimizer = torch.optim.AdamW(model.parameters(), trial.rate, (0.9, 0.98), weight_decay=0.0, fused=True)
    checked = 0.0
    for step in range(1, trial.updates + 1):
        loss = model.loss(sequences(ROWS, int(torch.randint(1, trial.distance + 1, ()))))
        torch.autograd.backward(loss.total / loss.count)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.param_groups[0]["lr"] = learning_rate(step, trial)
        optimizer.step()
        optimizer.zero_grad()
        if step % CHECK_EVERY == 0 or step == trial.updates:
            checked = right(model, sequences(CHECKED, trial.distance))
            if checked == 1:
                break
    return checked


def learning_rate(step: int, trial: Trial) -> float:
    """That of an update, counted from 1: a linear warm-up, then a cosine to 0."""
    warmup = trial.updates // 20
    if step < warmup:
        return trial.rate * step / warmup
    progress = min(1.0, (step - warmup) / max(1, trial.updates - warmup))
    return trial.rate * 0.5 * (1 + math.cos(math.pi * progress))


def right(model: Classifier, batch: ClassificationBatch) -> float:
    """Share of the rows whose symbol is named."""
    with torch.no_grad():
        answers = model.scores(batch.tokens, batch.mask).argmax(dim=1)
    return (answers == batch.labels.argmax(dim=1)).float().mean().item()


def gradients(model: Classifier, distances: Sequence[int]) -> dict[int, float]:
    """The median norm of the gradient at each distance."""
    exact = deepcopy(model).double()
    return {
        distance: gradient_norms(exact, sequences(MEASURED_GRADIENTS, distance)).median().item()
        for distance in distances
    }


def gradient_norms(model: Classifier, batch: ClassificationBatch) -> Tensor:
    """Of each row: the norm of the gradient of its right symbol's score with respect to its first symbol's vector."""
    vectors: list[Tensor] = []
    hook = model.encoder.embedding.register_forward_hook(lambda module, tokens, output: vectors.append(output))
    scores = model.scores(batch.tokens, batch.mask)
    hook.remove()
    (gradient,) = torch.autograd.grad((scores * batch.labels).sum(), vectors)
    norms: Tensor = gradient[:, 0].norm(dim=1)
    return norms


def best(outcomes: Sequence[Outcome], cell: str, distance: int) -> list[Outcome]:
    """Those of the learning rate that does best, an outcome a seed."""
    found: dict[float, list[Outcome]] = {}
    for outcome in outcomes:
        if (outcome.trial.cell, outcome.trial.distance) == (cell, distance):
            found.setdefault(outcome.trial.rate, []).append(outcome)
    return max(found.values(), key=lambda seeds: mean(outcome.checked for outcome in seeds))


def row(chosen: Sequence[Outcome]) -> list[str]:
    """A row of the table."""
    trial = chosen[0].trial
    accuracies = [100 * outcome.accuracy for outcome in chosen]
    norms = (median(getattr(each, when)[trial.distance] for each in chosen) for when in ("before", "after"))
    return [
        f"{trial.distance}", CELLS[trial.cell], f"{mean(accuracies):.1f}", f"{min(accuracies):.1f}",
        *(f"{norm:.0e}" for norm in norms), f"{trial.rate:g}",
    ]  # fmt: skip


def draw(chosen: Sequence[Sequence[Outcome]], path: Path) -> None:
    """Writes the picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, other = figure.subplots(1, 2)
    for cell, color in zip(CELLS, ("tab:red", "tab:blue", "tab:green"), strict=True):
        models = [seeds for seeds in chosen if seeds[0].trial.cell == cell]
        distances = [seeds[0].trial.distance for seeds in models]
        means = [100 * mean(each.accuracy for each in seeds) for seeds in models]
        left.plot(distances, means, color=color, label=CELLS[cell])
        for seeds, distance in zip(models, distances, strict=True):
            left.plot([distance] * len(seeds), [100 * each.accuracy for each in seeds], ".", color=color)
        longest = models[-1]
        for when, style in (("before", "--"), ("after", "-")):
            curves = [getattr(each, when) for each in longest]
            norms = [median(curve[distance] for curve in curves) for distance in curves[0]]
            other.plot(list(curves[0]), norms, style, color=color, label=f"{CELLS[cell]}, {when} training")
    left.axhline(100 / SYMBOLS, color="grey", linestyle=":", label="chance")
    left.set(title="Who remembers?", xlabel="steps to remember", ylabel="right answers (%); a point a seed")
    left.set(ylim=(0, 103), xticks=distances)
    other.set(title=f"What comes back (models trained on up to {distances[-1]} steps)", xlabel="steps back")
    other.set(ylabel="norm of the gradient", yscale="log")
    for axes in (left, other):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    figure.savefig(path, dpi=150)


def main(
    picture: Annotated[Path | None, typer.Option(help="Draw it, too: why_lstm.png.")] = None,
    tiny: Tiny = False,
) -> None:
    """Train the three cells over growing distances and print the table."""
    if picture is not None:
        try:
            require_matplotlib(picture)
        except SeqtasksError as error:
            raise typer.BadParameter(str(error), param_hint="--picture") from None
    budget = TINY if tiny else Budget()
    outcomes = []
    with ProcessPoolExecutor(torch.get_num_threads(), get_context("spawn"), torch.set_num_threads, (1,)) as processes:
        for outcome in processes.map(run, trials(budget)):
            trial = outcome.trial
            name = f"{CELLS[trial.cell]}, {trial.distance} steps, learning rate {trial.rate:g}, seed {trial.seed}"
            typer.echo(f"{name}: {outcome.checked:.1%}", err=True)
            outcomes.append(outcome)
    chosen = [best(outcomes, cell, distance) for distance, cell in product(budget.distances, CELLS)]
    columns = ("steps", "cell", "accuracy", "worst seed", "gradient before", "gradient after", "learning rate")
    print_table(columns, [row(seeds) for seeds in chosen])
    if picture is not None:
        draw(chosen, picture)


if __name__ == "__main__":
    run_recipe(main)
