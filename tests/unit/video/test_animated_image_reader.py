"""Pictures that move and folders of numbered pictures are clips, without PyAV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.numbered import SIZE, number_in, numbered_picture
from PIL import Image, ImageDraw

from seqtasks.errors import SeqtasksError
from seqtasks.image import loading as images
from seqtasks.video.reader import Frame, IntervalSampler, StrideSampler, Video, is_video, open_video
from seqtasks.video.source import VideoError

KINDS = ["GIF", "PNG", "WEBP", "AVIF"]


@pytest.fixture(autouse=True)
def _without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)


def animated(path: Path, kind: str, lengths: list[int], **settings: Any) -> Path:
    """A frame for each length, in milliseconds."""
    first, *others = (numbered_picture(number) for number in range(len(lengths)))
    first.save(path, kind, save_all=True, append_images=others, duration=lengths, **settings)
    return path


def all_of(clip: Video) -> list[Frame]:
    return list(clip.frames(StrideSampler()))


LENGTHS = [40, 500, 100, 20, 1000, 70]
TIMES = [0, 0.04, 0.54, 0.64, 0.66, 1.66]


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_at_its_time(kind: str, tmp_path: Path) -> None:
    path = animated(tmp_path / "clip", kind, LENGTHS)  # whatever its name
    clip = open_video(path)
    for _ in range(2):
        found = all_of(clip)
        assert [frame.number for frame in found] == list(range(6))
        assert [number_in(frame.image) for frame in found] == list(range(6))
        assert [frame.seconds for frame in found] == pytest.approx(TIMES)
        assert [frame.until for frame in found] == pytest.approx([*TIMES[1:], 1.73])
        assert clip.damage is None
    assert (clip.size, clip.duration, clip.rate) == (SIZE, None, None)
    assert {frame.image.mode for frame in found} == {"RGB"}
    assert [frame.number for frame in clip.frames(IntervalSampler(0.5))] == [0, 2, 5]


@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_ends_with_its_last_frame_whether_that_is_wanted_or_not(kind: str, tmp_path: Path) -> None:
    clip = open_video(animated(tmp_path / "clip", kind, LENGTHS))
    [found] = clip.frames(IntervalSampler(10))
    assert found.until == pytest.approx(0.04)
    assert clip.end == pytest.approx(1.73)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_frames_without_a_time_last_as_long_as_in_browsers(kind: str, tmp_path: Path) -> None:
    clip = open_video(animated(tmp_path / "clip.gif", kind, [0, 10, 20, 0]))
    assert [frame.seconds for frame in all_of(clip)] == pytest.approx([0, 0.1, 0.2, 0.22])


def test_frames_that_change_a_part_of_the_one_before(tmp_path: Path) -> None:
    """Each frame stores one new dot alone; frames that were not wanted have left theirs."""
    frames = [Image.new("RGB", (80, 16), "black")]
    for number in range(8):
        frames.append(frames[-1].copy())
        ImageDraw.Draw(frames[-1]).rectangle((number * 10, 0, number * 10 + 9, 15), fill="white")
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:], duration=100)
    for frame in open_video(tmp_path / "clip.gif").frames(StrideSampler(3)):
        white = np.asarray(frame.image)[8, 5::10, 0] > 127
        assert white.tolist() == [place < frame.number for place in range(8)]


def test_transparent_frames_are_on_white(tmp_path: Path) -> None:
    frames = [Image.new("RGBA", (16, 16), (255, 0, 0, alpha)) for alpha in (255, 0, 128)]
    frames[0].save(tmp_path / "clip.png", save_all=True, append_images=frames[1:], duration=100, disposal=1, blend=0)
    colors = [frame.image.getpixel((8, 8)) for frame in all_of(open_video(tmp_path / "clip.png"))]
    assert colors == [(255, 0, 0), (255, 255, 255), (255, 127, 127)]


def test_the_picture_for_who_cannot_show_a_png_moving_is_no_frame(tmp_path: Path) -> None:
    frames = [numbered_picture(number) for number in range(3)]
    Image.new("RGB", SIZE, "red").save(
        tmp_path / "clip.png", save_all=True, default_image=True, append_images=frames, duration=[200, 300, 400]
    )
    found = all_of(open_video(tmp_path / "clip.png"))
    assert [number_in(frame.image) for frame in found] == [0, 1, 2]
    assert [frame.number for frame in found] == [0, 1, 2]
    assert [frame.seconds for frame in found] == pytest.approx([0, 0.2, 0.5])


@pytest.mark.parametrize("kind", KINDS)
def test_one_page_is_no_clip_but_can_be_read_as_one(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"page.{kind.lower()}"
    numbered_picture(5).save(path, kind)
    assert not is_video(path)
    [frame] = all_of(open_video(path))
    assert (frame.seconds, number_in(frame.image)) == (0, 5)
    assert is_video(animated(path, kind, LENGTHS))


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_before_a_cut_is_kept(kind: str, tmp_path: Path) -> None:
    path = animated(tmp_path / "clip", kind, [100] * 20)
    content = path.read_bytes()
    whole = all_of(open_video(path))
    kept = set()
    refused: list[str] = []
    for length in range(1, len(content) - 12, 31):
        path.write_bytes(content[:length])
        assert is_video(path) in (False, True)
        try:
            clip = open_video(path)
        except SeqtasksError as error:
            refused.append(error.message)
            continue
        found = all_of(clip)
        assert [frame[:2] for frame in found] == [frame[:2] for frame in whole[: len(found)]]
        assert all(left.image == right.image for left, right in zip(found, whole, strict=False))
        assert len(found) == 20 or clip.damage is not None
        assert clip.end == found[-1].until
        kept.add(len(found))
    assert all(message.startswith(f"{path}: ") for message in refused)
    assert kept <= {20} if kind in ("WEBP", "AVIF") else len(kept) > 8


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_bytes_there_are_frames_or_one_error(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 100_000)
    path = animated(tmp_path / "clip", kind, LENGTHS)
    content = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    random = np.random.default_rng(len(kind))
    given, refused = 0, []
    for round_ in range(30):
        broken = content.copy()
        places = random.integers(0, 100 if round_ % 2 else len(broken), random.integers(1, 6))
        broken[places] = random.integers(0, 256, len(places))
        path.write_bytes(broken.tobytes())
        try:
            given += len(all_of(open_video(path)))
        except SeqtasksError as error:
            refused.append(error.message)
    assert given > 8
    assert all(message.startswith(f"{path}: ") for message in refused)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_too_large_are_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = animated(tmp_path / "clip.gif", kind, LENGTHS)
    monkeypatch.setattr(images, "MAX_PIXELS", 96 * 64 - 1)
    monkeypatch.setattr(Image.Image, "load", lambda picture: pytest.fail("it was decoded"))
    with pytest.raises(VideoError, match=r"clip\.gif: frames of 96 x 64 pixels are too many; the limit is 6,143"):
        open_video(path)


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_files_that_are_held_in_memory_may_not_be_too_large(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = animated(tmp_path / "clip.webp", kind, LENGTHS)
    monkeypatch.setattr(images, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(VideoError, match=r"clip\.webp: the file is larger than 0 MiB"):
        open_video(path)


def folder(path: Path, names: list[str]) -> Path:
    path.mkdir()
    for number, name in enumerate(names):
        numbered_picture(number).save(path / name, "PNG")
    return path


@pytest.mark.parametrize(
    "names",
    [
        ["frame-1.png", "frame-2.png", "frame-10.png", "frame-11.jpg", "frame-100.png"],
        ["0001.png", "0002.png", "0003.png", "0004.png", "0005.png"],
        ["clip2_9_small.png", "clip2_10_small.png", "clip2_11_small.png", "clip2_12_small.png", "clip2_13_small.png"],
    ],
)
def test_folders_are_read_by_number(names: list[str], tmp_path: Path) -> None:
    path = folder(tmp_path / "frames", names)
    (path / "notes.txt").write_text("a text")
    (path / ".hidden.png").write_text("hidden")
    (path / "more.png").mkdir()
    clip = open_video(path, rate=10)
    assert (clip.size, clip.rate, clip.duration) == (SIZE, 10, 0.5)
    found = all_of(clip)
    assert [number_in(frame.image) for frame in found] == [frame.number for frame in found] == list(range(5))
    assert [frame.seconds for frame in found] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert [frame.until for frame in found] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert [frame.number for frame in clip.frames(IntervalSampler(0.2))] == [0, 2, 4]
    assert open_video(path).rate == 25
    assert not is_video(path)


def test_a_folder_goes_on_after_a_broken_picture(tmp_path: Path) -> None:
    path = folder(tmp_path / "frames", [f"{number}.png" for number in range(6)])
    (path / "0.png").write_bytes((path / "0.png").read_bytes()[:-50])
    (path / "3.png").write_bytes(b"")
    clip = open_video(path, "frames")
    assert [number_in(frame.image) for frame in all_of(clip)] == [1, 2, 4, 5]
    assert clip.damage is not None
    assert clip.damage.startswith("2 frames are damaged, the first after 0.00 seconds (")
    assert "0.png: the image is damaged" in clip.damage
    assert [frame.number for frame in clip.frames(IntervalSampler(0.01))] == [1, 2, 4, 5]
    for number in range(6):
        (path / f"{number}.png").write_bytes(b"")
    with pytest.raises(VideoError, match=r"^frames: no frame can be read; 6 frames are damaged"):
        open_video(path, "frames")


def test_pictures_that_are_not_wanted_are_not_opened(tmp_path: Path) -> None:
    path = folder(tmp_path / "frames", [f"{number}.png" for number in range(6)])
    (path / "1.png").write_bytes(b"")
    clip = open_video(path)
    assert [frame.number for frame in clip.frames(StrideSampler(2))] == [0, 2, 4]
    assert clip.damage is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], r"this folder contains no image\."),
        (["1.png", "cover.png"], r"cover\.png has no number\."),
        (["a1.png", "b1.png"], r"a1\.png and b1\.png have the same number\."),
    ],
)
def test_folders_that_are_no_clips(names: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=message):
        open_video(folder(tmp_path / "frames", names))


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_rates_that_make_no_sense(rate: float, tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match="invalid frame rate"):
        open_video(folder(tmp_path / "frames", ["1.png"]), rate=rate)


def on_larger_canvas(path: Path, frames: list[Image.Image], canvas: tuple[int, int]) -> Path:
    """A GIF whose frames are smaller than its canvas, which is written behind the six letters at its beginning."""
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, optimize=False)
    content = bytearray(path.read_bytes())
    content[6:10] = b"".join(side.to_bytes(2, "little") for side in canvas)
    path.write_bytes(content)
    return path


def test_what_no_frame_of_a_gif_draws_is_white(tmp_path: Path) -> None:
    """Not the first color of the palette; as in browsers, and as transparent images are."""
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    path = on_larger_canvas(tmp_path / "clip.gif", frames, (32, 24))
    found = [frame.image for frame in all_of(open_video(path))]
    assert [(image.size, image.getpixel((8, 8)), image.getpixel((28, 20))) for image in found] == [
        ((32, 24), (255, 0, 0), (255, 255, 255)), ((32, 24), (0, 0, 255), (255, 255, 255)),
    ]  # fmt: skip
    with open_video(path).source.path.open("rb") as file:  # type: ignore[attr-defined]
        assert images.open_image(file).getpixel((28, 20)) == (255, 255, 255)


def test_a_still_gif_smaller_than_its_canvas_is_on_white(tmp_path: Path) -> None:
    path = on_larger_canvas(tmp_path / "page.gif", [Image.new("RGB", (16, 16), "teal")], (32, 24))
    image = images.open_image(path)
    assert (image.size, image.getpixel((8, 8)), image.getpixel((28, 20))) == ((32, 24), (0, 128, 128), (255,) * 3)


def test_what_a_later_frame_of_a_gif_draws_is_seen(tmp_path: Path) -> None:
    """The second frame covers the canvas, of which the first drew a corner."""
    small = on_larger_canvas(tmp_path / "a.gif", [Image.new("RGB", (16, 16), "red")], (32, 24)).read_bytes()
    Image.new("RGB", (32, 24), "blue").save(tmp_path / "b.gif")
    large = (tmp_path / "b.gif").read_bytes()
    colors = 3 << (large[10] & 7) + 1
    place = large.index(b",", 13 + colors)
    local = bytes([0x80 | large[10] & 7]) + large[13 : 13 + colors]  # its palette goes with the frame
    (tmp_path / "clip.gif").write_bytes(small[:-1] + large[place : place + 9] + local + large[place + 10 :])
    found = [frame.image for frame in all_of(open_video(tmp_path / "clip.gif"))]
    assert [(image.getpixel((8, 8)), image.getpixel((28, 20))) for image in found] == [
        ((255, 0, 0), (255, 255, 255)), ((0, 0, 255), (0, 0, 255)),
    ]  # fmt: skip
