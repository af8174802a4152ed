"""The tiny run of each task beside what it was at 27b483f: the same losses, and a stopped run goes on to the same end.

`fixtures/runs` was written by `tests/record_runs.py`. On the machine that it was written on all is compared to the bit.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from helpers import tiny_runs
from helpers.machine import machine
from helpers.program import Program, Result
from safetensors.torch import load_file

from seqtasks.encoders import backbones

RUNS = Path(__file__).parents[1] / "fixtures" / "runs"
SAME_MACHINE = (RUNS / "machine.txt").read_text(encoding="utf-8").strip() == machine()
TASKS = tuple(tiny_runs.CONFIGURATIONS)


@pytest.fixture(autouse=True)
def beside_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a directory with the data of the runs; a configuration in old words is no error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(backbones, "make_backbone_spec", tiny_runs.tiny_trunk)
    tiny_runs.write_data(Path("data"))
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


def same_curves(found: dict[str, list[float]], wanted: dict[str, list[float]]) -> None:
    for name, values in wanted.items():
        assert found[name] == pytest.approx(values, rel=1e-4, abs=1e-4), name


@pytest.mark.parametrize("task", TASKS)
def test_losses_are_those_of_27b483f(seqtasks: Program, task: str) -> None:
    """Loss, gradient norm and learning rate at each of thirty updates, and the scores of validations, to 1e-4."""
    results: list[Result] = []

    def run(*words: str) -> int:
        results.append(seqtasks(*words))
        return results[-1].code

    found = tiny_runs.train(task, run)
    wanted = json.loads((RUNS / task / "curves.json").read_text(encoding="utf-8"))
    assert wanted["step"] == list(range(1, tiny_runs.STEPS + 1))
    assert len(set(wanted["loss"])) == tiny_runs.STEPS
    same_curves(found, wanted)


@pytest.mark.parametrize("task", TASKS)
def test_a_run_that_was_stopped_at_27b483f_goes_on(seqtasks: Program, task: str) -> None:
    """Its configuration and its checkpoint are of 27b483f; the weights at the end are those of the run there."""
    shutil.copytree(RUNS / task, "run")
    result = seqtasks("train", "run/config.toml", "--output", "run", "--resume")
    assert result.code == 0, result.err
    assert f"step {tiny_runs.STOPPED}" in result.out
    found, wanted = (load_file(f"run/{name}.safetensors") for name in (f"step-{tiny_runs.STEPS}/model", "end"))
    stopped = load_file(f"run/step-{tiny_runs.STOPPED}/model.safetensors")
    assert any(not torch.equal(stopped[name], wanted[name]) for name in wanted)
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        if SAME_MACHINE:
            assert torch.equal(found[name], tensor), name
        torch.testing.assert_close(found[name], tensor, rtol=1e-4, atol=1e-5)
    curves = json.loads((RUNS / task / "curves.json").read_text(encoding="utf-8"))
    rest = {name: curves[name][tiny_runs.STOPPED :] for name in ("step", "loss", "gradient_norm", "learning_rate")}
    same_curves(tiny_runs.curves(Path("run")), rest)


def test_other_data_are_refused_in_a_sentence(seqtasks: Program) -> None:
    shutil.copytree(RUNS / "translation", "run")
    with Path("data/pairs.tsv").open("a", encoding="utf-8") as stream:
        stream.write("a new dog\tein neuer hund\n")
    result = seqtasks("train", "run/config.toml", "--output", "run", "--resume")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "was trained on other data" in result.err
