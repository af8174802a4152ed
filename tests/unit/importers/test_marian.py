"""Models that Marian has trained, beside what Marian made of them (`tests/record_marian.py`)."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

import seqtasks
from seqtasks.errors import SeqtasksError
from seqtasks.importers.marian_vocabulary import yaml_ids
from tests.helpers.marian import sentences
from tests.record_marian import backwards

FIXTURES = Path(__file__).parents[2] / "fixtures" / "marian"
RECORDED = json.loads((FIXTURES / "recorded.json").read_text(encoding="utf-8"))
TEXTS = sentences(50, 2)


@pytest.fixture(scope="module", params=RECORDED)
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("imported") / request.param
    seqtasks.import_model(FIXTURES / f"{request.param}.npz", path, languages=("en", "de"))
    return request.param, seqtasks.load(path, task="translation", dtype="float32")


def test_scores_are_equal(imported) -> None:
    name, pipeline = imported
    scored = pipeline.score(TEXTS, [backwards(text) for text in TEXTS])
    assert [each.score for each in scored] == pytest.approx(RECORDED[name]["scores"], abs=1e-4)


def test_outputs_are_equal(imported) -> None:
    name, pipeline = imported
    if name == "pre":
        pytest.skip("Marian decodes models with the norm first otherwise than it scores them")
    outputs = [found.text for found in pipeline.translate(TEXTS, protect=None, beam_size=1, max_length="3x")]
    assert outputs == RECORDED[name]["outputs"]


def test_a_vocabulary_in_yaml_numbers_the_pieces(tmp_path: Path) -> None:
    """As OPUS-MT's packages have it: source.spm and target.spm cut texts, vocab.yml numbers the pieces."""
    from sentencepiece import SentencePieceProcessor

    pieces = SentencePieceProcessor(model_file=str(FIXTURES / "vocab.spm"))
    names = ["</s>", "<unk>", *(pieces.id_to_piece(number) for number in range(2, pieces.get_piece_size()))]
    (tmp_path / "opus.vocab.yml").write_text("".join(f"{json.dumps(name)}: {n}\n" for n, name in enumerate(names)))
    for side in ("source", "target"):
        copy(FIXTURES / "vocab.spm", tmp_path / f"{side}.spm")
    copy(FIXTURES / "post.npz", tmp_path / "opus.npz")
    copy(FIXTURES / "post.npz", tmp_path / "opus.optimizer.npz")
    seqtasks.import_model(tmp_path, tmp_path / "imported", languages=("en", "de"))
    scored = seqtasks.load(tmp_path / "imported", task="translation").score(TEXTS, [backwards(text) for text in TEXTS])
    assert [each.score for each in scored] == pytest.approx(RECORDED["post"]["scores"], abs=1e-3)


def test_tokens_of_a_vocabulary_in_yaml(tmp_path: Path) -> None:
    file = tmp_path / "vocab.yml"
    file.write_text("</s>: 0\n\"\\\"\": 1\n'''': 2\n\"\\x85\": 3\n': ': 4\nno: 5\n~: 6\n", encoding="utf-8")
    assert dict(yaml_ids(file)) == {"</s>": 0, '"': 1, "'": 2, "\x85": 3, ": ": 4, "no": 5, "~": 6}
    file.write_text("</s>: 0\nnothing\n", encoding="utf-8")
    with pytest.raises(SeqtasksError, match="yml:2: not `token: id`"):
        dict(yaml_ids(file))


def refused(model: Path, **options: object) -> str:
    output = model.parent / "imported"
    with pytest.raises(SeqtasksError) as raised:
        seqtasks.import_model(model, output, **options)  # type: ignore[arg-type]
    assert not output.exists()
    return str(raised.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("type: transformer", "type: s2s", "type is 's2s', which models here cannot have"),
        ("transformer-postprocess: dan", "transformer-postprocess: dna", "its norms stand where"),
        ("transformer-ffn-activation: relu", "transformer-ffn-activation: tanh", "activation: Input should be"),
        ("enc-depth: 2", "enc-depth: 3", "no array encoder_l3_self_Wq"),
        ("dim-emb: 16", "dim-emb: 20", "do not fit the model"),
    ],
)
def test_networks_that_models_here_are_not(tmp_path: Path, key: str, value: str, message: str) -> None:
    arrays = dict(np.load(FIXTURES / "post.npz"))
    settings = arrays["special:model.yml"].tobytes().decode()
    assert key in settings
    arrays["special:model.yml"] = np.frombuffer(settings.replace(key, value).encode(), np.int8)
    np.savez(tmp_path / "model.npz", **arrays)
    assert message in refused(tmp_path / "model.npz", vocab=[FIXTURES / "vocab.spm"])


def test_a_file_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqtasks.importers.marian.LARGEST_MODEL", 1000)
    copy(FIXTURES / "post.npz", tmp_path / "model.npz")
    assert "unpacks to more than" in refused(tmp_path / "model.npz", vocab=[FIXTURES / "vocab.spm"])


def test_files_that_are_missing_or_damaged(tmp_path: Path) -> None:
    model = tmp_path / "model.npz"
    copy(FIXTURES / "post.npz", model)
    assert "has 0 vocabularies. Name that of the source and of the target: --vocab FILE." in refused(model)
    assert "vocab.spm is missing" in refused(model, vocab=[tmp_path / "vocab.spm"])
    model.write_bytes(b"nothing")
    assert "model.npz is not an .npz of arrays" in refused(model, vocab=[FIXTURES / "vocab.spm"])
    copy(FIXTURES / "post.npz", tmp_path / "other.npz")
    assert "has 2 models: model.npz, other.npz" in refused(tmp_path)
    np.savez(model, Wemb=np.zeros((2, 2)))
    assert "has no special:model.yml" in refused(model, vocab=[FIXTURES / "vocab.spm"])
