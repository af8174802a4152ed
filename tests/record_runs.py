"""Writes `fixtures/runs`: the tiny run of each task as the version on the path trains it.

    PYTHONPATH=path/to/27b483f:tests python tests/record_runs.py

Needs the tests as they were when configurations still had the names of that version.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from helpers import tiny_runs
from helpers.machine import machine

from seqtasks.cli.app import run
from seqtasks.encoders import backbones

RUNS = Path(__file__).parent / "fixtures" / "runs"


def main() -> None:
    torch.set_num_threads(1)
    backbones.make_backbone_spec = tiny_runs.tiny_trunk
    (RUNS / "machine.txt").unlink(missing_ok=True)
    for task in sys.argv[1:] or tiny_runs.CONFIGURATIONS:
        with tempfile.TemporaryDirectory() as name:
            os.chdir(name)
            tiny_runs.write_data(Path("data"))
            curves = tiny_runs.train(task, lambda *words: run(words))
            folder = RUNS / task
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(f"run/step-{tiny_runs.STOPPED}", folder / f"step-{tiny_runs.STOPPED}")
            shutil.copy("run/config.toml", folder)
            shutil.copy(f"run/step-{tiny_runs.STEPS}/model.safetensors", folder / "end.safetensors")
            rounded = {key: [round(value, 6) for value in values] for key, values in curves.items()}
            (folder / "curves.json").write_text(json.dumps(rounded) + "\n", encoding="utf-8")
            os.chdir("/")
    (RUNS / "machine.txt").write_text(f"{machine()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
