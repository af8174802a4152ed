"""Clips on disk: what PyAV and Pillow read back is what was written, at the right times, or nothing is there."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from seqtasks.data.captions.captioned_images import CaptionedImage
from seqtasks.data.examples import ReadReport
from seqtasks.data.videos.frame_sequence import open_videos
from seqtasks.data.videos.readers import VideoSource, is_video_dataset, read_captioned_videos
from seqtasks.data.videos.synthetic import SyntheticVideoConfig
from seqtasks.data.videos.writer import write_video
from seqtasks.errors import SeqtasksError
from seqtasks.video.reader import StrideSampler, open_video
from video_captions import write_synthetic_videos

COLORS = [(200, 40, 40), (40, 180, 40), (40, 40, 220), (230, 230, 60), (20, 20, 20), (240, 240, 240)]


def frames(size: tuple[int, int] = (64, 48), count: int = 6) -> Iterator[Image.Image]:
    """One color after the other, with a square that moves."""
    for number in range(count):
        picture = Image.new("RGB", size, COLORS[number % len(COLORS)])
        picture.paste((128, 128, 128), (2 * number, 4, 2 * number + 8, 12))
        yield picture


def difference(first: Image.Image, second: Image.Image) -> float:
    return float(np.abs(np.asarray(first, int) - np.asarray(second, int)).mean())


@pytest.mark.parametrize("rate", [1, 7, 25, 30_000 / 1001])
def test_an_mp4_holds_every_frame_at_its_time(tmp_path: Path, rate: float) -> None:
    path = tmp_path / "clip.MP4"
    write_video(path, frames(), rate)
    with av.open(str(path)) as container:
        assert "mp4" in container.format.name
        assert container.streams.video[0].codec_context.name in ("h264", "mpeg4")
        found = [(frame.time, frame.to_image()) for frame in container.decode(video=0)]
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(6 / rate, abs=0.002)
    assert [time for time, _ in found] == pytest.approx([number / rate for number in range(6)], abs=1e-4)
    for (_, read), written in zip(found, frames(), strict=True):
        assert read.size == (64, 48)
        assert difference(read, written) < 5


@pytest.mark.parametrize("rate", [1, 7, 24, 30, 50])
def test_a_gif_holds_every_frame_and_its_times_do_not_drift(tmp_path: Path, rate: float) -> None:
    path = tmp_path / "clip.gif"
    write_video(path, frames(count=30), rate)
    with Image.open(path) as animation:
        assert animation.info["loop"] == 0
        read = [(frame.info["duration"], frame.convert("RGB")) for frame in ImageSequence.Iterator(animation)]
    times = np.cumsum([duration for duration, _ in read]) / 1000
    assert np.abs(times - np.arange(1, 31) / rate).max() <= 0.00501
    for (_, found), written in zip(read, frames(count=30), strict=True):
        assert difference(found, written) < 5


def test_equal_frames_of_a_gif_become_one_that_lasts_as_long(tmp_path: Path) -> None:
    pictures = list(frames())
    write_video(tmp_path / "clip.gif", [pictures[0], pictures[0].copy(), pictures[0], pictures[1]], 3)
    with Image.open(tmp_path / "clip.gif") as animation:
        assert [frame.info["duration"] for frame in ImageSequence.Iterator(animation)] == [1000, 330]


@pytest.mark.parametrize("ending", [".mp4", ".gif"])
def test_our_own_reader_reads_it_back(tmp_path: Path, ending: str) -> None:
    write_video(tmp_path / f"clip{ending}", frames(), 2)
    found = list(open_video(tmp_path / f"clip{ending}").frames(StrideSampler(1)))
    assert [frame.seconds for frame in found] == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5])
    assert all(difference(each.image, written) < 5 for each, written in zip(found, frames(), strict=True))


@pytest.mark.parametrize(("ending", "size"), [(".mp4", (62, 46)), (".gif", (63, 47))])
def test_the_first_frame_gives_the_size_and_mp4_makes_it_even(
    tmp_path: Path, ending: str, size: tuple[int, int]
) -> None:
    first, wide = next(frames((63, 47))), Image.new("RGB", (126, 40), (200, 40, 40))
    write_video(tmp_path / f"clip{ending}", [first, wide], 1)
    pictures = [frame.image for frame in open_video(tmp_path / f"clip{ending}").frames(StrideSampler(1))]
    assert [picture.size for picture in pictures] == [size, size]
    left, top, right, bottom = pictures[1].convert("L").point(lambda grey: 255 * (grey > 40)).getbbox() or (0, 0, 0, 0)
    assert right - left == size[0]
    assert bottom - top == pytest.approx(size[0] * 40 / 126, abs=3)
    assert top == pytest.approx(size[1] - bottom, abs=2)


def test_the_pictures_that_are_given_stay_as_they_are(tmp_path: Path) -> None:
    pictures = list(frames())
    for picture in pictures:
        picture.info["duration"] = 77
    for ending in (".gif", ".mp4"):
        write_video(tmp_path / f"clip{ending}", pictures, 2)
    assert all(picture.info == {"duration": 77} for picture in pictures)
    assert all(difference(*pair) == 0 for pair in zip(pictures, frames(), strict=True))
    with Image.open(tmp_path / "clip.gif") as animation:
        assert animation.info["duration"] == 500


def test_frames_of_an_mp4_are_taken_one_by_one(tmp_path: Path) -> None:
    given: list[weakref.ref[Image.Image]] = []
    alive: list[int] = []

    def streamed() -> Iterator[Image.Image]:
        for picture in frames(count=40):
            given.append(weakref.ref(picture))
            yield picture
            alive.append(sum(each() is not None for each in given))

    write_video(tmp_path / "clip.mp4", streamed(), 5)
    assert len(alive) == 40
    assert max(alive) <= 3


@pytest.mark.parametrize("ending", [".mp4", ".gif"])
def test_a_clip_is_there_whole_or_not_at_all(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"clip{ending}"

    def broken() -> Iterator[Image.Image]:
        yield from frames()
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_video(path, broken(), 2)
    assert os.listdir(tmp_path) == []
    write_video(path, frames(), 2)
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="no more"):
        write_video(path, broken(), 2)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "rate", "message"),
    [
        ("clip.avi", 2, "videos are written as .mp4 or .gif"),
        ("clip", 2, "videos are written as .mp4 or .gif"),
        ("clip.gif", 51, "51 frames per second are not possible. Use more than 0, and at most 50"),
        ("clip.mp4", 0, "0 frames per second are not possible"),
        ("clip.mp4", float("nan"), "nan frames per second are not possible"),
    ],
)
def test_other_endings_and_rates_are_refused_before_a_frame_is_made(
    tmp_path: Path, name: str, rate: float, message: str
) -> None:
    def unwanted() -> Iterator[Image.Image]:
        raise AssertionError
        yield

    with pytest.raises(SeqtasksError, match=message):
        write_video(tmp_path / name, unwanted(), rate)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("ending", [".mp4", ".gif"])
def test_no_frames_and_places_for_no_file_are_refused(tmp_path: Path, ending: str) -> None:
    with pytest.raises(SeqtasksError, match="there is no frame to write"):
        write_video(tmp_path / f"clip{ending}", [], 2)
    os.mkfifo(tmp_path / f"pipe{ending}")
    with pytest.raises(SeqtasksError, match="a video cannot be written here"):
        write_video(tmp_path / f"pipe{ending}", frames(), 2)


def test_without_pyav_gifs_are_written_and_the_rest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    write_video(tmp_path / "clip.gif", frames(), 2)
    with pytest.raises(SeqtasksError, match=r"needs PyAV.*pip install 'seqtasks\[video\]'"):
        write_video(tmp_path / "clip.mp4", frames(), 2)
    assert os.listdir(tmp_path) == ["clip.gif"]


@pytest.mark.parametrize("rate", [1, 3, 7, 30_000 / 1001])
def test_clips_of_stills_are_read_back_with_the_captions_of_every_frame(tmp_path: Path, rate: float) -> None:
    images = []
    for number, color in enumerate(("red", "green", "blue")):
        Image.new("RGB", (64, 64), color).save(tmp_path / f"{number}.png")
        images.append(CaptionedImage(tmp_path / f"{number}.png", (f"a {color} square", color)))
    settings = SyntheticVideoConfig(shots_per_video=2, frames_per_shot=5, corruption_strength=0)
    file = write_synthetic_videos(tmp_path / "clips", images, settings, 1, rate=rate)
    assert is_video_dataset(file)
    clips = read_captioned_videos(VideoSource(path=file), ReadReport())
    assert [len(clip.captions) for clip in clips] == [2, 1]
    colors = {"red": 0, "green": 1, "blue": 2}
    for clip in clips:
        ((playing,), _) = open_videos([clip], 1 / rate)
        assert len(playing.times) == 5 * len(clip.captions)
        for (_, color), picture in zip(playing.captions, playing.frames(0), strict=True):
            red_green_blue = picture.getpixel((30, 30))
            assert isinstance(red_green_blue, tuple)
            assert red_green_blue.index(max(red_green_blue)) == colors[color]
