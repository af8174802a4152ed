"""Models of format 1, as seqtasks 0.1.0 wrote them: they open, and answer what they answered then.

`fixtures/format1` holds the manifests, configurations, cards and small processors of the models that came with 0.1.0,
and `outputs.json` what these answered, written by `tests/compare_with.py --record`. Weights are those that come with
the repository today: a renamed tensor is mapped when it is read, so the files are the same.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers.answers import RENAMED_KEYS, Question, all_differences, answers, questions, renamed, worded
from helpers.program import Program

from seqtasks.storage.bundle import read_bundle

REPOSITORY = Path(__file__).parents[2]
FORMAT_1 = REPOSITORY / "tests" / "fixtures" / "format1"
OUTPUTS: dict[str, list[list[Any]]] = json.loads((FORMAT_1 / "outputs.json").read_text(encoding="utf-8"))
COUNT = 5
"""Inputs for each model when the outputs were recorded."""


def as_it_was(model: str, folder: Path) -> Path:
    """A copy of a model with the manifest, the configuration, the card and the small processors of 0.1.0."""
    copy = folder / Path(model).name
    shutil.copytree(REPOSITORY / model, copy)
    shutil.copytree(FORMAT_1 / copy.name, copy, dirs_exist_ok=True)
    return copy


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Question]]]:
    folder = tmp_path_factory.mktemp("inputs")
    return folder, questions(folder, COUNT)


@pytest.mark.parametrize("model", OUTPUTS)
def test_same_answers(
    seqtasks: Program, asked: tuple[Path, dict[str, list[Question]]], model: str, tmp_path: Path
) -> None:
    """Texts, tokens and labels exactly, numbers to 1e-4: processors round differently."""
    folder, calls = asked
    copy = as_it_was(model, tmp_path)
    assert read_bundle(copy).manifest["task"] == json.loads((copy / "bundle.json").read_text(encoding="utf-8"))["task"]
    found = []
    for question in calls[model]:
        help_text = seqtasks(question.arguments[0], "--help").out
        result = seqtasks(*worded(question, str(copy), help_text), stdin=question.stdin.encode())
        assert result.code == 0, result.err
        found.append(list(answers(result.out, folder)))
    assert all_differences(renamed(OUTPUTS[model]), found, tolerance=1e-4) == []


def test_the_fixtures_are_of_format_1() -> None:
    manifests = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(FORMAT_1.glob("*/bundle.json"))]
    assert [manifest["format"] for manifest in manifests] == [1] * len(OUTPUTS) == [1] * 8
    assert {manifest["versions"]["seqtasks"] for manifest in manifests} == {"0.1.0"}


def test_a_difference_would_be_found() -> None:
    one = [{"text": "a b", "score": -1.0, "labels": ["x"], "normalized_score": 1.0}]
    assert all_differences(one, one, tolerance=0.0) == []
    assert all_differences(one, [one[0] | {"text": "a c"}], tolerance=1.0) == ["[0].text: 'a b' and 'a c'"]
    assert all_differences(one, [one[0] | {"score": -1.001}], tolerance=1e-4) == ["[0].score: -1.0 and -1.001"]
    assert all_differences(one, [one[0] | {"score": -1.00001}], tolerance=1e-4) == []
    assert all_differences(one, [one[0] | {"labels": []}], tolerance=1.0) == ["[0].labels: ['x'] and []"]
    assert all_differences(one, [], tolerance=1.0) != []
    assert all_differences([1.0], [float("nan")], tolerance=1.0) != []
    assert (
        all_differences(renamed(one), [{RENAMED_KEYS.get(key, key): one[0][key] for key in one[0]}], tolerance=0) == []
    )
