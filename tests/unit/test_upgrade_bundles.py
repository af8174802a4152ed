"""The models that ship are rewritten in today's names by one command; weights stay as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from upgrade_bundles import upgrade

from seqtasks.config.run import read_config
from seqtasks.loading import load_task
from seqtasks.storage.bundle import FORMAT, read_bundle

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["captions", "pos-en"])
def test_a_model_of_format_1_is_rewritten_once(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    shutil.copytree(REPOSITORY / "assets" / "models" / name, path)
    shutil.copytree(REPOSITORY / "tests" / "fixtures" / "format1" / name, path, dirs_exist_ok=True)
    before = read_bundle(path)
    run, weights = read_config(before.configuration, warn=False), (path / "model.safetensors").read_bytes()
    assert before.manifest["format"] == 1

    assert upgrade(path)

    after = read_bundle(path)
    assert after.manifest["format"] == FORMAT
    assert after.scores == before.scores
    assert read_config(after.configuration) == run, "and without a warning, which would be an error here"
    assert (path / "model.safetensors").read_bytes() == weights
    assert load_task(after).config == run.task
    assert not upgrade(path)
