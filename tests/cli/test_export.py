"""`seqtasks export`: a model of ours for another program, and what is told where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from helpers.program import Program


def test_what_is_exported_translates_as_the_model(
    seqtasks: Program, model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2")
    from sentencepiece import SentencePieceProcessor

    monkeypatch.chdir(tmp_path)
    done = seqtasks("export", model, "--format", "ctranslate2", "--set", "beam_size=1")
    out = Path(f"{model.name}-ctranslate2")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{out}: {out / 'README.md'} describes how to use it\n"
    assert (out / "CARD.md").read_bytes() == (model / "best" / "README.md").read_bytes()
    assert "`beam=1|penalty=average|max=1.5x+10`" in (out / "README.md").read_text(encoding="utf-8")

    sources = (data / "test.en").read_text(encoding="utf-8").splitlines()
    processor = SentencePieceProcessor(model_file=str(out / "source.spm"))
    found = ctranslate2.Translator(str(out), compute_type="float32").translate_batch(
        processor.encode(sources, out_type=str), beam_size=1, max_decoding_length=50
    )
    expected = seqtasks("translate", "--model", model, "--beam-size", "1", "--dtype", "float32", data / "test.en")
    assert [processor.decode(each.hypotheses[0]) for each in found] == expected.out.splitlines()


def test_argos_translate_gets_a_file(seqtasks: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ctranslate2")
    monkeypatch.chdir(tmp_path)
    done = seqtasks("export", "en-de", "--format", "argos")
    assert (done.code, done.err) == (0, "")
    assert done.out == "en-de.argosmodel: argospm install en-de.argosmodel\n"
    again = seqtasks("export", "en-de", "--format", "argos")
    assert (again.code, "en-de.argosmodel already exists" in again.err) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["en-de.argosmodel"]


@pytest.mark.parametrize(("written", "package"), [("ctranslate2", "ctranslate2"), ("onnx", "onnxscript")])
def test_a_missing_package_is_told(
    seqtasks: Program, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    done = seqtasks("export", model, "--format", written, "--output", tmp_path / "out")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"seqtasks: --format {written} needs {package}. Install it: pip install 'seqtasks[export]'\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["pos-en", "--format", "ctranslate2"], 1, "pos-en is a model for tagging, not for translation."),
        (["no-such-model", "--format", "ctranslate2"], 1, "there is no model 'no-such-model'"),
        (["en-de"], 2, "Missing option '--format'"),
        (["en-de", "--format", "paper"], 2, "'paper' is not one of 'ctranslate2', 'onnx', 'huggingface', 'argos'"),
        (
            ["en-de", "--format", "ctranslate2", "--set", "length_penalty=wu:1"],
            1,
            'CTranslate2 does not support length_penalty = "wu:1".',
        ),
        (["en-de", "--format", "argos", "--output", "a.zip"], 1, "--output a.zip: the suffix does not match"),
        (["en-de", "--format", "argos", "--set", "beam_size=1"], 2, "has decoding options of its own"),
        (["en-de", "--format", "ctranslate2", "--output", "taken"], 1, "taken already exists."),
        (["en-de", "--format", "ctranslate2", "--output", "taken/file"], 1, "taken/file already exists."),
    ],
)
def test_what_cannot_be_exported_is_told(
    seqtasks: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    done = seqtasks("export", *arguments)
    assert (done.code, done.out) == (code, "")
    assert told in " ".join(done.err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
