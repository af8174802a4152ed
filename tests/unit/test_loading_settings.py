"""Settings of a model that stand in two files of its bundle: what contradicts itself is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from shutil import copytree

import pytest
import torch
from torch import nn

from seqtasks import SeqtasksError, load
from seqtasks.loading import load_model, load_task
from seqtasks.storage.bundle import read_bundle
from seqtasks.storage.model_paths import find_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of a model that ships."""
    return Path(copytree(find_model("pos-en"), tmp_path / "model"))


def change_manifest(model: Path, name: str, value: object) -> None:
    """Sets what has a dotted name among the settings of the manifest."""
    file = model / "bundle.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    *tables, key = name.split(".")
    inner = manifest["model"]
    for table in tables:
        inner = inner[table]
    inner[key] = value
    file.write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("encoder.dropout", 0.25, r"config\.toml and bundle\.json contradict each other: model\.encoder\.dropout"),
        ("encoder.nothing", 3, r"model\.encoder.* in bundle\.json is wrong"),
        ("encoder.kind", "nothing", r"model\.encoder.* in bundle\.json is wrong"),
        ("hidden_size", "many", r"model\.hidden_size in bundle\.json is wrong"),
    ],
)
def test_the_manifest_contradicts_the_configuration(model: Path, name: str, value: object, told: str) -> None:
    change_manifest(model, name, value)
    with pytest.raises(SeqtasksError, match=told) as refused:
        load(model, threads=1)
    assert "copy the whole directory again" in str(refused.value.hint)


def test_the_configuration_contradicts_the_manifest(model: Path) -> None:
    """The weights fit both: nothing else would tell."""
    file = model / "config.toml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    number = next(place for place, line in enumerate(lines) if line.startswith("label_smoothing = "))
    lines[number] = "label_smoothing = 0.125\n"
    text = "".join(lines)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SeqtasksError, match=r"config\.toml is damaged"):
        load(model, threads=1)
    manifest = json.loads((model / "bundle.json").read_text(encoding="utf-8"))
    manifest["sha256"]["config.toml"] = hashlib.sha256(text.encode()).hexdigest()
    (model / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(SeqtasksError, match=r"contradict each other: model\.label_smoothing"):
        load(model, threads=1)


def test_a_component_that_cannot_be_made_without_memory_is_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes cannot be compared then, and the model is made all the same."""
    bundle = read_bundle(model)
    task = load_task(bundle)
    build = task.build_model

    def needs_memory() -> nn.Module:
        torch.zeros(2).numpy()
        return build()

    monkeypatch.setattr(task, "build_model", needs_memory)
    with pytest.warns(
        UserWarning, match=f"{model}: whether its configuration fits its weights cannot be checked before memory"
    ):
        found = load_model(task, bundle)
    assert sum(parameter.numel() for parameter in found.parameters()) > 0
