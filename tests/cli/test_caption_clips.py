"""`seqtasks caption` of clips: spans as they come, mixed with pictures, and files drawn of them."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from helpers.program import Program
from helpers.squares import train_captioner, write_squares
from PIL import Image

from seqtasks.cli.commands.caption_video import VideoOptions, check_video_options
from seqtasks.data.videos.writer import write_video
from seqtasks.errors import SeqtasksError
from seqtasks.video.reader import StrideSampler, open_video


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures, a video of four seconds, an animated picture, numbered frames and a file that is no clip."""
    folder = write_squares(tmp_path_factory.mktemp("media"), [("1.png", "red"), ("2.png", "blue")])
    frames = [Image.open(folder / f"{1 + number // 20 % 2}.png").resize((64, 48)) for number in range(40)]
    write_video(folder / "film.mp4", frames, 10)
    write_video(folder / "moving.gif", frames[18:22], 1)
    (folder / "broken.mp4").write_bytes((folder / "film.mp4").read_bytes()[:500])
    (folder / "frames").mkdir()
    for number, frame in enumerate(frames[::10]):
        frame.save(folder / "frames" / f"{number:03}.png")
    return folder


@pytest.fixture(scope="module")
def captioner(seqtasks: Program, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_captioner(seqtasks, folder, tmp_path_factory.mktemp("captioner"))


def test_pictures_and_clips_on_one_command_line(seqtasks: Program, captioner: Path, folder: Path) -> None:
    paths = [folder / name for name in ("1.png", "film.mp4", "2.png", "moving.gif", "broken.mp4")]
    result = seqtasks("caption", "--model", captioner, *paths)
    assert result.code == 1
    assert "broken.mp4" in result.err
    lines = [line.split("\t") for line in result.out.splitlines()]
    assert list(dict.fromkeys(line[0] for line in lines)) == [str(path) for path in paths[:4]]
    assert [len(line) for line in lines if line[0].endswith(".png")] == [2, 2]
    spans = [line[1].split(" - ") for line in lines if line[0].endswith(".mp4")]
    assert (spans[0][0], spans[-1][1]) == ("00:00:00.000", "00:00:04.000")
    assert all(one[1] == other[0] for one, other in pairwise(spans))


def test_a_folder_is_looked_through_for_both_and_can_be_a_clip(
    seqtasks: Program, captioner: Path, folder: Path
) -> None:
    result = seqtasks("caption", "--model", captioner, folder)
    names = {Path(line.partition("\t")[0]).name for line in result.out.splitlines()}
    assert names == {"1.png", "2.png", "film.mp4", "moving.gif", "000.png", "001.png", "002.png", "003.png"}
    result = seqtasks(
        "caption", "--model", captioner, folder / "frames", "--frame-step", "1", "--output-format", "jsonl"
    )
    assert result.code == 0
    spans = [json.loads(line) for line in result.out.splitlines()]
    assert sum(span["frames"] for span in spans) == 4


@pytest.mark.parametrize(
    ("choice", "frames"),
    [(("--frame-interval", "500ms"), 8), (("--frame-interval", "2"), 2), (("--frame-step", "5"), 8), ((), 4)],
)
def test_as_many_frames_are_described_as_are_asked_for(
    seqtasks: Program, captioner: Path, folder: Path, choice: tuple[str, ...], frames: int
) -> None:
    result = seqtasks("caption", "--model", captioner, folder / "film.mp4", *choice, "--json")
    spans = [json.loads(line) for line in result.out.splitlines()]
    assert sum(span["frames"] for span in spans) == frames


def test_the_last_span_ends_with_the_clip_whatever_its_file_says(
    seqtasks: Program, captioner: Path, folder: Path
) -> None:
    result = seqtasks("caption", "--model", captioner, folder / "moving.gif", "--frame-interval", "4s", "--json")
    [span] = [json.loads(line) for line in result.out.splitlines()]
    assert (span["start"], span["end"], span["frames"]) == (0, 4, 1)


def test_a_clip_is_not_described_where_it_cannot_be_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    options = VideoOptions(None, None, scenes=False, form="text", render=Path("captioned.mp4"), sheet=None)
    with pytest.raises(SeqtasksError, match=r"--output-video needs PyAV.*pip install 'seqtasks\[video\]'"):
        check_video_options(["moving.gif"], [], options)


def test_subtitles_the_sheet_and_the_clip_with_its_captions(
    seqtasks: Program, captioner: Path, folder: Path, tmp_path: Path
) -> None:
    sheet, video, subtitles = tmp_path / "sheet.png", tmp_path / "captioned.mp4", tmp_path / "film.srt"
    result = seqtasks(
        "caption", "--model", captioner, folder / "film.mp4", "--scene-detection", "--output-format", "srt",
        "--contact-sheet", sheet, "--output-video", video, "--output", subtitles,
    )  # fmt: skip
    assert (result.code, result.out) == (0, "")
    assert subtitles.read_text(encoding="utf-8").startswith("1\n00:00:00,000 --> ")
    with Image.open(sheet) as drawn:
        assert drawn.width > 64
    assert len(list(open_video(video).frames(StrideSampler()))) == 40


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["1.png", "--scene-detection"], "are for videos, but none was given"),
        (["1.png", "film.mp4", "--frame-interval", "soon"], "not a duration"),
        (["film.mp4", "--frame-interval", "0s"], "Invalid frame interval: 0 seconds"),
        (["film.mp4", "--frame-interval", "1s", "--scene-detection"], "mutually exclusive"),
        (["film.mp4", "--nbest", "2"], "are for images"),
        (["film.mp4", "moving.gif", "--contact-sheet", "sheet.png"], "takes one video, but 2 were given"),
        (["film.mp4", "1.png", "--output-format", "vtt"], "takes one video"),
        (["film.mp4", "--output-video", "film.mp4"], "would overwrite an input file"),
        (["film.mp4", "--output", "film.mp4"], "film.mp4 would overwrite an input file"),
        (["1.png", "--html-report", "1.png"], "1.png would overwrite an input file"),
        (["film.mp4", "--contact-sheet", "nowhere/sheet.png"], "no such folder"),
        (["film.mp4", "--contact-sheet", "sheet.pdf"], "unknown image format"),
    ],
)
def test_what_makes_no_sense_is_told_before_any_work(
    seqtasks: Program, captioner: Path, folder: Path, arguments: list[str], told: str
) -> None:
    files = {entry.name for entry in folder.iterdir()}
    paths = [folder / part if part in files or "/" in part else part for part in arguments]
    result = seqtasks("caption", "--model", captioner, *paths)
    assert result.code in (1, 2)
    assert told in result.err
    assert result.out == ""


def test_clips_with_captions_are_evaluated_frame_by_frame(
    seqtasks: Program, captioner: Path, folder: Path, tmp_path: Path
) -> None:
    span = {"start": 0, "end": 3, "caption": ["a red square", "something red"]}
    lines = [{"video": "film.mp4", "captions": [span]}, {"video": "broken.mp4", "captions": [span]}]
    data = tmp_path / "clips.jsonl"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    for name in ("film.mp4", "broken.mp4"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    result = seqtasks("evaluate", captioner, data, "--json")
    assert result.code == 1
    assert "broken.mp4" in result.err
    found = json.loads(result.out)
    assert found["examples"] == 3
    [reason] = found["skipped"]["reasons"]
    assert (reason["reason"], reason["count"], reason["places"]) == (
        "unreadable or damaged video", 1, [str(tmp_path / "broken.mp4")],
    )  # fmt: skip
    assert {"CIDEr-D", "BLEU-4"} <= {score["metric"] for score in found["scores"]}
