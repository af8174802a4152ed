from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from program import Program

CONFIGURATION = """
task = "captioning"
[text]
kind = "words"
language = "en"
minimum_count = 1
[images]
size = 32
[data]
train = [{{ images = "{folder}" }}]
held_out = 0.25
features = "{folder}/cache"
[model]
dim = 16
[model.encoder]
kind = "cnn"
weights = "none"
dim = 16
[model.decoder]
kind = "show-and-tell"
dim = 16
[training]
steps = 2
batch_tokens = 40
threads = 1
device = "cpu"
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    lines = ["image,caption"]
    for colour in ("red", "green", "blue", "white"):
        Image.new("RGB", (40, 40), colour).save(folder / f"{colour}.png")
        lines += [f"{colour}.png,a {colour} square"]
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "broken.jpg").write_bytes((folder / "red.png").read_bytes()[:60])
    return folder


@pytest.fixture(scope="module")
def captioner(seqtasks: Program, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("captioner")
    (folder / "run.toml").write_text(CONFIGURATION.format(folder=pictures), encoding="utf-8")
    result = seqtasks("train", folder / "run.toml", "--out", folder / "model")
    assert result.code == 0, result.err
    assert "seqtasks caption --model" in result.out
    return folder / "model"


def test_a_line_for_each_picture(seqtasks: Program, captioner: Path, pictures: Path) -> None:
    names = [str(pictures / "red.png"), str(pictures / "blue.png")]
    result = seqtasks("caption", "--model", captioner, *names)
    assert (result.code, result.err) == (0, "")
    assert [line.partition("\t")[0] for line in result.out.splitlines()] == names


def test_folders_broken_pictures_and_standard_input(seqtasks: Program, captioner: Path, pictures: Path) -> None:
    content = (pictures / "green.png").read_bytes()
    result = seqtasks("caption", "--model", captioner, pictures, "-", "--beam", "1", stdin=content)
    assert result.code == 1
    told = [line.partition("\t")[0] for line in result.out.splitlines()]
    assert told == ["-", *(str(pictures / f"{colour}.png") for colour in ("blue", "green", "red", "white"))]
    assert len(result.err.splitlines()) == 1
    assert "broken.jpg" in result.err
    assert result.out.splitlines()[0].partition("\t")[2] == result.out.splitlines()[2].partition("\t")[2]


def test_lists_and_objects(seqtasks: Program, captioner: Path, pictures: Path) -> None:
    picture = pictures / "red.png"
    result = seqtasks("caption", "--model", captioner, picture, "--beam", "3", "--nbest", "2")
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert [row[0] for row in rows] == [str(picture)] * 2
    assert float(rows[0][1]) >= float(rows[1][1])
    found = json.loads(seqtasks("caption", "--model", captioner, picture, "--nbest", "2", "--json").out)
    assert found["picture"] == str(picture)
    assert found["text"] == rows[0][2]
    assert len(found["alternatives"]) == 1


def test_nothing_to_describe(seqtasks: Program, captioner: Path, model: Path, pictures: Path, tmp_path: Path) -> None:
    assert "no such file" in seqtasks("caption", "--model", captioner, tmp_path / "missing.png").err
    assert "no picture in this folder" in seqtasks("caption", "--model", captioner, tmp_path).err
    result = seqtasks("caption", "--model", model, pictures / "red.png")
    assert result.code == 1
    assert "is a model for translation, not for captioning" in result.err
    result = seqtasks("translate", "--model", captioner, "--text", "Hello.")
    assert "is a model for captioning, not for translation" in result.err
