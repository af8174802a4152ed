"""`seqtasks demo` where a model that describes pictures ships too."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.program import Program
from helpers.squares import train_captioner, write_squares
from PIL import Image

from seqtasks import version
from seqtasks.cli.commands import demo
from seqtasks.storage import model_paths
from seqtasks.video.reader import open_video

SHIPPED = Path(version.__file__).parent.parent / "assets" / "images"
CLIP = SHIPPED.parent / "clip.mp4"
TAGGER = SHIPPED.parent / "models" / "pos-en"
CLASSIFIER = SHIPPED.parent / "models" / "sentiment"
WRITER = SHIPPED.parent / "models" / "shakespeare"


@pytest.fixture(scope="module")
def captioner(seqtasks: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("captioner")
    write_squares(folder, [("red.png", "red"), ("blue.png", "blue")])
    return train_captioner(seqtasks, folder, folder) / "best"


@pytest.fixture
def both(model: Path, captioner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        model_paths, "_shipped", lambda: {"captions": captioner, "clips": captioner, "en-de": model / "best"}
    )


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation in `folder` without pictures; returns where they would be."""
    images = folder / "seqtasks" / "assets" / "images"
    images.mkdir(parents=True)
    monkeypatch.setattr(version, "__file__", str(folder / "seqtasks" / "version.py"))
    return images


@pytest.mark.usefixtures("both")
def test_every_photograph_that_ships_is_described(seqtasks: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SHIPPED.parent.parent)
    result = seqtasks("demo")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    pictures = [Path("assets/images") / file.name for file in sorted(SHIPPED.glob("*.jpg"))]
    assert pictures
    for picture in pictures:
        place = lines.index(str(picture))
        assert lines[place + 1].endswith("% sure)")
        assert lines[place + 2].startswith("    or: ")
    spans = [line for line in lines if " s   " in line]
    assert spans[0].startswith("  0.0 to ")
    assert spans[-1].partition(" s ")[0].endswith(" to 8.0")
    assert result.out.count("% sure)") == 5 + len(pictures) + len(spans)
    assert f"{len(pictures)} photographs in " in result.out
    assert "16 frames in " in result.out
    assert lines[-2].strip().startswith("seqtasks caption photo.jpg")
    assert lines[-1].strip().startswith("seqtasks caption clip.mp4")
    assert seqtasks("caption", pictures[0], "assets/clip.mp4").code == 0


def test_clips_have_a_model_of_their_own(seqtasks: Program, captioner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SHIPPED.parent.parent)
    monkeypatch.setattr(model_paths, "_shipped", lambda: {"captions": captioner})
    assert seqtasks("caption", "assets/images/dog.jpg").code == 0
    result = seqtasks("caption", "assets/images/dog.jpg", "assets/clip.mp4")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("seqtasks: there is no model 'clips'")


@pytest.mark.usefixtures("both")
def test_an_installation_has_its_own_photographs(
    seqtasks: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = install(tmp_path, monkeypatch)
    for name, color in (("lake", "blue"), ("meadow", "green")):
        Image.new("RGB", (50, 40), color).save(images / f"{name}.jpg")
    (images / "README.md").touch()
    shown = seqtasks("demo").out
    assert f"\n{images / 'lake.jpg'}\n" in shown
    assert f"\n{images / 'meadow.jpg'}\n" in shown
    assert "2 photographs in " in shown


@pytest.mark.usefixtures("both")
def test_without_pyav_it_says_what_the_clip_needs(
    seqtasks: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = install(tmp_path, monkeypatch).parent / "clip.mp4"
    clip.touch()
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    result = seqtasks("demo")
    assert (result.code, result.err) == (0, "")
    assert "The video is left out: pip install 'seqtasks[video]'" in result.out.splitlines()


def test_sentences_are_tagged(seqtasks: Program, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_paths, "_shipped", lambda: {"en-de": model / "best", "pos-en": TAGGER})
    result = seqtasks("demo")
    assert (result.code, result.err) == (0, "")
    assert "Time/NOUN  flies/VERB  like/ADP  an/DET  arrow/NOUN  ./PUNCT" in result.out.splitlines()
    assert result.out.splitlines()[-1].strip().startswith("seqtasks tag text.txt")


def test_reviews_get_their_labels(seqtasks: Program, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_paths, "_shipped", lambda: {"en-de": model / "best", "sentiment": CLASSIFIER})
    result = seqtasks("demo")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    labels = [lines[lines.index(review) + 1].split()[0] for review in demo.REVIEWS]
    assert labels == ["positive", "negative", "negative"]
    assert lines[-1].strip().startswith("seqtasks classify --text")


def test_a_scene_is_written(seqtasks: Program, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_paths, "_shipped", lambda: {"en-de": model / "best", "shakespeare": WRITER})
    result = seqtasks("demo")
    assert (result.code, result.err) == (0, "")
    scene, _, after = result.out.partition(demo.PROMPT)[2].partition(" ...\n")
    assert len(scene) == demo.LENGTH
    assert after.strip().startswith(f"{demo.LENGTH} characters in ")
    assert result.out.splitlines()[-1].strip().startswith("seqtasks generate --prompt")


@pytest.mark.usefixtures("both")
def test_without_photographs_it_only_translates(
    seqtasks: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    result = seqtasks("demo")
    assert (result.code, result.err) == (0, "")
    assert result.out.count("% sure)") == 5
    assert "photo" not in result.out


def test_without_the_model_it_only_translates(seqtasks: Program, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_paths, "_shipped", lambda: {"en-de": model / "best"})
    result = seqtasks("demo")
    assert (result.code, result.err) == (0, "")
    assert "photo" not in result.out


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.jpg")), ids=lambda file: file.stem)
def test_photographs_are_small_and_tell_nothing_else(file: Path) -> None:
    with Image.open(file) as picture:
        assert max(picture.size) <= 640
        assert not picture.getexif()
    assert file.stat().st_size < 100_000
    assert f"`{file.name}`" in (SHIPPED.parent / "README.md").read_text(encoding="utf-8")


def test_the_clip_is_small_and_described() -> None:
    clip = open_video(CLIP)
    assert clip.size == (320, 240)
    assert clip.duration == pytest.approx(8)
    assert CLIP.stat().st_size <= 400_000
    assert "`clip.mp4`" in (SHIPPED.parent / "README.md").read_text(encoding="utf-8")
