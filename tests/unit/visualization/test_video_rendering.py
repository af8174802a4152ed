"""A rendered clip has every frame at its time, and captions that can be read whatever lies behind them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from seqtasks.errors import SeqtasksError
from seqtasks.video.caption_spans import CaptionSpan
from seqtasks.video.reader import Frame
from seqtasks.video.writer import LONGEST_SIDE, SHORTEST_SIDE, video_size
from seqtasks.visualization import video_rendering
from seqtasks.visualization.video_rendering import SHARE, caption_per_frame, overlay_text, write_captioned_video

LONG = "a man in a red jacket who is riding a bicycle along the beach " * 30


def scene(number: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Colored fields that move."""
    picture = Image.new("RGB", size, (30, 60, 160))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((10 * number, 20, 10 * number + 80, 90), fill=(220, 40, 60))
    draw.rectangle((200, 10 * number, 260, 10 * number + 50), fill=(40, 200, 80))
    return picture


def frames(times: list[float], size: tuple[int, int] = (320, 240), until: float | None = None) -> list[Frame]:
    found = [Frame(number, time, None, scene(number, size)) for number, time in enumerate(times)]
    return [*found[:-1], found[-1]._replace(until=until)]


def read_back(path: Path) -> list[tuple[float, float, np.ndarray]]:
    """Beginning and length in seconds, and pixels of each frame."""
    with av.open(path) as container:
        return [
            (float(each.time), float(each.duration * each.time_base), each.to_ndarray(format="rgb24").astype(int))
            for each in container.decode(video=0)
        ]


def test_every_frame_has_its_time_and_its_picture(tmp_path: Path) -> None:
    times = [0.0, 1001 / 30000, 2002 / 30000, 0.1, 0.75, 3.0]
    given = frames(times, until=3.25)
    write_captioned_video(given, [], tmp_path / "clip.mp4")
    found = read_back(tmp_path / "clip.mp4")
    assert [time for time, _, _ in found] == pytest.approx(times, abs=1e-5)
    assert [time + length for time, length, _ in found] == pytest.approx([*times[1:], 3.25], abs=1e-5)
    for frame, (_, _, pixels) in zip(given, found, strict=True):
        assert np.abs(pixels - np.asarray(frame.image)).mean() < 2.5
    with av.open(tmp_path / "clip.mp4") as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.video[0].pix_fmt == "yuv420p"
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_another_encoder_where_the_first_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libx264"})
    given = frames([0.0, 0.04, 1.0], until=1.5)
    write_captioned_video(given, [], tmp_path / "clip.mp4")
    found = read_back(tmp_path / "clip.mp4")
    assert [(time, time + length) for time, length, _ in found] == [
        pytest.approx(each, abs=1e-4) for each in [(0.0, 0.04), (0.04, 1.0), (1.0, 1.5)]
    ]
    for frame, (_, _, pixels) in zip(given, found, strict=True):
        assert np.abs(pixels - np.asarray(frame.image)).mean() < 2.5
    with av.open(tmp_path / "clip.mp4") as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"


def test_large_areas_keep_their_colors(tmp_path: Path) -> None:
    colors = [(255, 0, 0), (0, 160, 0), (20, 30, 220), (255, 255, 255), (0, 0, 0), (200, 150, 120)]
    given = [Frame(n, n / 5, None, Image.new("RGB", (320, 240), color)) for n, color in enumerate(colors)]
    write_captioned_video(given, [], tmp_path / "clip.mp4")
    found = [pixels.mean((0, 1)) for _, _, pixels in read_back(tmp_path / "clip.mp4")]
    assert np.abs(np.array(found) - colors).max() < 4


def changed(before: Image.Image, after: np.ndarray) -> np.ndarray:
    return np.abs(np.asarray(before).astype(int) - after).max(-1) > 40


