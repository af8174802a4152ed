"""Trainings that are stopped and go on, beside one that is not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch

from seqtasks.storage.bundle import read_bundle
from seqtasks.training.trainer import Trainer


class Trainings(NamedTuple):
    """Both at their ends."""

    straight: Trainer
    resumed: Trainer
    """The last of several, each of which went on where the one before had saved."""
    steps: list[int]
    """That these went on from."""


def trainings(make: Callable[[str], Trainer], stops: Sequence[int]) -> Trainings:
    """`make` makes a trainer that writes to a directory of this name; `stops` are the reports after which a training
    is left as it is."""
    straight = make("straight")
    list(straight.run())
    steps = []
    for reports in stops:
        resumed = make("resumed")
        steps.append(resumed.resume())
        list(islice(resumed.run(), reports))
    return Trainings(straight, resumed, steps)


def same_weights(bundle: Path, other: Path) -> bool:
    """Whether two bundles hold the same weights, to the bit."""
    ours, theirs = (read_bundle(folder).tensors() for folder in (bundle, other))
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in theirs)


def kill_at(step: int, program: Sequence[str]) -> None:
    """Runs a training program and kills it with SIGKILL when it reports the step."""
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(f"step {step} "):
                process.kill()
    assert process.returncode < 0
