"""The recipe for clips, from end to end on colored squares in Flickr8k's layout, from the captioner that ships."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.recipe_run import Recipe
from PIL import Image

import seqtasks
from seqtasks.data.examples import ReadReport
from seqtasks.data.videos.readers import VideoSource, read_captioned_videos
from seqtasks.encoders import CnnLstmEncoder

COLORS = ("red", "green", "blue", "yellow", "black", "white")


@pytest.mark.parametrize("temporal", ["causal", pytest.param("both", marks=pytest.mark.slow)])
def test_it_trains_and_prints_its_rows(recipe: Recipe, tmp_path: Path, temporal: str) -> None:
    data, out = tmp_path / "flickr8k", tmp_path / "video"
    (data / "Images").mkdir(parents=True)
    names = {part: [f"{part}{number}.jpg" for number in range(6)] for part in ("train", "dev")}
    captions = []
    for part, files in names.items():
        (data / f"Flickr_8k.{part}Images.txt").write_text("".join(f"{file}\n" for file in files), encoding="utf-8")
        for file, color in zip(files, COLORS, strict=True):
            Image.new("RGB", (64, 64), color).save(data / "Images" / file)
            captions += [f"{file}#{number}\tA {color} square .\n" for number in range(2)]
    (data / "Flickr8k.token.txt").write_text("".join(captions), encoding="utf-8")
    small = [
        "--tiny",
        "--set",
        "training.num_threads=1",
        "--set",
        "data.synthetic_video.frames_per_shot=2",
        "--set",
        "data.bptt_len=2",
    ]
    done = recipe("video_captions", data, "--output", out, "--temporal", temporal, *small)
    assert done.code == 0, done.stderr
    before, after = done.stdout.splitlines()[-2:]
    assert before.startswith("| images alone | clips | ")
    assert after.startswith(f"| {temporal} | clips | ")
    assert "n=48" in before
    clips = read_captioned_videos(VideoSource(path=out / "clips" / "clips.jsonl"), ReadReport())
    assert sum(len(clip.captions) for clip in clips) == 6
    predictor = seqtasks.load(out / temporal, threads=1)
    assert isinstance(predictor.models[0].encoder, CnnLstmEncoder)
