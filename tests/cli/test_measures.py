"""`seqtasks evaluate`, `score`, `info`, `models` and `demo`."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
from helpers.program import Program

import seqtasks as package
from seqtasks.storage import model_paths


def test_evaluate_tells_scores_with_signatures(seqtasks: Program, model: Path, data: Path) -> None:
    result = seqtasks("evaluate", model, data / "test.en", data / "test.de", "--beam-size", "2")
    assert result.code == 0, result.err
    bleu, chrf, ter, last = result.out.splitlines()
    assert bleu.startswith("BLEU ")
    assert "tok:13a" in bleu
    assert float(bleu.split()[1]) > 95
    assert chrf.startswith("chrF ")
    assert ter.startswith("TER ")
    assert last.startswith("30 sentences in ")
    assert "beam=2|penalty=average|max=1.5x+10|dtype=" in last


def test_evaluate_as_json_and_in_lower_case(seqtasks: Program, model: Path, data: Path) -> None:
    found = json.loads(seqtasks("evaluate", model, data / "test.en", data / "test.de", "--json", "--lowercase").out)
    assert [score["metric"] for score in found["scores"]] == ["BLEU", "chrF", "TER"]
    assert "case:lc" in found["scores"][0]["signature"]
    assert (found["examples"], found["model"]) == (30, str(model))


def test_evaluate_refuses_files_of_different_lengths(
    seqtasks: Program, model: Path, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "short").write_text("a\n", encoding="utf-8")
    result = seqtasks("evaluate", model, data / "test.en", tmp_path / "short")
    assert result.code == 1
    assert "has 30 lines, but" in result.err


def test_score_prefers_right_translations(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    source, right, wrong = "the red dog sees a big house .", "das hund rot sieht ein haus gross .", "ein baum ."
    (tmp_path / "pairs.tsv").write_text(f"{source}\t{right}\nbroken\n{source}\t{wrong}\n", encoding="utf-8")
    result = seqtasks("score", model, tmp_path / "pairs.tsv")
    first, second = (line.split("\t") for line in result.out.splitlines())
    assert first[2:] == [source, right]
    assert second[2:] == [source, wrong]
    assert float(first[0]) > float(second[0])
    assert float(first[1]) > float(second[1])
    assert "1 wrong number of columns" in result.err
    assert "2 pairs, " in result.err
    line = json.loads(seqtasks("score", model, tmp_path / "pairs.tsv", "--json").out.splitlines()[0])
    assert math.isclose(sum(line["log_probabilities"]), line["score"], rel_tol=1e-4)
    assert line["target"] == right


def test_info_describes_and_verifies(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    result = seqtasks("info", model)
    told = dict(line.split(None, 1) for line in result.out.splitlines())
    assert told["languages"] == "en to de"
    assert told["encoder"].startswith("transformer (num_layers 1, ")
    assert "init_" not in told["encoder"]
    translator = package.load(model, threads=1)
    count = sum(tensor.numel() for tensor in translator.models[0].parameters())
    assert told["parameters"] == f"{count:,}"
    shutil.copytree(model / "best", tmp_path / "broken")
    weights = bytearray((tmp_path / "broken" / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "broken" / "model.safetensors").write_bytes(weights)
    broken = seqtasks("info", tmp_path / "broken")
    assert (broken.code, broken.out, broken.err.count("\n")) == (1, "", 1)
    assert "model.safetensors is damaged" in broken.err


def test_models_and_demo_where_one_ships(seqtasks: Program, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_paths, "_shipped", lambda: {"en-de": model / "best"})
    listed = seqtasks("models").out
    assert listed.startswith("en-de ")
    assert "translation, en to de" in listed
    shown = seqtasks("demo").out
    assert shown.count("% sure)") == 5
    assert "seqtasks train" in shown
    assert seqtasks("translate", "--text", "the red dog sees a big house .").out.startswith("das hund")


def test_models_and_demo_where_none_ships(seqtasks: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_paths, "_shipped", dict)
    assert seqtasks("models").out.startswith("No models ship")
    demo = seqtasks("demo")
    assert (demo.code, demo.err.count("\n")) == (1, 1)
    assert "does not ship with this installation" in demo.err
