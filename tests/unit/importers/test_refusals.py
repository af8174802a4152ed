"""What cannot be imported is refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import seqtasks
from seqtasks.errors import SeqtasksError
from tests.helpers.marian import MarianDirectory


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MarianDirectory(codes=("deu", "fra")).write(tmp_path_factory.mktemp("marian") / "opus")


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    path = tmp_path / "opus"
    path.mkdir()
    for file in original.iterdir():
        (path / file.name).write_bytes(file.read_bytes())
    return path


def changed(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def refused(path: Path, target_language: str | None = "deu") -> str:
    output = path.parent / "imported"
    with pytest.raises(SeqtasksError) as raised:
        seqtasks.import_model(path, output, target_language=target_language)
    assert not output.exists()
    return str(raised.value)


def test_a_pickle_of_weights_is_read_without_being_run(copy: Path, original: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    (copy / "model.safetensors").unlink()
    torch.save(load_file(original / "model.safetensors"), copy / "pytorch_model.bin")
    outputs = []
    for number, path in enumerate((copy, original)):
        seqtasks.import_model(path, tmp_path / str(number), target_language="deu")
        outputs.append(seqtasks.load(tmp_path / str(number)).translate("the dog sleeps.", max_length="10"))
    assert outputs[0] == outputs[1]
    torch.save({"weight": Path("x")}, copy / "pytorch_model.bin")
    assert "not a file of tensors alone" in refused(copy)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("config.json", {"model_type": "t5"}, "type 't5', which cannot be imported"),
        ("config.json", {"activation_function": "tanh"}, "activation: Input should be 'relu', 'gelu' or 'silu'"),
        ("config.json", {"encoder_layers": 9}, "no tensor model.encoder.layers.2.self_attn.out_proj.weight"),
        ("config.json", {"encoder_layers": "many"}, "encoder_layers"),
        ("config.json", {"decoder_attention_heads": 5}, "cannot be shared by 5 heads"),
        ("config.json", {"d_model": 36}, "The weights do not fit the model"),
        ("config.json", {"d_model": 64}, "describes a larger model than its weights are"),
        ("config.json", {"eos_token_id": 9999}, "no token 9999"),
        ("vocab.json", {"much": 9999}, "has a token 9999, the weights have"),
        ("vocab.json", {"much": "no"}, "is not a vocabulary"),
    ],
)
def test_files_that_contradict_each_other(copy: Path, name: str, values: dict[str, Any], message: str) -> None:
    changed(copy / name, **values)
    assert message in refused(copy)


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "source.spm", "target.spm", "model.safetensors"])
def test_a_file_that_is_missing_or_damaged(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"\x00nothing")
    assert name in refused(copy)
    (copy / name).unlink()
    assert name in refused(copy)


def test_target_languages(copy: Path, tmp_path: Path) -> None:
    assert "several target languages" in refused(copy, None) or "several languages: deu, fra" in refused(copy, None)
    assert "has no target language 'ita'. It has deu, fra." in refused(copy, "ita")
    single = MarianDirectory().write(tmp_path / "single")
    assert "leave out --target-language" in refused(single)


def test_what_is_no_model(tmp_path: Path) -> None:
    assert "is neither a directory nor" in refused(tmp_path / "none")
    assert "has no config.json" in refused(tmp_path)
