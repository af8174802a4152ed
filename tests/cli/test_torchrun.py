"""torchrun itself starts the command line, in several processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from helpers import tiny_runs
from helpers.processes import children
from helpers.program import settings
from safetensors.torch import load_file

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node"]
PROGRAM = ["-m", "seqtasks", "train", "run.toml", "--output", "run"]
OURS = settings("training.num_processes=0", "training.num_threads=1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_runs.write_data(Path("data"))
    Path("run.toml").write_text(tiny_runs.CONFIGURATIONS["tagging"] + tiny_runs.TRAINING, encoding="utf-8")


@pytest.mark.slow
def test_a_rank_that_is_killed_ends_all_and_another_number_of_ranks_goes_on() -> None:
    """Everything is told once, by the first rank or by the first that knows."""
    long = settings("training.max_steps=100000", "training.eval_steps=100000", "training.save_steps=5")
    with subprocess.Popen(
        [*TORCHRUN, "2", *PROGRAM, *OURS, *long], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        head = []
        for line in process.stdout:
            head.append(line)
            if line.startswith("step "):
                break
        while not list(Path("run").glob("step-*/bundle.json")):
            time.sleep(0.05)
        ranks = sorted(children(process.pid))[-2:]
        killed = time.monotonic()
        subprocess.run(["kill", f"-{signal.SIGKILL}", str(ranks[1])], check=True)
        _, err = process.communicate(timeout=60)
        assert time.monotonic() - killed < 30
    assert process.returncode != 0
    assert err.count("Another process of this training is gone; the training stopped.") == 1
    assert sum(line.startswith("training sentences") for line in head) == 1
    step = max(int(path.name[5:]) for path in Path("run").glob("step-*"))
    last = settings(f"training.max_steps={step + 3}", "training.eval_steps=100000")
    resumed = subprocess.run(
        [*TORCHRUN, "3", *PROGRAM, *OURS, *last, "--resume"], capture_output=True, text=True, timeout=120, check=False
    )
    assert resumed.returncode == 0, resumed.stderr
    assert f"Resuming from step {step:,}" in resumed.stdout or f"step {step + 3:,} of" in resumed.stdout
    assert resumed.stdout.count("the model is in run/best") == 1


def test_what_is_wrong_is_told_once() -> None:
    wrong = subprocess.run(
        [*TORCHRUN, "2", *PROGRAM, *settings("data.train.0.path=nowhere.conllu")], capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert wrong.returncode != 0
    assert wrong.stderr.count("seqtasks: ") == 1
    assert "nowhere.conllu" in wrong.stderr


@pytest.mark.slow
def test_finetuning_in_ranks_is_that_of_forked_processes() -> None:
    """The first rank alone measures, before and after; what is trained is the same model, bit for bit."""
    alone = [sys.executable, *PROGRAM[:2]]
    subprocess.run([*alone, *PROGRAM[2:], *settings("training.max_steps=6")], check=True, capture_output=True)
    options = settings(
        "training.max_steps=6", "training.eval_steps=3", "training.device=cpu", "training.num_threads=1",
        "training.save_steps=3",
    )  # fmt: skip
    words = ["finetune", "run", "data/train.conllu", *options, "--own-validation", "data/train.conllu", "--output"]
    for program, number in (([*alone, *words, "one"], 2), ([*TORCHRUN, "2", *PROGRAM[:2], *words, "two"], 0)):
        processes = settings(f"training.num_processes={number}")
        done = subprocess.run([*program, *processes], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("before     after  data/train.conllu") == 1, done.stdout
    one, two = (json.loads(Path(name, "finetuning.json").read_text(encoding="utf-8")) for name in ("one", "two"))
    assert one == two
    assert one["own_validation"]["before"][0]["signature"] == "accuracy|of=words|sentences=60|words=300"
    expected, found = (load_file(f"{name}/step-6/model.safetensors") for name in ("one", "two"))
    start = load_file("run/best/model.safetensors")
    assert expected.keys() == found.keys() == start.keys()
    assert any(not torch.allclose(start[name], tensor, atol=1e-4) for name, tensor in expected.items())
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor)
    again = subprocess.run(
        [*TORCHRUN, "2", *PROGRAM[:2], *words, "two", *settings("training.num_processes=0")], capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert again.returncode != 0
    assert again.stderr.count("two already contains a training run") == 1
