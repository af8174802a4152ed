"""METEOR: the program's part is played by a script; the real one, where it is installed, agrees with pycocoevalcap."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.metrics import meteor as module
from seqtasks.metrics.meteor import meteor, meteor_program, meteor_unavailable_reason

SCRIPT = """
import sys
for line in sys.stdin:
    verb, *parts = line.rstrip("\\n").split(" ||| ")
    if verb == "SCORE":
        *references, hypothesis = parts
        print(f"{len(references)} {len(hypothesis.split())}", flush=True)
    else:
        for part in [*parts, "total"]:
            print(0.25 if part == "total" else 0.5, flush=True)
        assert parts == ["2 3", "1 2"], parts
"""


def play(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts a program called java on the path."""
    (folder / "script.py").write_text(script, encoding="utf-8")
    java = folder / "java"
    java.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder / "script.py"}"\n', encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(module, "meteor_program", lambda: folder / "meteor.jar")


def test_the_score_of_the_corpus_is_the_last_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(tmp_path, monkeypatch, SCRIPT)
    assert meteor_unavailable_reason() is None
    hypotheses = [["a", "|||", "b", "|||c"], ["a", "b"]]
    assert meteor(hypotheses, [[["a"], ["b"]], [["c"]]]) == 0.25


@pytest.mark.parametrize("reading", ["", "sys.stdin.readline();"])
def test_a_program_that_stops_is_told_with_its_reason(
    reading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(tmp_path, monkeypatch, f"import sys; {reading} sys.exit('Could not reserve enough space')")
    with pytest.raises(SeqtasksError, match=r"METEOR stopped: Could not reserve enough space It needs 2 GB"):
        meteor([["a"] * 100_000] * 2, [[["b"]]] * 2)


def test_what_is_missing_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sentence = meteor_unavailable_reason()
    assert sentence is not None
    assert "needs Java" in sentence
    with pytest.raises(SeqtasksError, match="needs Java"):
        meteor([["a"]], [[["a"]]])
    play(tmp_path, monkeypatch, "")
    monkeypatch.setattr(module, "meteor_program", lambda: None)
    sentence = meteor_unavailable_reason()
    assert sentence is not None
    assert "pip install pycocoevalcap" in sentence


def test_the_program_is_found_in_the_package_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Package:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(module, "find_spec", lambda name: Package if name == "pycocoevalcap" else None)
    assert meteor_program() is None
    (tmp_path / "meteor").mkdir()
    (tmp_path / "meteor" / "meteor-1.5.jar").touch()
    assert meteor_program() == tmp_path / "meteor" / "meteor-1.5.jar"
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert meteor_program() is None


@pytest.mark.slow
def test_meteor_is_that_of_pycocoevalcap() -> None:
    pytest.importorskip("pycocoevalcap")
    if (sentence := meteor_unavailable_reason()) is not None:
        pytest.skip(sentence)
    references = [[["the", "dog", "is", "running"], ["a", "dog"]], [["two", "cats", "sit"]]]
    assert meteor([["a", "dog", "runs"], ["a", "cat"]], references) == pytest.approx(0.1736980589172093, abs=1e-9)