def test_captions_are_shown_in_their_spans_and_nowhere_else(tmp_path: Path) -> None:
    given = frames([0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    spans = [
        CaptionSpan(0.5, 1.5, "A dog .", 0.5, 2),
        CaptionSpan(1.5, 2.0, "", 0.5, 1),
        CaptionSpan(2.0, 9.0, "A cat .", 0.5, 1),
    ]
    write_captioned_video(given, spans, tmp_path / "clip.mp4")
    found = read_back(tmp_path / "clip.mp4")
    drawn = [changed(frame.image, pixels) for frame, (_, _, pixels) in zip(given, found, strict=True)]
    assert [bool(each[170:].sum() > 200) for each in drawn] == [False, True, True, False, True, True]
    assert not any(each[:170].mean() > 0.01 for each in drawn)


def test_frames_and_spans_are_taken_as_they_come() -> None:
    taken: list[str] = []

    def coming(kind: str, values: list[Any]) -> Iterator[Any]:
        for value in values:
            taken.append(kind)
            yield value

    spans = [CaptionSpan(0.0, 1.0, "a", 0.5, 1), CaptionSpan(1.0, 2.0, "b", 0.5, 1), CaptionSpan(2.0, 3.0, "c", 0.5, 1)]
    pairs = caption_per_frame(coming("frame", frames([0.0, 0.5, 1.0, 2.9, 3.0])), coming("span", spans))
    assert next(pairs)[1] == "a"
    assert taken == ["span", "frame"]
    assert [text for _, text in pairs] == ["a", "b", "c", ""]


def luminance(colors: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB (WCAG 2)."""
    parts = colors / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


@pytest.mark.parametrize("background", ["white", "black", "grey", "yellow", "noise"])
def test_captions_stand_out_from_any_background(background: str) -> None:
    size = (640, 360)
    if background == "noise":
        picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (360, 640, 3), dtype=np.uint8))
    else:
        picture = Image.new("RGB", size, background)
    letters, left, top = video_rendering.render_text("A dog runs .", size)
    after = luminance(np.asarray(overlay_text(picture, "A dog runs ."))[top : top + letters.height].astype(float))
    after = after[:, left : left + letters.width]
    ink = np.asarray(letters)
    assert (ink == 255).sum() > 100
    assert ((after[ink == 255].min() + 0.05) / (after[ink == 0].max() + 0.05)) > 4.5


def test_a_picture_is_changed_at_its_bottom_alone() -> None:
    before = scene(3)
    after = np.asarray(overlay_text(before.copy(), "A dog ."))
    rows = np.nonzero((after != np.asarray(before)).any((1, 2)))[0]
    assert rows.min() > 180
    assert all(overlay_text(before.copy(), text) == before for text in ("", " \n"))


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (240, 240), (1920, 1080), (240, 2000), (4096, 240)])
def test_long_captions_hide_half_of_the_picture_at_most(size: tuple[int, int]) -> None:
    letters, left, top = video_rendering.render_text(LONG, size)
    assert letters.height <= SHARE * size[1]
    assert 0 <= left <= left + letters.width <= size[0]
    assert size[1] / 3 <= top <= top + letters.height <= size[1]


def test_the_given_pictures_are_left_as_they_are(tmp_path: Path) -> None:
    given = frames([0.0, 1.0])
    write_captioned_video(given, [CaptionSpan(0.0, 2.0, "A dog .", 0.5, 2)], tmp_path / "clip.mp4")
    assert all(frame.image == scene(frame.number) for frame in given)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 360), (640, 360)),
        ((641, 361), (640, 360)),
        ((64, 48), (320, 240)),
        ((48, 64), (240, 320)),
        ((8192, 4096), (4096, 2048)),
        ((1, 1), (240, 240)),
        ((9000, 2), (4096, 2)),
    ],
)
def test_sides_are_even_and_neither_tiny_nor_huge(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert video_size(size) == expected
    assert max(expected) <= LONGEST_SIDE
    assert min(expected) >= min(SHORTEST_SIDE, 2)


@pytest.mark.parametrize("size", [(641, 361), (1, 1), (97, 64), (2000, 4)])
def test_clips_of_any_size(size: tuple[int, int], tmp_path: Path) -> None:
    given = [Frame(n, n / 10, None, Image.new("RGB", size, (200, 60, 30))) for n in range(3)]
    write_captioned_video(given, [CaptionSpan(0.0, 0.2, LONG, 0.5, 2)], tmp_path / "clip.mp4")
    first, _, last = (pixels for _, _, pixels in read_back(tmp_path / "clip.mp4"))
    assert first.shape[1::-1] == video_size(size)
    assert not np.array_equal(first, last)
    assert np.abs(last - (200, 60, 30)).max() < 6  # no margins


def test_frames_of_another_size_get_margins(tmp_path: Path) -> None:
    wide, high = Image.new("RGB", (320, 240), "red"), Image.new("RGB", (240, 480), "red")
    write_captioned_video([Frame(0, 0.0, None, wide), Frame(1, 1.0, None, high)], [], tmp_path / "clip.mp4")
    first, second = (pixels for _, _, pixels in read_back(tmp_path / "clip.mp4"))
    assert first.shape == second.shape
    red = second[:, :, 0] > 128
    assert red[:, 110:210].all()
    assert not red[:, :90].any()
    assert not red[:, 230:].any()


def test_where_nothing_says_how_long_the_last_frame_lasts_it_is_the_step_before(tmp_path: Path) -> None:
    write_captioned_video(frames([0.0, 0.2, 0.5]), [], tmp_path / "clip.mp4")
    assert read_back(tmp_path / "clip.mp4")[-1][1] == pytest.approx(0.3, abs=1e-4)
    write_captioned_video(frames([0.0]), [], tmp_path / "lone.mp4")
    assert read_back(tmp_path / "lone.mp4")[0][1] == pytest.approx(1, abs=1e-4)


def test_times_that_stand_still_lose_no_frame(tmp_path: Path) -> None:
    write_captioned_video(frames([0.0, 0.5, 0.5, 0.4, 1.0]), [], tmp_path / "clip.mp4")
    times = [time for time, _, _ in read_back(tmp_path / "clip.mp4")]
    assert times == pytest.approx([0.0, 0.5, 0.5, 0.5, 1.0], abs=1e-4)
    assert times == sorted(set(times))


def test_when_frames_break_off_the_old_file_stays(tmp_path: Path) -> None:
    def broken() -> Iterator[Frame]:
        yield from frames([0.0, 0.5, 1.0])
        raise RuntimeError("broken off")

    path = tmp_path / "clip.mp4"
    path.write_bytes(b"before")
    with pytest.raises(RuntimeError, match="broken off"):
        write_captioned_video(broken(), [], path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SeqtasksError, match=r"clip\.mp4: there is no frame to write"):
        write_captioned_video([], [], tmp_path / "clip.mp4")
    with pytest.raises(SeqtasksError, match=r"clip\.mp4 cannot be written: No such file"):
        write_captioned_video(frames([0.0]), [], tmp_path / "nowhere" / "clip.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SeqtasksError, match=r"needs PyAV\.(?s:.*)seqtasks\[video\]"):
        write_captioned_video(frames([0.0]), [], tmp_path / "clip.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(SeqtasksError, match=r"pipe: a video cannot be written to a pipe"):
            write_captioned_video(frames([0.0]), [], tmp_path / "pipe")
    finally:
        os.close(reading)
