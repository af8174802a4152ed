"""Films that are cut off, damaged, or none at all: one sentence says so, and what could be read is kept."""

from __future__ import annotations

import sys
from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from helpers.numbered import SIZE, number_in, numbered_picture, write_film
from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.video import pyav_reader as film
from seqtasks.video.reader import StrideSampler, open_video
from seqtasks.video.source import VideoError

KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "mp4 with its index first": ("mp4", "libx264", {"form_options": {"movflags": "faststart"}}),
    "mp4 in pieces": ("mp4", "mpeg4", {"form_options": {"movflags": "frag_keyframe+empty_moov"}}),
    "matroska": ("mkv", "libx264", {}),
    "webm": ("webm", "libvpx-vp9", {}),
    "avi": ("avi", "mpeg4", {}),
    "flash": ("flv", "flv", {}),
    "broadcast": ("ts", "mpeg2video", {}),
    "windows media": ("wmv", "wmv2", {}),
}
STATING = ("mp4 with its index first", "matroska", "webm", "avi", "flash")
"""Those that say how long they are, so that it is seen when something is missing."""


def noise(frames: int) -> list[Image.Image]:
    """Numbers under snow, so that a file is long."""
    random = np.random.default_rng(1)
    return [
        Image.fromarray(
            np.clip(np.asarray(numbered_picture(n), int) + random.integers(-30, 31, (*SIZE[::-1], 3)), 0, 255).astype(
                np.uint8
            )
        )
        for n in range(frames)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_before_a_cut_is_kept(kind: str, tmp_path: Path) -> None:
    ending, codec, settings = KINDS[kind]
    content = write_film(tmp_path / f"whole.{ending}", codec, pictures=noise(30), **settings).read_bytes()
    path = tmp_path / f"cut.{ending}"
    kept: list[int] = []
    refused: list[str] = []
    for part in range(1, 48):
        path.write_bytes(content[: len(content) * part // 48])
        try:
            clip = open_video(path)
        except VideoError as error:
            refused.append(error.message)
            continue
        found = list(clip.frames(StrideSampler()))
        for frame in found:
            shown = number_in(frame.image)
            assert frame.seconds == pytest.approx(shown / 25, abs=0.0011), f"{part}/48: {frame.number} shows {shown}"
        kept.append(len(found))
        if kind in STATING and len(found) < 29:
            assert clip.damage is not None
            assert f"it breaks off after {found[-1].seconds:.2f} of 1.20 seconds" in clip.damage
    assert all(message.startswith(f"{path}: ") for message in refused)
    assert kept == sorted(kept)
    assert max(kept) >= 20
    assert sum(0 < each < 24 for each in kept) >= 2


def test_a_recording_that_lost_its_index(tmp_path: Path) -> None:
    path = write_film(tmp_path / "clip.mp4", "libx264")
    content = path.read_bytes()
    for length in (40, content.index(b"moov") // 2, content.index(b"moov") + 100):
        path.write_bytes(content[:length])
        with pytest.raises(VideoError, match=r"clip\.mp4: the video's index is missing or damaged"):
            open_video(path)


def test_one_damaged_frame_among_others(tmp_path: Path) -> None:
    path = write_film(tmp_path / "clip.avi", "mjpeg", pixels="yuvj420p")
    content = path.read_bytes()
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    for damaged in ([7], [0], [3, 4, 20]):
        broken = bytearray(content)
        for number in damaged:
            place, size = places[number]
            start = content.index(b"\xff\xd8", place)
            broken[start : start + size] = bytes(size)
        path.write_bytes(broken)
        clip = open_video(path)
        found = list(clip.frames(StrideSampler()))
        left = [number for number in range(30) if number not in damaged]
        assert [number_in(frame.image) for frame in found] == left
        first = left[0]
        assert [frame.seconds for frame in found] == pytest.approx([(number - first) / 25 for number in left])
        assert clip.damage is not None
        assert clip.damage.startswith(
            "1 frame is damaged, " if len(damaged) == 1 else "3 frames are damaged, the first"
        )


@pytest.mark.parametrize("kind", ["matroska", "mp4 with its index first", "avi", "broadcast"])
def test_whatever_the_bytes_there_are_frames_or_one_error(kind: str, tmp_path: Path) -> None:
    ending, codec, settings = KINDS[kind]
    content = write_film(tmp_path / f"whole.{ending}", codec, pictures=noise(30), **settings).read_bytes()
    path = tmp_path / f"broken.{ending}"
    random = np.random.default_rng(len(kind))
    given, refused = 0, []
    for round_ in range(16):
        broken = np.frombuffer(content, dtype=np.uint8).copy()
        places = random.integers(0, 1000 if round_ % 2 else len(broken), random.integers(1, 12))
        broken[places] = random.integers(0, 256, len(places))
        path.write_bytes(broken.tobytes())
        try:
            found = list(open_video(path).frames(StrideSampler()))
        except VideoError as error:
            refused.append(error.message)
            continue
        assert all(later.seconds > earlier.seconds for earlier, later in pairwise(found))
        given += len(found)
    assert all(message.startswith(f"{path}: ") for message in refused)
    assert given > 100


def test_a_disk_that_fails_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_film(tmp_path / "clip.avi", "mjpeg", pictures=noise(30) * 5, frames=150, pixels="yuvj420p")
    clip = open_video(path)
    failing = False

    class Disk(FileIO):
        def read(self, size: int | None = -1) -> bytes:
            if failing:
                raise OSError(5, "Input/output error")
            return super().read(-1 if size is None else size)

    monkeypatch.setattr(film, "open_file", lambda path, name: Disk(path))
    frames = clip.frames(StrideSampler())
    found = [next(frames)]
    failing = True
    found.extend(frames)
    assert 10 < len(found) < 140  # what had been read already
    assert [number_in(frame.image) for frame in found] == list(range(len(found)))[:30] + list(range(len(found) - 30))
    assert clip.damage is not None
    assert "Input/output error" in clip.damage
    assert "it breaks off after" in clip.damage


def sound(path: Path, sleeve: bool = False) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=8000)
        picture: Any = None
        if sleeve:
            picture = container.add_stream("mjpeg", rate=1)
            picture.width, picture.height = SIZE
            picture.pix_fmt = "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), dtype=np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sleeve:
            container.mux(picture.encode(av.VideoFrame.from_image(numbered_picture(1))))
            container.mux(picture.encode(None))
    return path


def without_frames(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        container.start_encoding()
    return path


def test_files_without_a_video(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"sound\.m4a: it contains no video stream\.$"):
        open_video(sound(tmp_path / "sound.m4a"))
    with pytest.raises(VideoError, match=r"song\.mp4: it contains no video stream\.$"):
        open_video(sound(tmp_path / "song.mp4", sleeve=True))
    with pytest.raises(VideoError, match=r"header\.avi: no frame can be read\.$"):
        open_video(without_frames(tmp_path / "header.avi"))


NO_CLIPS = {
    "text": b"A dog runs.\n" * 100,
    "a page": b"<!DOCTYPE html><html>404</html>",
    "one byte": b"\0",
    "zeros": bytes(5000),
    "a photograph": b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(100),
    "a song": b"ID3\x03\0\0\0\0\0\0" + b"\xff\xfb\x90\x00" * 500,
    "a description of a stream": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("content", NO_CLIPS.values(), ids=NO_CLIPS.keys())
def test_what_is_no_clip(content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError) as raised:
        open_video(path)
    assert raised.value.message == f"{path}: not a video, of an unknown format, or damaged at its beginning."
    assert "matroska" in raised.value.hint
    assert capfd.readouterr() == ("", "")


LISTS = {
    "concat": ("ffconcat", "ffconcat version 1.0\nfile 'part.ts'\n"),
    "hls": ("m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\npart.ts\n#EXT-X-ENDLIST\n"),
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("named", ["list", "mp4"])
def test_lists_of_files_are_not_followed(
    kind: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_film(tmp_path / "part.ts", "mpeg2video")
    ending, content = LISTS[kind]
    path = tmp_path / f"clip.{ending if named == 'list' else named}"
    path.write_text(content)
    monkeypatch.chdir(tmp_path)
    with av.open(str(path), format=kind) as container:  # FFmpeg by itself does follow
        assert sum(1 for _ in container.decode(video=0)) == 30
    with pytest.raises(VideoError):
        open_video(path)
    monkeypatch.setattr(film, "FORMATS", (*film.FORMATS, kind))  # even then it opens nothing
    with pytest.raises(VideoError):
        open_video(path)


def test_without_pyav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_film(tmp_path / "clip.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SeqtasksError) as raised:
        open_video(path)
    assert raised.value.message == f"{path}: PyAV, which reads videos, is not installed."
    assert raised.value.hint == "Install it: pip install 'seqtasks[video]'"
