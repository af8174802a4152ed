"""`seqtasks train captioning` and `seqtasks evaluate` with a captioner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.program import Program, Result, settings
from PIL import Image

import seqtasks as package
from seqtasks.data.captions.captioned_images import CaptionReadReport, CaptionSource, read_captioned_images
from seqtasks.loading import open_models
from seqtasks.metrics import meteor
from seqtasks.metrics.captioning import caption_scores

SMALL = settings(
    "images.size=32", "model.hidden_size=16", "model.encoder.weights=none", "model.encoder.hidden_size=16",
    "training.max_steps=3",
    "training.num_threads=1", "training.batch_tokens=100",
)  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 pictures and captions.csv."""
    folder = tmp_path_factory.mktemp("photos") / "photos"
    folder.mkdir()
    lines = ["image,caption"]
    for number in range(20):
        color = ("red", "green", "blue", "white", "black")[number % 5]
        Image.new("RGB", (40, 30 + number), color).save(folder / f"{number:05}.png")
        lines.append(f"{number:05}.png,a {color} square {'above' if number % 2 else 'below'} nothing at all")
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained_captioner(seqtasks: Program, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("captioner")
    cache = settings(f"data.feature_cache_dir={folder / 'features'}")
    result = seqtasks("train", "captioning", photos, "--output", folder / "model", *SMALL, *cache)
    assert result.code == 0, result.err
    return folder / "model", result


@pytest.fixture(scope="module")
def captioner(trained_captioner: tuple[Path, Result]) -> Path:
    return trained_captioner[0]


@pytest.fixture
def flawed(photos: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A folder with four good pictures and a broken one, and captions of these and of one that is not there."""
    folder = tmp_path / "flawed"
    folder.mkdir()
    for name in ("00000.png", "00001.png", "00002.png", "00003.png", "00004.png"):
        (folder / name).write_bytes((photos / name).read_bytes())
    (folder / "00004.png").write_bytes((photos / "00004.png").read_bytes()[:60])
    lines = (photos / "captions.csv").read_text(encoding="utf-8").splitlines()[:7]
    (tmp_path / "table.csv").write_text("\n".join([*lines, "00000.png,a second caption"]) + "\n", encoding="utf-8")
    return folder, tmp_path / "table.csv"


def test_training_from_pictures_alone(trained_captioner: tuple[Path, Result]) -> None:
    out, result = trained_captioner
    assert "training images: 18 with 18 captions" in result.out
    assert "validation images: 2" in result.out
    assert "Best CIDEr-D" in result.out
    assert result.out.endswith(f"  seqtasks caption --model {out} photo.jpg\n")
    assert open_models([out], threads=1).task.config.model.decoder.kind == "lstm"


def test_another_decoder_and_another_language(seqtasks: Program, photos: Path, tmp_path: Path) -> None:
    other = settings(
        "model.decoder.kind=show-and-tell", "text.language=de", f"data.feature_cache_dir={tmp_path / 'features'}"
    )
    result = seqtasks(
        "train", "captioning", photos, photos / "captions.csv", "--output", tmp_path / "model", *SMALL, *other
    )
    assert result.code == 0, result.err
    task = open_models([tmp_path / "model"], threads=1).task.config
    assert (task.model.decoder.kind, task.text.language) == ("show-and-tell", "de")


def test_what_training_from_pictures_cannot_use(seqtasks: Program, photos: Path, tmp_path: Path) -> None:
    out = ["--output", tmp_path / "model"]
    result = seqtasks("train", "captioning", photos, "--language-pair", "en-de", *out)
    assert (result.code, result.out) == (1, "")
    assert "--set text.language=de" in result.err
    result = seqtasks("train", "captioning", photos / "captions.csv", photos, *out)
    assert result.code == 1
    assert "give the folder of the images first" in " ".join(result.err.split())
    result = seqtasks("train", "captioning", photos, photos / "captions.csv", photos / "more.csv", *out)
    assert result.code == 1
    assert "give one folder of images" in " ".join(result.err.split())
    (tmp_path / "empty").mkdir()
    result = seqtasks("train", "captioning", tmp_path / "empty", *out)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "there is no file of captions in this folder" in result.err
    assert not (tmp_path / "model").exists()


def test_scores_are_those_of_the_captions(
    seqtasks: Program, captioner: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meteor.shutil, "which", lambda name: None)
    images = read_captioned_images(CaptionSource(images=photos), CaptionReadReport())
    found = package.load(captioner, threads=1).caption([each.image for each in images], beam_size=2)
    expected = caption_scores([each.text for each in found], [each.captions for each in images])
    result = seqtasks("evaluate", captioner, photos, "--beam-size", "2")
    blank = "8 of 20 images are blank (all black, white or gray): 00003.png, 00004.png, 00008.png, ..."
    assert result.code == 0
    assert result.err == f"seqtasks: {blank}\nseqtasks: {meteor.meteor_unavailable_reason()}\n"
    *lines, last = result.out.splitlines()
    names = ["CIDEr-D", "BLEU-4", "BLEU-1", "BLEU-2", "BLEU-3", "ROUGE-L", "distinct", "vocabulary"]
    assert [line.split() for line in lines] == [
        [name, f"{score.value:.2f}", score.signature] for name, score in zip(names, expected, strict=True)
    ]
    assert last.startswith("20 images in ")
    assert "beam=2|" in last


def test_missing_and_broken_pictures_are_named(seqtasks: Program, captioner: Path, flawed: tuple[Path, Path]) -> None:
    result = seqtasks("evaluate", captioner, *flawed, "--json")
    assert result.code == 1
    first = result.err.splitlines()[0]
    assert "skipped 2 of 6: " in first
    assert "1 missing (00005.png)" in first
    assert "1 broken (00004.png)" in first
    told = json.loads(result.out)
    assert (told["examples"], told["data"]) == (4, [str(path) for path in flawed])
    assert told["scores"][0]["metric"] == "CIDEr-D"
    assert "refs=1-2" in told["scores"][0]["signature"]


def test_a_split_is_measured_alone(
    seqtasks: Program, captioner: Path, flawed: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "dev.txt").write_text("00001.png\n00002.png\n", encoding="utf-8")
    (tmp_path / "mine.lst").write_text("00003.png\n", encoding="utf-8")
    for split, count in (("dev", 2), ("validation", 2), (tmp_path / "mine.lst", 1)):
        told = json.loads(seqtasks("evaluate", captioner, *flawed, "--split", split, "--json").out)
        assert (told["examples"], told["split"]) == (count, str(split))
    result = seqtasks("evaluate", captioner, *flawed, "--split", "test")
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
    assert "do not say which images are for test" in result.err


def test_each_model_is_measured_on_data_of_its_task(
    seqtasks: Program, captioner: Path, model: Path, photos: Path, data: Path
) -> None:
    for arguments, told in (
        ([model, photos], f"{photos} is a folder; translation needs files of sentence pairs"),
        ([model, data / "pairs.tsv", "--split", "dev"], "--split: it does not apply to a model for translation"),
        ([captioner, data / "pairs.tsv"], f"{data / 'pairs.tsv'} is a file; give the folder of the images first"),
        ([captioner, photos, "--lowercase"], "--lowercase/--cased: it does not apply to a model for captioning"),
        (
            [captioner, photos, "--language-pair", "en-de"],
            "--language-pair: it does not apply to a model for captioning",
        ),
    ):
        result = seqtasks("evaluate", *arguments)
        assert (result.code, result.out) == (2 if "does not apply" in told else 1, "")
        assert told in " ".join(result.err.split())
    result = seqtasks("score", captioner, data / "pairs.tsv")
    assert (result.code, result.err) == (
        1, f"seqtasks: {captioner} is a model for captioning, not for translation. "
        f"Use it with: seqtasks caption --model {captioner} photo.jpg\n"
    )  # fmt: skip
