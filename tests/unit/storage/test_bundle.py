"""Bundles: what is written is read back; damage is told; no moment is without a complete one."""

from __future__ import annotations

import errno
import json
import os
import pickle
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

import seqtasks.storage.atomic
import seqtasks.storage.bundle
from seqtasks import version
from seqtasks.errors import SeqtasksError
from seqtasks.special_tokens import SPECIAL_IDS
from seqtasks.storage.bundle import Bundle, read_bundle, write_bundle
from seqtasks.storage.model_paths import built_in_models, find_model

WEIGHT = torch.arange(6, dtype=torch.float32).reshape(2, 3)


def write_words(folder: Path) -> None:
    (folder / "words.json").write_text('["a"]', encoding="utf-8")


def write(path: Path, **changes: Any) -> Path:
    content: dict[str, Any] = {
        "task": "translation",
        "model": {"kind": "generator", "hidden_size": 3},
        "tensors": {"weight": WEIGHT, "count": torch.tensor([7])},
        "processors": write_words,
        "config_toml": 'task = "translation"\n',
        "scores": [{"metric": "BLEU", "value": 33.9, "signature": "s", "data": "d", "decoding": "beam=5"}],
        "data": {"pairs": 2},
        "card": "# Ä model\n",
    }
    write_bundle(path, **(content | changes))
    return path


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The system refuses to make any file larger than `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    trainer = {"step": 5, "moments": {0: torch.ones(2)}, "betas": (0.9, 0.98), "note": None}
    bundle = read_bundle(write(tmp_path / "new" / "model", trainer=trainer))
    assert (bundle.task, bundle.model) == ("translation", {"kind": "generator", "hidden_size": 3})
    assert bundle.scores[0]["value"] == 33.9
    assert bundle.manifest["data"] == {"pairs": 2}
    assert bundle.manifest["special_ids"] == {"pad": 0, "unknown": 1, "begin": 2, "end": 3}
    assert bundle.manifest["versions"]["torch"] == torch.__version__
    assert torch.equal(bundle.tensors()["weight"], WEIGHT)
    assert (bundle.processors / "words.json").read_text() == '["a"]'
    assert bundle.configuration.read_text() == 'task = "translation"\n'
    assert (bundle.path / "README.md").read_text(encoding="utf-8") == "# Ä model\n"
    state = bundle.trainer()
    assert torch.equal(state.pop("moments")[0], torch.ones(2))
    assert state == {"step": 5, "betas": (0.9, 0.98), "note": None}
    assert names(tmp_path / "new") == ["model"]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_floating_weights_are_stored_in_the_precision_asked_for(tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = read_bundle(write(tmp_path / "model", dtype=dtype)).tensors()
    assert tensors["weight"].dtype == dtype
    assert torch.equal(tensors["weight"].float(), WEIGHT)
    assert tensors["count"].dtype == torch.int64


def test_weights_need_not_be_contiguous_or_leaves(tmp_path: Path) -> None:
    buffer = torch.arange(8.0, requires_grad=True)
    tensors = {"turned": WEIGHT.T, "first": buffer[:4], "second": buffer[4:] * 1}
    read = read_bundle(write(tmp_path / "model", tensors=tensors)).tensors()
    assert torch.equal(read["turned"], WEIGHT.T)
    assert read["first"].tolist() + read["second"].tolist() == list(range(8))


@pytest.mark.parametrize("name", ["model.safetensors", "processors/words.json", "config.toml", "README.md"])
@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing"])
def test_damage_is_told_by_file(tmp_path: Path, name: str, damage: str) -> None:
    file = write(tmp_path / "model") / name
    content = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(content[:-1])
    else:
        content[-1] ^= 1
        file.write_bytes(content)
    with pytest.raises(SeqtasksError, match=f"{name} is {'missing' if damage == 'missing' else 'damaged'}"):
        read_bundle(tmp_path / "model")


@pytest.mark.parametrize("length", [0, 4, 20, -1])
def test_truncated_weights_are_told_without_hashes_too(tmp_path: Path, length: int) -> None:
    file = write(tmp_path / "model") / "model.safetensors"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(SeqtasksError, match=r"model\.safetensors is damaged"):
        read_bundle(tmp_path / "model", verify=False).tensors()


MANIFEST_DAMAGE: dict[str, dict[str, Any]] = {
    "no format number": {"format": None},
    "model is missing or of the wrong type": {"model": []},
    "special ids": {"special_ids": {"pad": 5}},
    "engine is not the name of one": {"engine": ["ctranslate2"]},
    r"\(engine is not the name": {"engine": ""},
    "its checksums are not those of a model: model.safetensors": {"sha256": {"config.toml": ""}},
    r"its checksums are not those of a model: \.\./secret": {"sha256": {"../secret": ""}},
    "its checksums are not those of a model: /secret": {"sha256": {"/secret": ""}},
}


@pytest.mark.parametrize("message", MANIFEST_DAMAGE)
def test_wrong_manifests(tmp_path: Path, message: str) -> None:
    file = write(tmp_path / "model") / "bundle.json"
    manifest = json.loads(file.read_text())
    change = MANIFEST_DAMAGE[message]
    if "sha256" in change and "/" in message:
        change = {"sha256": manifest["sha256"] | change["sha256"]}
    file.write_text(json.dumps(manifest | change))
    with pytest.raises(SeqtasksError, match=rf"bundle\.json is damaged.*{message}"):
        read_bundle(tmp_path / "model")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000], ids=["empty", "cut", "binary", "deep"])
def test_manifests_that_are_not_json(tmp_path: Path, content: bytes) -> None:
    (write(tmp_path / "model") / "bundle.json").write_bytes(content)
    with pytest.raises(SeqtasksError, match=r"bundle\.json is damaged \(not JSON\)"):
        read_bundle(tmp_path / "model")


def test_a_newer_format_asks_for_an_update(tmp_path: Path) -> None:
    file = write(tmp_path / "model") / "bundle.json"
    file.write_text(json.dumps({"format": 3, "everything": "else"}))
    with pytest.raises(SeqtasksError, match=r"has format 3; .* reads up to 2\. Update seqtasks\."):
        read_bundle(tmp_path / "model")


def test_what_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="nowhere is not a model"):
        read_bundle(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(SeqtasksError, match="file is not a model"):
        read_bundle(tmp_path / "file")
    write(tmp_path / "run" / "best")
    with pytest.raises(SeqtasksError, match=r"run is not a model.*Did you mean .*run/best\?"):
        read_bundle(tmp_path / "run")


def test_a_finished_model_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match=r"has no trainer\.pt.*Only a checkpoint"):
        read_bundle(write(tmp_path / "model")).trainer()


def checkpoint(tmp_path: Path, content: bytes) -> Bundle:
    """A checkpoint whose trainer.pt holds `content`, with a hash to match."""
    path = write(tmp_path / "model", trainer={"step": 1})
    (path / "trainer.pt").write_bytes(content)
    manifest = json.loads((path / "bundle.json").read_text())
    manifest["trainer_sha256"] = seqtasks.storage.bundle.digest(path / "trainer.pt")
    (path / "bundle.json").write_text(json.dumps(manifest))
    return read_bundle(path)


class Payload:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_pickle_in_trainer_pt_is_never_run(tmp_path: Path, archive: bool) -> None:
    trap = tmp_path / "trap"
    payload = tmp_path / "payload.pt"
    if archive:
        torch.save({"step": Payload(trap)}, payload)
    else:
        payload.write_bytes(pickle.dumps({"step": Payload(trap)}))
    with pytest.raises(SeqtasksError, match=r"trainer\.pt is damaged \(not plain data and tensors\)"):
        checkpoint(tmp_path, payload.read_bytes()).trainer()
    assert not trap.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02]q\x00.", b"\x80\x02cbuiltins\nprint\n."])
def test_damaged_trainer_state(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SeqtasksError, match=r"trainer\.pt is damaged"):
        checkpoint(tmp_path, content).trainer()


def test_a_flipped_bit_in_trainer_state_is_told_but_does_not_touch_the_model(tmp_path: Path) -> None:
    file = write(tmp_path / "model", trainer={"moments": torch.zeros(100)}) / "trainer.pt"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    bundle = read_bundle(tmp_path / "model")
    with pytest.raises(SeqtasksError, match=r"trainer\.pt is damaged \(its checksum"):
        bundle.trainer()


@pytest.mark.parametrize(
    ("value", "place"), [({"a": [Path()]}, r"trainer\.a\[0\] is a"), ({"b": {Path(): 1}}, r"key of trainer\.b is a")]
)
def test_trainer_state_that_could_not_be_read_back_is_refused(tmp_path: Path, value: Any, place: str) -> None:
    with pytest.raises(TypeError, match=place):
        write(tmp_path / "model", trainer=value)
    assert names(tmp_path) == []


class KilledError(BaseException):
    pass


@pytest.mark.parametrize("replacing", [True, False])
@pytest.mark.parametrize("failure", [KilledError(), OSError(errno.ENOSPC, "No space left on device"), ValueError("x")])
def test_an_end_in_the_middle_leaves_what_was_there(tmp_path: Path, replacing: bool, failure: BaseException) -> None:
    def fail(folder: Path) -> None:
        (folder / "words.json").write_text("half")
        raise failure

    if replacing:
        write(tmp_path / "model")
    with pytest.raises(SeqtasksError if isinstance(failure, OSError) else type(failure)):
        write(tmp_path / "model", processors=fail, card="new")
    assert names(tmp_path) == (["model"] if replacing else [])
    if replacing:
        assert (read_bundle(tmp_path / "model").path / "README.md").read_text(encoding="utf-8") == "# Ä model\n"


def test_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SeqtasksError, match=r"model cannot be written: No space left on device\. Free some space"):
        write(tmp_path / "model")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "large",
    [
        {"tensors": {"weight": torch.zeros(10_000)}},
        {"trainer": {"moments": torch.zeros(10_000)}},
        {"card": "x" * 10_000},
    ],
    ids=["weights", "trainer", "card"],
)
def test_a_write_that_the_system_refuses(tmp_path: Path, large: dict[str, Any]) -> None:
    write(tmp_path / "model")
    with largest_file(8192), pytest.raises(SeqtasksError, match="model cannot be written"):
        write(tmp_path / "model", **large)
    assert names(tmp_path) == ["model"]
    assert torch.equal(read_bundle(tmp_path / "model").tensors()["weight"], WEIGHT)


def test_a_directory_that_is_no_model_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    for place in (tmp_path / "thesis", tmp_path / "thesis" / "chapter.tex"):
        with pytest.raises(SeqtasksError, match="already exists and is not a model"):
            write(place)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "years of work"
    (tmp_path / "empty").mkdir()
    assert read_bundle(write(tmp_path / "empty")).task == "translation"


@pytest.mark.parametrize("exchange", [True, False])
def test_replacing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool) -> None:
    if not exchange:
        monkeypatch.setattr(seqtasks.storage.atomic, "_exchange", lambda first, second: False)
    write(tmp_path / "model", trainer={"step": 1})
    write(tmp_path / "model", card="new")
    assert (tmp_path / "model" / "README.md").read_text() == "new"
    assert names(tmp_path / "model") == ["README.md", "bundle.json", "config.toml", "model.safetensors", "processors"]
    assert names(tmp_path) == ["model"]


def test_readers_find_a_complete_bundle_while_it_is_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "model", tensors={"weight": torch.zeros(1)}, data={"round": 0})
    if not seqtasks.storage.atomic._exchange(path, path):
        pytest.skip("this system cannot swap two names in one step")
    done = threading.Event()

    def replace() -> None:
        for number in range(1, 40):
            write(path, tensors={"weight": torch.full((1,), float(number))}, data={"round": number})
        done.set()

    writer = threading.Thread(target=replace)
    writer.start()
    seen: set[int] = set()
    while not done.is_set():
        bundle = read_bundle(path)
        try:
            weight = bundle.tensors()["weight"].item()
        except SeqtasksError as error:
            assert "was replaced while it was read" in str(error)  # noqa: PT017
            continue
        assert weight == bundle.manifest["data"]["round"]
        seen.add(int(weight))
    writer.join()
    assert len(seen) > 1


def test_left_overs_of_killed_processes_go_after_an_hour(tmp_path: Path) -> None:
    old, new = tmp_path / ".seqtasks-part-old", tmp_path / ".seqtasks-part-new"
    old.mkdir()
    new.mkdir()
    os.utime(old, (0, 0))
    write(tmp_path / "model")
    assert names(tmp_path) == [".seqtasks-part-new", "model"]


def test_others_may_read_as_the_mask_allows(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write(tmp_path / "model")
    finally:
        os.umask(before)
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o755
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "model").rglob("*") if file.is_file()} == {0o644}


@pytest.mark.parametrize("place", ["installed", "checkout"])
def test_models_that_ship_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    package = tmp_path / "seqtasks"
    package.mkdir()
    (package / "__init__.py").touch()
    (tmp_path / "pyproject.toml").touch()
    models = (package if place == "installed" else tmp_path) / "assets" / "models"
    write(models / "en-fr")
    (models / ".gitkeep").touch()
    (models / "unfinished").mkdir()
    monkeypatch.setattr(version, "__file__", str(package / "version.py"))
    monkeypatch.chdir(tmp_path)
    assert built_in_models() == ["en-fr"]
    assert find_model("en-fr") == models / "en-fr"
    assert find_model(str(models / "en-fr")) == models / "en-fr"
    with pytest.raises(SeqtasksError, match=r"no model 'fr-en'.*Models that ship: en-fr"):
        find_model("fr-en")
    write(tmp_path / "en-fr")
    assert find_model("en-fr") == Path("en-fr")


def test_special_ids_never_change() -> None:
    assert SPECIAL_IDS == {"pad": 0, "unknown": 1, "begin": 2, "end": 3}


def test_opening_a_bundle_does_not_import_torch(tmp_path: Path) -> None:
    path = write(tmp_path / "model")
    code = (
        "import pathlib, sys; from seqtasks.storage.bundle import read_bundle; "
        f"print(read_bundle(pathlib.Path({str(path)!r})).task, 'torch' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output == "translation False\n"
