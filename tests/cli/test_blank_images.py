"""Where there is nothing to see, as in a black frame, it is said; other captions are what they were."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.program import Program
from helpers.squares import configuration, train_captioner, write_squares
from PIL import Image, ImageDraw

from seqtasks import load
from seqtasks.data.videos.writer import write_video
from seqtasks.image.blank import blank_images
from seqtasks.video.caption_spans import FrameCaption, merge_captions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_squares(tmp_path_factory.mktemp("media"), [("1.png", "red"), ("2.png", "blue")])
    for color in ("black", "white", "teal"):
        Image.new("RGB", (64, 48), color).save(folder / f"{color}.jpg")
    Image.new("RGBA", (64, 48), (0, 90, 0, 0)).save(folder / "transparent.png")
    seen = Image.open(folder / "1.png").resize((64, 48))
    black = Image.new("RGB", (64, 48))
    write_video(folder / "video.mp4", [*[black] * 20, *[seen] * 20, *[black] * 10], 10)
    return folder


@pytest.fixture(scope="module")
def captioner(seqtasks: Program, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_captioner(seqtasks, folder, tmp_path_factory.mktemp("captioner"))


@pytest.mark.parametrize("cnn", ["frozen", "trained"])
def test_training_tells_of_blank_images_each_time(seqtasks: Program, tmp_path: Path, cnn: str) -> None:
    """The second time the features of a frozen CNN come out of the cache, and no image is opened."""
    folder = write_squares(tmp_path, [(f"{color}.png", color) for color in ("red", "green", "blue", "navy", "gray")])
    run = tmp_path / "run.toml"
    run.write_text(configuration(folder, tmp_path / "cache"), encoding="utf-8")
    trained = ["--set", "model.encoder.trainable_from_block=0"] if cnn == "trained" else []
    for number in range(2):
        result = seqtasks("train", run, "--output", tmp_path / str(number), *trained)
        assert result.code == 0
        assert "1 of 5 images is blank (all black, white or gray): gray.png\n" in result.out


def test_images_of_one_gray_are_told(seqtasks: Program, captioner: Path, folder: Path) -> None:
    names = [folder / name for name in ("1.png", "black.jpg", "2.png", "white.jpg", "teal.jpg", "transparent.png")]
    result = seqtasks("caption", "--model", captioner, *names, "--json", "--max-length", "9")
    assert result.code == 0
    found = [json.loads(line) for line in result.out.splitlines()]
    assert [each["blank"] for each in found] == [False, True, False, True, False, True]
    told = [line for line in result.err.splitlines() if "the image is blank" in line]
    assert [Path(line.split(": ")[1]).name for line in told] == [names[place].name for place in (1, 3, 5)]


def test_python_and_pages_tell_it_too(seqtasks: Program, captioner: Path, folder: Path, tmp_path: Path) -> None:
    found = load(captioner).caption([folder / "black.jpg", folder / "1.png"])
    assert [each.blank for each in found] == [True, False]
    assert all(each.text for each in found)
    page = tmp_path / "page.html"
    seqtasks("caption", "--model", captioner, folder / "black.jpg", folder / "1.png", "--html-report", page)
    assert page.read_text(encoding="utf-8").count("This image is blank") == 1


def test_black_frames_have_spans_of_their_own_and_no_subtitles(
    seqtasks: Program, captioner: Path, folder: Path
) -> None:
    result = seqtasks("caption", "--model", captioner, folder / "video.mp4", "--json", "--frame-interval", "500ms")
    assert result.code == 0
    assert "6 of 10 frames are blank (all black, white or gray)" in result.err
    spans = [json.loads(line) for line in result.out.splitlines()]
    blank = [(span["start"], span["end"]) for span in spans if span["blank"]]
    assert (blank[0][0], blank[-1][1]) == (0, 5)
    assert sum(span["frames"] for span in spans if span["blank"]) == 6
    for form in ("srt", "vtt"):
        subtitles = seqtasks("caption", "--model", captioner, folder / "video.mp4", "--output-format", form).out
        times = [line for line in subtitles.splitlines() if "-->" in line]
        assert times[0].startswith("00:00:02")
        assert times[-1].replace(",", ".").endswith("--> 00:00:04.000")


def test_the_same_text_is_not_carried_over_into_blank_frames() -> None:
    captions = [FrameCaption(second, second + 1, "a dog", 0.5, blank=second == 1) for second in range(3)]
    assert [(span.start, span.end, span.blank) for span in merge_captions(captions)] == [
        (0, 1, False), (1, 2, True), (2, 3, False),
    ]  # fmt: skip


def test_what_is_blank() -> None:
    noise = np.random.default_rng(0).integers(16, 24, (32, 32, 3), dtype=np.uint8)
    dot = Image.new("RGB", (32, 32))
    ImageDraw.Draw(dot).rectangle((10, 10, 14, 14), fill="white")
    horizon = Image.linear_gradient("L").resize((32, 32)).convert("RGB")
    dark_red = Image.new("RGB", (32, 32), (20, 0, 0))
    images = [np.zeros((32, 32, 3), np.uint8), noise, *map(np.asarray, (dot, horizon, dark_red))]
    pixels = torch.stack([torch.from_numpy(np.array(image)).permute(2, 0, 1) for image in images])
    assert blank_images(pixels).tolist() == [True, True, False, False, False]
    assert blank_images(torch.zeros(2, 9, 16, dtype=torch.float16)).tolist() == [False, False]  # features
