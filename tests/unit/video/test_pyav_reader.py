"""Films: every codec gives the right frames, upright, at their true times; what is broken is told, the rest is kept."""

from __future__ import annotations

import itertools
import os
import struct
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from helpers.numbered import SIZE, evenly, number_in, numbered_picture, write_film
from PIL import Image

from seqtasks.image import loading as images
from seqtasks.video import pyav_reader as film
from seqtasks.video.reader import (
    Frame,
    IntervalSampler,
    StrideSampler,
    Video,
    open_video,
)
from seqtasks.video.scene_detection import SceneChangeSampler
from seqtasks.video.source import VideoError

QUIET = {"x265-params": "log-level=none"}
CODECS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "h264": ("mp4", "libx264", {}),
    "hevc": ("mp4", "libx265", {"options": QUIET}),
    "vp9": ("webm", "libvpx-vp9", {}),
    "av1": ("mp4", "libsvtav1", {}),
    "mpeg4": ("mp4", "mpeg4", {}),
    "mjpeg": ("avi", "mjpeg", {"pixels": "yuvj420p"}),
    "h264 in avi, which knows no times": ("avi", "libx264", {"options": {"bf": "3"}}),
    "mpeg4 in avi": ("avi", "mpeg4", {"options": {"bf": "2"}}),
    "mpeg2 as broadcast": ("ts", "mpeg2video", {}),
    "h264 as broadcast": ("ts", "libx264", {}),
    "mpeg1": ("mpg", "mpeg1video", {}),
    "h264 in matroska": ("mkv", "libx264", {}),
    "ten bits": ("mkv", "libx265", {"options": QUIET, "pixels": "yuv420p10le"}),
    "grey": ("mkv", "ffv1", {"pixels": "gray"}),
    "flash": ("flv", "flv", {}),
    "windows media": ("wmv", "wmv2", {}),
    "in pieces": ("mp4", "libx264", {"form_options": {"movflags": "frag_keyframe+empty_moov"}}),
}


def all_of(clip: Video) -> list[Frame]:
    return list(clip.frames(StrideSampler(1)))


def check(found: list[Frame], times: list[float], last: float | None = None, tolerance: float = 0.0006) -> None:
    """Every frame is there, shows its number, and begins and ends at its time."""
    assert [frame.number for frame in found] == list(range(len(times)))
    assert [number_in(frame.image) for frame in found] == list(range(len(times)))
    assert [frame.seconds for frame in found] == pytest.approx(times, abs=tolerance)
    assert [frame.until for frame in found[:-1]] == [frame.seconds for frame in found[1:]]
    if last is not None:
        assert found[-1].until == pytest.approx(last, abs=2 * tolerance)


