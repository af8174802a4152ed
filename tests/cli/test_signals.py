"""Trainings that are asked to stop by others: schedulers, pipes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import tiny_runs
from helpers.program import settings

PROGRAM = [sys.executable, "-m", "seqtasks", "train", "run.toml", "--output", "run"]
LONG = settings("training.max_steps=100000", "training.eval_steps=100000", "training.save_steps=100000")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_runs.write_data(Path("data"))
    Path("run.toml").write_text(tiny_runs.CONFIGURATIONS["tagging"] + tiny_runs.TRAINING, encoding="utf-8")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_and_ends(number: signal.Signals, code: int) -> None:
    with subprocess.Popen([*PROGRAM, *LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step "):
                process.send_signal(number)
                break
        out, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Stopping after this step" in err
    assert "everything is saved. To resume:" in out
    [checkpoint] = Path("run").glob("step-*")
    assert (checkpoint / "trainer.pt").is_file()


def test_a_training_outlives_the_reader_of_its_output() -> None:
    few = settings("training.max_steps=4", "training.eval_steps=2", "training.save_steps=4")
    with subprocess.Popen([*PROGRAM, *few], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 0, err
    assert "standard output is closed; the training goes on without it" in err
    assert Path("run/step-4").is_dir()
