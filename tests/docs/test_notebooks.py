"""The notebooks in examples/ run from beginning to end, and are stored as they are before anybody has run them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from helpers.doc_pages import REPOSITORY
from nbclient import NotebookClient

EXAMPLES = REPOSITORY / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def run(name: str, folder: Path) -> list[str]:
    """What each code cell prints, run in a copy of the folder that the notebook lies in."""
    (folder / "examples").mkdir()
    shutil.copytree(REPOSITORY / "assets/images", folder / "assets/images")
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    place = {"metadata": {"path": str(folder / "examples")}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=place).execute()
    return ["".join(map(printed, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"]


def printed(output: Any) -> str:
    """The text of an output, or that there is an image."""
    if output.output_type == "stream":
        assert output.name == "stdout", output.text  # nothing is warned of
        return str(output.text)
    return "[image]\n" if output.data.keys() & {"image/png", "image/jpeg"} else str(output.data)


def test_there_are_two() -> None:
    assert [file.name for file in NOTEBOOKS] == ["captioning_a_folder.ipynb", "translation_with_attention.ipynb"]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_it_is_valid_and_holds_no_outputs(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None and not cell.metadata for cell in code)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_its_links_lead_somewhere(file: Path) -> None:
    text = "\n".join(cell.source for cell in nbformat.read(file, as_version=4).cells)
    links = [part.partition(")")[0] for part in text.split("](")[1:]]
    assert links
    assert [link for link in links if not (EXAMPLES / link).is_file()] == []


@pytest.mark.slow
def test_translation_with_attention(tmp_path: Path) -> None:
    _, sentences, best, prefixed, plot, numbers = run("translation_with_attention.ipynb", tmp_path)
    assert "Where is the train station?\n    Wo ist der Bahnhof?\n" in sentences
    scores = [float(line.split()[0]) for line in best.splitlines()]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)
    assert prefixed == "Wie geht es euch?\n"
    assert plot.endswith("[image]\n")
    assert (tmp_path / "examples/attention.png").is_file()
    assert all(0 < float(line.split()[-1]) <= 1 for line in numbers.splitlines())


@pytest.mark.slow
def test_captioning_a_folder(tmp_path: Path) -> None:
    _, captions, best, plot, saved = run("captioning_a_folder.ipynb", tmp_path)
    images = ["boxer.jpg", "dog.jpg", "fishing.jpg", "river.jpg"]
    assert captions.count("[image]") == len(images)
    assert len(best.splitlines()) == 3
    assert plot == "[image]\n"
    assert [line.partition(",")[0] for line in saved.splitlines() if line] == ["image", *images]
    lines = (tmp_path / "examples/metadata.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["file_name"] for row in rows] == images
    assert [row["text"] for row in rows] == [line for line in captions.splitlines() if line != "[image]"]
