"""Times are those that players show, and the length of sound is not taken for that of the video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from helpers.numbered import evenly, numbered_picture, write_film

from seqtasks.video.caption_spans import FrameCaption, merge_captions
from seqtasks.video.reader import Frame, IntervalSampler, StrideSampler, open_video
from seqtasks.video.subtitles import to_srt, to_vtt

RATE = 25


def with_sound(
    path: Path,
    *,
    begins: float = 0.0,
    frames: int = 50,
    sound: float,
    sound_begins: float = 0.0,
    codec: str = "aac",
    sample_rate: int = 48_000,
    video_codec: str = "libx264",
) -> Path:
    """A video of numbered frames with silence beside it; both begin and end when they are told to, in seconds."""
    packets: list[Any] = []
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(video_codec, rate=RATE)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        audio: Any = container.add_stream(codec, rate=sample_rate)
        audio.layout = "mono"
        audio.codec_context.open()
        size = audio.codec_context.frame_size or 1024
        for number in range(round(sound * sample_rate / size)):
            kind, form = (np.int16, "s16") if codec in ("pcm_s16le", "flac") else (np.float32, "fltp")
            silence: Any = av.AudioFrame.from_ndarray(np.zeros((1, size), kind), format=form, layout="mono")
            silence.sample_rate, silence.time_base = sample_rate, Fraction(1, sample_rate)
            silence.pts = round(sound_begins * sample_rate) + number * size
            packets += audio.encode(silence)
        packets += audio.encode(None)
        for number in range(frames):
            frame: Any = av.VideoFrame.from_image(numbered_picture(number))
            frame.pts, frame.time_base = round(begins * RATE) + number, Fraction(1, RATE)
            packets += video.encode(frame)
        packets += video.encode(None)
        for packet in sorted(packets, key=lambda each: float(each.dts * each.time_base)):
            container.mux(packet)
    return path


def all_of(path: Path) -> tuple[list[Frame], float | None, str | None]:
    video = open_video(path)
    return list(video.frames(StrideSampler())), video.end, video.damage


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov", "ts"])
@pytest.mark.parametrize(("codec", "sample_rate"), [("aac", 48_000), ("aac", 16_000), ("mp3", 44_100), ("ac3", 48_000)])
def test_sound_that_goes_on_neither_breaks_off_nor_holds_the_last_caption(
    ending: str, codec: str, sample_rate: int, tmp_path: Path
) -> None:
    path = with_sound(tmp_path / f"a.{ending}", sound=2.77, codec=codec, sample_rate=sample_rate)
    found, end, damage = all_of(path)
    assert damage is None
    assert (len(found), end) == (50, pytest.approx(found[0].seconds + 2, abs=0.002))
    assert found[-1].until == pytest.approx(found[0].seconds + 2, abs=0.002)


@pytest.mark.parametrize(("ending", "codec", "sample_rate"), [
    ("mkv", "pcm_s16le", 16_000), ("mkv", "flac", 44_100), ("webm", "libopus", 48_000), ("mkv", "libopus", 48_000),
])  # fmt: skip
def test_other_codecs_of_sound(ending: str, codec: str, sample_rate: int, tmp_path: Path) -> None:
    film = "libvpx-vp9" if ending == "webm" else "libx264"
    path = with_sound(tmp_path / f"a.{ending}", sound=5, codec=codec, sample_rate=sample_rate, video_codec=film)
    found, end, damage = all_of(path)
    assert damage is None
    assert (len(found), end) == (50, pytest.approx(found[0].seconds + 2, abs=0.002))


@pytest.mark.parametrize("ending", ["mkv", "mp4", "mov", "ts", "flv"])
@pytest.mark.parametrize("sound", [2.0, 9.0])
def test_video_that_begins_after_the_sound_has_the_times_of_players(ending: str, sound: float, tmp_path: Path) -> None:
    codec = {"flv": "mp3", "ts": "mp2"}.get(ending, "aac")
    path = with_sound(tmp_path / f"late.{ending}", begins=3, sound=sound, codec=codec, sample_rate=44_100)
    found, end, damage = all_of(path)
    assert damage is None
    assert [frame.seconds for frame in found] == pytest.approx([3 + second for second in evenly(50)], abs=0.03)
    assert end == pytest.approx(5, abs=0.03)
    sampled = list(open_video(path).frames(IntervalSampler(1)))
    assert [frame.seconds for frame in sampled] == pytest.approx([3, 4], abs=0.03)


def test_subtitles_begin_with_the_video(tmp_path: Path) -> None:
    video = open_video(with_sound(tmp_path / "late.mp4", begins=3, sound=5.056, sample_rate=16_000))
    captions = [FrameCaption(*frame[1:3], "a", 1.0) for frame in video.frames(IntervalSampler(1))]
    assert list(to_srt(merge_captions(captions, lambda: video.end)))[1] == "00:00:03,000 --> 00:00:05,000"
    assert list(to_vtt(merge_captions(captions, lambda: video.end)))[2] == "00:00:03.000 --> 00:00:05.000"


@pytest.mark.parametrize("ending", ["mkv", "webm", "wmv", "flv", "mp4", "mov", "ivf", "ts"])
def test_times_that_begin_later_are_not_added_to_the_length(ending: str, tmp_path: Path) -> None:
    codec = {"wmv": "wmv2", "flv": "flv", "webm": "libvpx-vp9", "ivf": "libvpx-vp9"}.get(ending, "libx264")
    path = write_film(tmp_path / f"a.{ending}", codec, [3.24 + second for second in evenly(69)])
    found, end, damage = all_of(path)
    assert damage is None
    assert (found[0].seconds, end) == (0, pytest.approx(2.76, abs=0.002))


@pytest.mark.parametrize("first", ["sound", "video"])
def test_the_clock_begins_with_what_comes_first(first: str, tmp_path: Path) -> None:
    """Both begin late: players take away what both have in common."""
    begins, sound_begins = (8, 6.5) if first == "sound" else (6.5, 8)
    path = with_sound(tmp_path / "a.mkv", begins=begins, sound_begins=sound_begins, sound=3, codec="pcm_s16le")
    found, end, damage = all_of(path)
    assert damage is None
    start = 1.5 if first == "sound" else 0
    assert (found[0].seconds, end) == pytest.approx((start, start + 2), abs=0.03)


@pytest.mark.parametrize(("ending", "begins"), [("mkv", 0.0), ("mkv", 3.0), ("mp4", 0.0), ("mp4", 3.0), ("flv", 0.0)])
def test_files_with_sound_that_are_cut_off_break_off(ending: str, begins: float, tmp_path: Path) -> None:
    options = {"codec": "mp3", "sample_rate": 44_100} if ending == "flv" else {}
    path = with_sound(tmp_path / f"a.{ending}", begins=begins, sound=begins + 2, **options)  # type: ignore[arg-type]
    content = path.read_bytes()
    if ending == "mp4":  # its index stands at the end: what is missing is in the middle
        place = content.index(b"moov") - 4
        path.write_bytes(content[: place // 2] + bytes(place - place // 2) + content[place:])
    else:
        path.write_bytes(content[: len(content) * 2 // 3])
    video = open_video(path)
    found = list(video.frames(StrideSampler()))
    assert 0 < len(found) < 50
    assert video.damage is not None
    assert ("it breaks off after" in video.damage) or ("damaged" in video.damage)


def test_of_several_videos_the_default_one_is_read_and_it_is_said(tmp_path: Path) -> None:
    from av.stream import Disposition

    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams: list[Any] = [container.add_stream("libx264", rate=RATE) for _ in range(2)]
        for stream, width in zip(streams, (64, 96), strict=True):
            stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
        streams[1].disposition = Disposition.default
        for number in range(10):
            for stream in streams:
                picture = numbered_picture(number, (stream.width, 64))
                container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        for stream in streams:
            container.mux(stream.encode(None))
    video = open_video(path)
    assert video.size == (96, 64)
    assert video.remark == "it contains 2 video streams; stream 1 is read"
    assert open_video(write_film(tmp_path / "one.mkv")).remark is None
