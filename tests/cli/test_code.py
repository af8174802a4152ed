"""Files of a user's own: a component in them is trained, and used, where `--code` names the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers import tiny_runs
from helpers.program import Program

CODE = '''
"""An encoder that is a GRU with its directions in another order."""
from typing import Literal

from seqtasks.encoders import GruEncoder


class OwnEncoder(GruEncoder):
    class Config(GruEncoder.Config):
        kind: Literal["own-gru"] = "own-gru"
'''


def test_a_component_of_a_users_own(seqtasks: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_runs.write_data(Path("data"))
    Path("own.py").write_text(CODE, encoding="utf-8")
    Path("run.toml").write_text(tiny_runs.CONFIGURATIONS["translation"] + tiny_runs.TRAINING, encoding="utf-8")
    chosen = [
        "--set",
        "model.encoder={kind = 'own-gru', hidden_size = 8, num_layers = 1}",
        "--set",
        "training.max_steps=2",
    ]
    trained = seqtasks("train", "run.toml", "--output", "model", "--code", "own.py", *chosen)
    assert trained.code == 0, trained.err
    assert 'kind = "own-gru"' in Path("model/config.toml").read_text(encoding="utf-8")
    used = seqtasks("translate", "--model", "model", "--code", "own.py", "--text", "a dog sees a tree")
    assert used.code == 0, used.err

    without = [sys.executable, "-m", "seqtasks", "translate", "--model", "model", "--text", "a dog"]
    done = subprocess.run(without, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "own-gru" in done.stderr
    assert "--code" in done.stderr
    assert "Traceback" not in done.stderr
