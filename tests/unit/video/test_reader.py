"""Which frames of a clip are wanted, and which files are clips."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.numbered import numbered_picture
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import SeqtasksError
from seqtasks.video.reader import FrameSampler, IntervalSampler, StrideSampler, is_video, open_video
from seqtasks.video.source import DecodeErrors, LazyFrame, VideoError


def moment(number: int, seconds: float) -> LazyFrame:
    def never() -> Any:
        raise AssertionError("a frame was looked at")

    return LazyFrame(number, seconds, None, never, never)


def chosen(choice: FrameSampler, times: list[float], numbers: list[int] | None = None) -> list[int]:
    wanted = choice.begin()
    return [
        number for number, time in zip(numbers or range(len(times)), times, strict=True) if wanted(moment(number, time))
    ]


@given(
    steps=st.lists(st.floats(0.001, 5), max_size=60),
    every=st.floats(0.01, 10),
)
def test_every_n_seconds_is_the_first_frame_at_or_after_each_multiple(steps: list[float], every: float) -> None:
    times = np.cumsum([0.0, *steps])
    firsts = set()
    for multiple in range(int(times[-1] / every) + 2):
        later = np.flatnonzero(times + 0.001 >= multiple * every)
        firsts.update(later[:1].tolist())
    near = np.abs((times + 0.001) / every - np.round((times + 0.001) / every)) < 1e-9  # either answer is right
    if not near.any():
        assert chosen(IntervalSampler(every), times.tolist()) == sorted(firsts)


@pytest.mark.parametrize("rate", [24, 25, 30, 50, 60, 30000 / 1001, 24000 / 1001])
@pytest.mark.parametrize("every", [0.1, 0.2, 0.5, 1, 2, 10])
@pytest.mark.parametrize("rounded", [False, True])
def test_ten_minutes_do_not_drift(rate: float, every: float, rounded: bool) -> None:
    """Frames on a multiple are taken, also where a file keeps milliseconds alone."""
    times = [number / rate for number in range(int(600 * rate))]
    found = chosen(IntervalSampler(every), [round(time, 3) for time in times] if rounded else times)
    whole = round(rate * every)
    if abs(whole - rate * every) < 1e-9:
        assert found == list(range(0, len(times), whole))
    assert abs(len(found) - 600 / every) <= 1


def test_every_n_frames() -> None:
    times = [0.1 * number for number in range(10)]
    assert chosen(StrideSampler(), times) == list(range(10))
    assert chosen(StrideSampler(4), times) == [0, 4, 8]
    assert chosen(StrideSampler(100), times) == [0]
    assert chosen(StrideSampler(3), times[:6], [1, 2, 4, 5, 9, 10]) == [1, 4, 9]  # others could not be decoded


def test_a_choice_serves_many_clips_at_once() -> None:
    choice = IntervalSampler(1)
    first, second = choice.begin(), choice.begin()
    assert [first(moment(0, 0)), second(moment(0, 0)), first(moment(1, 0.5)), second(moment(1, 1))] == [
        True, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf")])
def test_there_are_no_frames_every_no_seconds(seconds: float) -> None:
    with pytest.raises(SeqtasksError, match="Invalid frame interval"):
        IntervalSampler(seconds)


@pytest.mark.parametrize("frames", [0, -3])
def test_there_are_no_frames_every_no_frames(frames: int) -> None:
    with pytest.raises(SeqtasksError, match="Invalid frame step"):
        StrideSampler(frames)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    os.mkfifo(tmp_path / "pipe.mp4")
    cases: dict[str, str | Path] = {
        "missing.mp4: there is no such file": tmp_path / "missing.mp4",
        "empty.mp4: the file is empty": tmp_path / "empty.mp4",
        "pipe.mp4: not a file": tmp_path / "pipe.mp4",
        "/dev/zero: not a file": "/dev/zero",
        "the file cannot be read .embedded null byte": "a\0.mp4",
        "missing.gif: there is no such file": str(tmp_path / "missing.gif"),
    }
    for message, path in cases.items():
        with pytest.raises(VideoError, match=message):
            open_video(path)
    with pytest.raises(VideoError, match=r"^my clip: the file is empty\.$"):
        open_video(tmp_path / "empty.mp4", "my clip")


def test_clips_are_told_from_pictures(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.MKV", "c.webm", "d.mov", "e.avi", "missing.m4v"):
        assert is_video(tmp_path / name)
    numbered_picture(1).save(tmp_path / "photo.jpg")
    numbered_picture(1).save(tmp_path / "page.gif")
    (tmp_path / "broken.gif").write_bytes(b"GIF89a")
    (tmp_path / "folder.mp4").mkdir()
    for name in ("photo.jpg", "page.gif", "broken.gif", "missing.gif", "folder.mp4", "", "notes.txt"):
        assert not is_video(str(tmp_path / name))
    frames = [numbered_picture(number) for number in range(3)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert is_video(str(tmp_path / "moving.gif"))


def test_losses_are_told_in_a_sentence() -> None:
    losses = DecodeErrors()
    assert str(losses) == ""
    losses.lose(1.5, OSError(5, "Input/output error"))
    assert str(losses) == "1 frame is damaged, after 1.50 seconds (Input/output error)"
    for _ in range(1233):
        losses.lose(2, "other\nthings.")
    losses.break_off(7, 10.25)
    assert str(losses) == (
        "1,234 frames are damaged, the first after 1.50 seconds (Input/output error) "
        "and it breaks off after 7.00 of 10.25 seconds"
    )
    losses = DecodeErrors()
    losses.break_off(0.5)
    assert str(losses) == "it breaks off after 0.50 seconds"
    losses.lose(0, ValueError())
    assert str(losses) == "1 frame is damaged, after 0.00 seconds (ValueError) and it breaks off after 0.50 seconds"