@pytest.mark.parametrize("kind", CODECS)
def test_every_codec_gives_every_frame_at_its_time(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVT_LOG", "1")
    ending, codec, settings = CODECS[kind]
    clip = open_video(write_film(tmp_path / f"clip.{ending}", codec, **settings))
    check(all_of(clip), evenly(30), last=30 / 25)
    assert (clip.size, clip.rate, clip.damage) == (SIZE, 25, None)
    assert clip.duration is None or clip.duration == pytest.approx(30 / 25)
    check(all_of(clip), evenly(30))  # once more


UNEVEN = [0.0, 0.04, 0.08, 0.5, 0.533, 0.566, 2.0, 2.1, 2.2, 2.25, 6.0]


@pytest.mark.parametrize("ending", ["mp4", "mkv", "webm", "mov"])
def test_frames_that_last_differently_keep_their_times(ending: str, tmp_path: Path) -> None:
    codec = "libvpx-vp9" if ending == "webm" else "libx264"
    clip = open_video(write_film(tmp_path / f"clip.{ending}", codec, UNEVEN))
    check(all_of(clip), UNEVEN)
    assert clip.damage is None
    chosen = [(frame.number, frame.until) for frame in clip.frames(IntervalSampler(1))]
    assert [number for number, _ in chosen] == [0, 6, 10]
    assert [until for _, until in chosen[:2]] == pytest.approx([0.04, 2.1], abs=0.0006)


def test_american_rates(tmp_path: Path) -> None:
    times = [number * 1001 / 30000 for number in range(100)]
    check(all_of(open_video(write_film(tmp_path / "clip.mp4", "libx264", times))), times, tolerance=0.00002)


@pytest.mark.parametrize("start", [0.5, 1000.0])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_time_begins_with_the_first_frame(ending: str, start: float, tmp_path: Path) -> None:
    times = [start + seconds for seconds in UNEVEN]
    clip = open_video(write_film(tmp_path / f"clip.{ending}", "libx264", times))
    check(all_of(clip), UNEVEN)
    assert clip.damage is None


def test_two_recordings_in_one_file(tmp_path: Path) -> None:
    write_film(tmp_path / "clip.ts", "mpeg2video")
    content = (tmp_path / "clip.ts").read_bytes()
    (tmp_path / "both.ts").write_bytes(content + content)
    clip = open_video(tmp_path / "both.ts")
    found = all_of(clip)
    assert [number_in(frame.image) for frame in found] == [*range(28), *range(29, 30), *range(30)]
    assert clip.damage == "1 frame is damaged, after 1.04 seconds (a part of it is missing)"  # packets are counted
    steps = np.diff([frame.seconds for frame in found])
    assert steps.min() > 0
    assert steps.max() < 0.5


class Stamped:
    """As much of a frame as a clock looks at."""

    def __init__(self, pts: int | None) -> None:
        self.pts = pts
        self.dts: int | None = 10_000
        self.time_base = Fraction(1, 100)
        self.duration = 0


@pytest.mark.parametrize(
    ("stamps", "times"),
    [
        ([5, 9, 13], [0.05, 0.09, 0.13]),
        ([None, None, None], [0, 0.04, 0.08]),
        ([0, None, 8], [0, 0.04, 0.08]),
        ([0, 4, 4, 8], [0, 0.04, 0.041, 0.08]),
        ([0, 4, 3, 8], [0, 0.04, 0.041, 0.08]),
        ([500, 900, 0, 4], [5, 9, 9.04, 9.08]),
        ([-300, -200], [0, 1]),
    ],
)
def test_times_always_go_on(stamps: list[int | None], times: list[float], tmp_path: Path) -> None:
    with av.open(str(write_film(tmp_path / "clip.mp4"))) as container:
        clock = film.TimestampNormalizer(container, container.streams.video[0])
    assert [clock.place(Stamped(stamp)) for stamp in stamps] == pytest.approx(times)  # type: ignore[arg-type]


def with_matrix(path: Path, turn: tuple[int, int, int, int]) -> Path:
    """Writes a display matrix, without its shift, into the header of an MP4's one track."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44
    one, last = 1 << 16, 1 << 30
    assert struct.unpack_from(">9i", content, place) == (one, 0, 0, 0, one, 0, 0, 0, last)
    across, down, right, below = (each * one for each in turn)
    struct.pack_into(">9i", content, place, across, down, 0, right, below, 0, 0, 0, last)
    path.write_bytes(content)
    return path


def unturned(picture: Image.Image, turn: tuple[int, int, int, int]) -> Image.Image:
    """What a camera stores so that the matrix gives this picture: each pixel is looked up where it will be shown."""
    across, down, right, below = turn
    shown = np.asarray(picture)
    width, height = picture.size if across else picture.size[::-1]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    left, top = across * x + right * y, down * x + below * y
    return Image.fromarray(shown[top - top.min(), left - left.min()])


TURNS = [turn for turn in itertools.product((-1, 0, 1), repeat=4) if abs(turn[0] * turn[3] - turn[1] * turn[2]) == 1]
TURNS = [turn for turn in TURNS if sum(map(abs, turn)) == 2]


def test_there_are_eight_ways_to_hold_a_camera() -> None:
    assert len(TURNS) == 8


@pytest.mark.parametrize("turn", TURNS)
def test_frames_are_upright(turn: tuple[int, int, int, int], tmp_path: Path) -> None:
    stored = [unturned(numbered_picture(number), turn) for number in range(30)]
    path = write_film(tmp_path / "clip.mp4", "libx264", pictures=stored, size=stored[0].size)
    clip = open_video(with_matrix(path, turn))
    assert clip.size == SIZE
    check(all_of(clip), evenly(30))


def test_a_phone_that_is_held_upright(tmp_path: Path) -> None:
    """As FFmpeg itself turns it: a picture that was turned by a quarter against the clock, and back."""
    stored = [numbered_picture(number).rotate(90, expand=True) for number in range(30)]
    path = write_film(tmp_path / "clip.mp4", pictures=stored, size=stored[0].size)
    with av.open(str(with_matrix(path, (0, 1, -1, 0)))) as container:
        assert next(container.decode(video=0)).rotation == -90
    check(all_of(open_video(path)), evenly(30))


def test_a_matrix_that_turns_nothing_to_see(tmp_path: Path) -> None:
    check(all_of(open_video(with_matrix(write_film(tmp_path / "clip.mp4"), (0, 0, 0, 0)))), evenly(30))


@pytest.mark.parametrize(("shape", "size"), [(Fraction(2), (192, 64)), (Fraction(1, 2), (96, 128))])
def test_pixels_that_are_not_square(shape: Fraction, size: tuple[int, int], tmp_path: Path) -> None:
    clip = open_video(write_film(tmp_path / "clip.mkv", "libx264", shape=shape))
    assert clip.size == size
    check(all_of(clip), evenly(30))


@pytest.mark.parametrize("choice", [IntervalSampler(0.2), StrideSampler(5), SceneChangeSampler(0.99, shortest=10)])
def test_frames_that_are_not_wanted_are_not_converted(
    choice: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = open_video(write_film(tmp_path / "clip.mp4", "libx264"))
    converted: list[int] = []
    make = film.image_of
    monkeypatch.setattr(film, "image_of", lambda frame, *more: converted.append(frame.pts) or make(frame, *more))
    found = list(clip.frames(choice))
    assert len(found) == len(converted) == (1 if isinstance(choice, SceneChangeSampler) else 6)


def memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("choice", [StrideSampler(20), SceneChangeSampler()])
def test_a_long_film_needs_no_more_memory(choice: Any, tmp_path: Path) -> None:
    pictures = (numbered_picture(number // 20 % 250, (320, 240)) for number in range(2000))
    clip = open_video(write_film(tmp_path / "clip.mp4", frames=2000, pictures=pictures, size=(320, 240)))
    frames = clip.frames(choice)
    for _ in range(10):
        next(frames)
    before = memory()
    rest = sum(1 for _ in frames)
    assert rest > 10
    assert memory() - before < 8 * 2**20  # the frames would be 230 MB as they are decoded, those that are given 23


def test_frames_too_large_are_refused_before_they_are_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_film(tmp_path / "clip.mp4")
    monkeypatch.setattr(film.TimestampNormalizer, "place", lambda *_: pytest.fail("a frame was decoded"))
    monkeypatch.setattr(images, "MAX_PIXELS", 96 * 64 - 1)
    with pytest.raises(VideoError, match=r"clip\.mp4: its frames have more than 6,143 pixels"):
        open_video(path)
    monkeypatch.setattr(images, "MAX_PIXELS", 96 * 64 * 4)
    monkeypatch.setattr(images, "MAX_SIDE", 95)
    with pytest.raises(
        VideoError, match=r"clip\.mp4: frames of 96 x 64 pixels are too many; the limit is 24,576, and 95 per side\."
    ):
        open_video(path)


def test_frames_that_are_stretched_too_far_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_film(tmp_path / "clip.mkv", "libx264", shape=Fraction(2))
    monkeypatch.setattr(images, "MAX_PIXELS", 96 * 64)
    with pytest.raises(VideoError, match="192 x 64 pixels are too many"):
        open_video(path)


def test_frames_that_grow_too_large_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header says small; the third frame does not keep to it, and the decoder does not begin to decode it."""
    small, large = (
        write_film(tmp_path / f"{name}.avi", "mjpeg", frames=5, size=size, pixels="yuvj420p")
        for name, size in (("small", SIZE), ("large", (960, 640)))
    )
    with av.open(str(small)) as first, av.open(str(large)) as second, av.open(str(tmp_path / "clip.avi"), "w") as both:
        stream = both.add_stream_from_template(first.streams.video[0])
        pairs = zip(first.demux(video=0), second.demux(video=0), strict=True)
        for number, (packet, larger) in enumerate(pairs):
            chosen = larger if number == 2 else packet
            if chosen.size:
                chosen.stream = stream
                both.mux(chosen)
    assert [frame.image.size for frame in all_of(open_video(tmp_path / "clip.avi"))] == [SIZE] * 2 + [(960, 640)] + [
        SIZE
    ] * 2
    monkeypatch.setattr(images, "MAX_PIXELS", 960 * 640 - 1)
    monkeypatch.setattr(film, "image_of", lambda frame, *_: Image.new("RGB", (frame.width, frame.height)))
    clip = open_video(tmp_path / "clip.avi")
    assert [frame.image.size for frame in all_of(clip)] == [SIZE] * 4
    assert clip.damage is not None
    assert clip.damage.startswith("1 frame is damaged, after 0.04 seconds (")
