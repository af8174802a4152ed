"""Scenes begin at cuts, and not where a camera moves or a lamp is switched on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from helpers.numbered import write_film
from PIL import Image, ImageEnhance, ImageFilter

from seqtasks.errors import SeqtasksError
from seqtasks.video.reader import open_video
from seqtasks.video.scene_detection import LEVELS, LIGHT, MAX_GAIN, SceneChangeSampler, color_histogram, distance
from seqtasks.video.source import THUMBNAIL, LazyFrame

PHOTOGRAPHS = [
    Image.open(Path(__file__).parents[3] / "assets" / "images" / f"{name}.jpg").convert("RGB").resize((320, 240))
    for name in ("boxer", "dog", "fishing", "river")
]
RATE = 25


def thumbnail(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.resize(THUMBNAIL, Image.Resampling.BOX))


def begins(pictures: Iterable[Image.Image], choice: SceneChangeSampler, rate: float = RATE) -> list[int]:
    wanted = choice.begin()

    def never() -> Image.Image:
        raise AssertionError("a whole picture was made")

    return [
        number
        for number, picture in enumerate(pictures)
        if wanted(LazyFrame(number, number / rate, None, never, lambda picture=picture: thumbnail(picture)))  # type: ignore[misc]
    ]


def at(picture: Image.Image, across: float, zoom: float) -> Image.Image:
    """A part of a picture: `across` from 0 at its left to 1 at its right."""
    width, height = picture.size
    left, top = across * (width - width / zoom), (height - height / zoom) / 2
    return picture.resize(picture.size, box=(left, top, left + width / zoom, top + height / zoom))


def snow(picture: Image.Image, number: int) -> Image.Image:
    random = np.random.default_rng(number)
    return Image.fromarray(np.clip(np.asarray(picture) + random.normal(0, 20, (240, 320, 3)), 0, 255).astype(np.uint8))


def test_cuts_are_found_at_once() -> None:
    lengths = [30, 40, 26, 50]
    pictures = [picture for picture, length in zip(PHOTOGRAPHS, lengths, strict=True) for _ in range(length)]
    assert begins(pictures, SceneChangeSampler()) == [0, 30, 70, 96]


CHANGES: dict[str, Callable[[Image.Image, float], Image.Image]] = {
    "a pan": lambda picture, part: at(picture, part, 1.2),
    "a zoom": lambda picture, part: at(picture, 0.5, 1 + 0.3 * part),
    "a lamp": lambda picture, part: ImageEnhance.Brightness(picture).enhance(0.5 if part > 0.5 else 1),
    "blur": lambda picture, part: picture.filter(ImageFilter.GaussianBlur(4 * part)),
    "snow": lambda picture, part: snow(picture, round(50 * part)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_changes_are_no_cuts(change: str) -> None:
    for picture in PHOTOGRAPHS:
        assert begins((CHANGES[change](picture, number / 50) for number in range(51)), SceneChangeSampler()) == [0]


def test_a_dissolve_is_one_scene_more() -> None:
    first, second = PHOTOGRAPHS[:2]
    mixed = [Image.blend(first, second, number / 20) for number in range(21)]
    found = begins([first] * 40 + mixed + [second] * 60, SceneChangeSampler())
    assert found[0] == 0
    assert len(found) == 2
    assert 40 < found[1] <= 61


def test_a_scene_that_is_too_short_does_not_hide_the_next() -> None:
    first, second, third, _ = PHOTOGRAPHS
    pictures = [first] * 50 + [second] * 10 + [third] * 50
    assert begins(pictures, SceneChangeSampler()) == [0, 50, 75]
    assert begins(pictures, SceneChangeSampler(shortest=0.3)) == [0, 50, 60]
    assert begins(pictures, SceneChangeSampler(shortest=100)) == [0]


def test_the_shortest_scene_is_kept_at_any_rate() -> None:
    pictures = [PHOTOGRAPHS[number % 4] for number in range(200)]
    for rate in (1, 10, 25, 240):
        found = begins(pictures, SceneChangeSampler(shortest=2), rate)
        assert min(np.diff(found), default=2 * rate) >= 2 * rate
        assert len(found) > 80 // rate


def test_colors_by_hand() -> None:
    """Against counting pixel by pixel."""
    pixels = thumbnail(PHOTOGRAPHS[1])
    gain = min(MAX_GAIN, max(1 / MAX_GAIN, LIGHT / pixels.mean()))
    expected: dict[tuple[int, ...], float] = {}
    for row in range(48):
        for column in range(64):
            levels = (min(LEVELS - 1, int(value * gain * LEVELS / 256)) for value in pixels[row, column].tolist())
            place = (row // 24 * 2 + column // 32, *levels)
            expected[place] = expected.get(place, 0) + 1 / (48 * 64)
    found = color_histogram(pixels)
    assert {
        tuple(map(int, np.unravel_index(place, (4, 8, 8, 8)))): found[place] for place in np.flatnonzero(found)
    } == (pytest.approx(expected))


def test_distance_is_a_part_of_the_pixels() -> None:
    grey = np.full((48, 64, 3), 128, dtype=np.uint8)
    other = grey.copy()
    assert distance(color_histogram(grey), color_histogram(other)) == 0
    other[:24, :32, 0] = 250
    other[:24, :32, 1:] = 67  # as light as before
    assert distance(color_histogram(grey), color_histogram(other)) == pytest.approx(0.25)
    black, red = (np.full((48, 64, 3), (value, 0, 0), dtype=np.uint8) for value in (0, 255))
    assert distance(color_histogram(black), color_histogram(red)) == 1


@pytest.mark.parametrize("settings", [{"threshold": -0.1}, {"threshold": 1.0}, {"threshold": float("nan")},
    {"shortest": 0.0}, {"shortest": float("inf")}, {"shortest": float("nan")}])  # fmt: skip
def test_settings_that_make_no_sense(settings: dict[str, float]) -> None:
    with pytest.raises(SeqtasksError, match=r"Invalid (scene threshold|minimum scene length)"):
        SceneChangeSampler(**settings)


def test_scenes_of_a_film(tmp_path: Path) -> None:
    pictures = [snow(at(picture, number / 30, 1.1), number) for picture in PHOTOGRAPHS for number in range(30)]
    clip = open_video(write_film(tmp_path / "clip.mp4", "libx264", frames=120, pictures=pictures, size=(320, 240)))
    found = list(clip.frames(SceneChangeSampler()))
    assert [frame.number for frame in found] == [0, 30, 60, 90]
    for frame in found:
        assert np.abs(np.asarray(frame.image, int) - np.asarray(pictures[frame.number], int)).mean() < 15


def test_scenes_of_a_gif(tmp_path: Path) -> None:
    pictures = [picture.resize((80, 60)) for picture in PHOTOGRAPHS for _ in range(3)]
    pictures[0].save(tmp_path / "clip.gif", save_all=True, append_images=pictures[1:], duration=500)
    found = list(open_video(tmp_path / "clip.gif").frames(SceneChangeSampler()))
    assert [frame.seconds for frame in found] == [0, 1.5, 3, 4.5]  # frames without a change are stored once
