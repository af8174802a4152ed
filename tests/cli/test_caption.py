from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.program import Program, Result, settings
from helpers.squares import train_captioner, write_squares
from PIL import Image


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    write_squares(folder, [(f"{color}.png", color) for color in ("red", "green", "blue", "white")])
    (folder / "broken.jpg").write_bytes((folder / "red.png").read_bytes()[:60])
    return folder


@pytest.fixture(scope="module")
def captioner(seqtasks: Program, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_captioner(seqtasks, pictures, tmp_path_factory.mktemp("captioner"))


@pytest.fixture(scope="module")
def attentive(seqtasks: Program, captioner: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A captioner that looks at 2 x 2 cells."""
    chosen = settings('model.decoder={kind="show-attend-and-tell",hidden_size=16}', "images.size=64")
    out = tmp_path_factory.mktemp("attentive") / "model"
    result = seqtasks("train", captioner / "config.toml", "--output", out, *chosen)
    assert result.code == 0, result.err
    return out


def complaints(result: Result) -> list[str]:
    """What was told, but that a model of two steps does not know when to stop."""
    return [line for line in result.err.splitlines() if "cut at the length limit" not in line]


def test_a_line_for_each_picture(seqtasks: Program, captioner: Path, pictures: Path) -> None:
    names = [str(pictures / "red.png"), str(pictures / "blue.png")]
    result = seqtasks("caption", "--model", captioner, *names)
    assert (result.code, complaints(result)) == (0, [])
    assert [line.partition("\t")[0] for line in result.out.splitlines()] == names


def test_folders_broken_pictures_and_standard_input(seqtasks: Program, captioner: Path, pictures: Path) -> None:
    content = (pictures / "green.png").read_bytes()
    result = seqtasks("caption", "--model", captioner, pictures, "-", "--beam-size", "1", stdin=content)
    assert result.code == 1
    names, texts = zip(*(line.split("\t") for line in result.out.splitlines()), strict=True)
    assert names == (*(str(pictures / f"{color}.png") for color in ("blue", "green", "red", "white")), "-")
    assert texts[names.index("-")] == texts[names.index(str(pictures / "green.png"))]
    (complaint,) = complaints(result)
    assert "broken.jpg" in complaint


def test_lists_and_objects(seqtasks: Program, captioner: Path, pictures: Path) -> None:
    picture = pictures / "red.png"
    result = seqtasks("caption", "--model", captioner, picture, "--beam-size", "3", "--nbest", "2")
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert [row[0] for row in rows] == [str(picture)] * 2
    assert float(rows[0][1]) >= float(rows[1][1])
    found = json.loads(seqtasks("caption", "--model", captioner, picture, "--nbest", "2", "--json").out)
    assert found["image"] == str(picture)
    assert found["text"] == rows[0][2]
    assert len(found["alternatives"]) == 1


def test_nothing_to_describe(seqtasks: Program, captioner: Path, model: Path, pictures: Path, tmp_path: Path) -> None:
    assert "no such file" in seqtasks("caption", "--model", captioner, tmp_path / "missing.png").err
    assert "this folder contains no image" in seqtasks("caption", "--model", captioner, tmp_path).err
    result = seqtasks("caption", "--model", model, pictures / "red.png")
    assert result.code == 1
    assert "is a model for translation, not for captioning" in result.err
    result = seqtasks("translate", "--model", captioner, "--text", "Hello.")
    assert "is a model for captioning, not for translation" in result.err


def test_the_model_that_ships_is_used_unless_another_is_named(seqtasks: Program, pictures: Path) -> None:
    result = seqtasks("caption", pictures / "red.png")
    assert result.code == 0 or result.err.startswith("seqtasks: there is no model 'captions': ")
    assert "[default: (captions; for videos clips)]" in " ".join(seqtasks("caption", "--help").out.split())


@pytest.mark.parametrize("name", ["look.png", "look.JPG", "look.webp"])
def test_attention_is_drawn_beside_the_usual_line(
    seqtasks: Program, attentive: Path, pictures: Path, tmp_path: Path, name: str
) -> None:
    arguments = ("caption", "--model", attentive, "--beam-size", "1", "--set", "max_length=6", pictures / "red.png")
    plain, drawn = seqtasks(*arguments), seqtasks(*arguments, "--plot-attention", tmp_path / name)
    assert (drawn.code, drawn.out) == (0, plain.out)
    with Image.open(tmp_path / name) as look:
        red, _, blue = look.convert("RGB").split()
        assert red.getextrema() > (0, 200)
        assert blue.getextrema()[0] < 10
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_attention_of_a_picture_from_standard_input(
    seqtasks: Program, attentive: Path, pictures: Path, tmp_path: Path
) -> None:
    named, piped = tmp_path / "named.png", tmp_path / "piped.png"
    page = tmp_path / "page.html"
    picture = pictures / "green.png"
    assert seqtasks("caption", "-m", attentive, picture, "--plot-attention", named).code == 0
    content = picture.read_bytes()
    result = seqtasks("caption", "-m", attentive, "-", "--plot-attention", piped, "--html-report", page, stdin=content)
    assert result.code == 0
    assert piped.read_bytes() == named.read_bytes()
    assert ">-</h2>" in page.read_text(encoding="utf-8")


def test_attention_that_cannot_be_drawn(
    seqtasks: Program, captioner: Path, attentive: Path, pictures: Path, tmp_path: Path
) -> None:
    look, report = tmp_path / "look.png", tmp_path / "report.html"
    red, broken = pictures / "red.png", pictures / "broken.jpg"
    several = seqtasks("caption", "-m", "no-such-model", pictures, "--plot-attention", look)
    assert several.err.startswith("seqtasks: --plot-attention takes one image, but 5 were given. ")
    unknown = seqtasks("caption", "-m", "no-such-model", red, "--plot-attention", tmp_path / "look.txt")
    assert unknown.err.startswith(f"seqtasks: {tmp_path / 'look.txt'}: unknown image format. ")
    without = seqtasks("caption", "-m", captioner, red, "--plot-attention", look, "--html-report", report)
    assert without.err.startswith("seqtasks: There is no attention to plot: the model encodes the image as a whole. ")
    unread = seqtasks("caption", "-m", attentive, broken, "--plot-attention", look)
    assert "broken.jpg" in unread.err
    nowhere = seqtasks("caption", "-m", attentive, red, "--plot-attention", tmp_path / "none" / "look.png")
    assert "cannot be written" in nowhere.err
    for result in (several, unknown, without, unread, nowhere):
        assert result.code == 1
        assert len(result.err.splitlines()) == 1
        assert result.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("presentation", [(), ("--json",), ("--nbest", "2"), ("--sample",)])
def test_a_report_changes_nothing_of_what_is_printed(
    seqtasks: Program, attentive: Path, pictures: Path, tmp_path: Path, presentation: tuple[str, ...]
) -> None:
    arguments = ("caption", "-m", attentive, pictures, "--set", "max_length=5", *presentation)
    report = tmp_path / "report.html"
    plain, reported = seqtasks(*arguments), seqtasks(*arguments, "--html-report", report)
    assert (reported.code, reported.out, reported.err) == (1, plain.out, plain.err)
    page = report.read_text(encoding="utf-8")
    assert page.count("<article ") == 4
    assert page.count("broken.jpg") == 1


def test_a_report_has_all_hypotheses_of_the_beam_or_those_asked_for(
    seqtasks: Program, captioner: Path, pictures: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    for options, count in ((("--beam-size", "3"), 3), (("--beam-size", "3", "--nbest", "2"), 2)):
        assert seqtasks("caption", "-m", captioner, pictures / "red.png", *options, "--html-report", report).code == 0
        found = report.read_text(encoding="utf-8").partition('<ol class="others">')[2].partition("</ol>")[0]
        assert found.count("<li ") == count
