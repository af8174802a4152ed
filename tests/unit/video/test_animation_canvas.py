"""Frames of animated images over each other: what browsers show, written down by hand."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from helpers.drawn_animations import Drawn, drawn_gif, drawn_png, rows_of
from PIL import Image

from seqtasks.image.loading import open_image
from seqtasks.video.reader import StrideSampler, open_video

FULL = ["RRRR"] * 4
GREEN = ["GG", "GG"]
KEEP, BACKGROUND, PREVIOUS = 1, 2, 3
INSIDE = ["RRRR", "RGGR", "RGGR", "RRRR"]


def seen(content: bytes, folder: Path) -> list[list[str]]:
    path = folder / "animation"
    path.write_bytes(content)
    video = open_video(path)
    found = [rows_of(frame.image) for frame in video.frames(StrideSampler())]
    assert video.damage is None
    return found


@pytest.mark.parametrize(
    ("frames", "shown"),
    [
        pytest.param(
            [Drawn(0, 0, FULL), Drawn(1, 1, GREEN, KEEP), Drawn(0, 0, ["B"])],
            [FULL, INSIDE, ["BRRR", *INSIDE[1:]]], id="kept",
        ),
        pytest.param(
            [Drawn(0, 0, FULL), Drawn(1, 1, GREEN, PREVIOUS), Drawn(0, 0, ["B"])],
            [FULL, INSIDE, ["BRRR", *FULL[1:]]], id="as before",
        ),
        pytest.param(
            [Drawn(0, 0, FULL), Drawn(1, 1, GREEN, BACKGROUND), Drawn(0, 0, ["B"])],
            [FULL, INSIDE, ["BRRR", "R..R", "R..R", "RRRR"]], id="no color of the palette where it is empty again",
        ),
        pytest.param(
            [Drawn(0, 0, FULL), Drawn(1, 1, ["G ", " G"], BACKGROUND), Drawn(0, 0, ["B"])],
            [FULL, ["RRRR", "RGRR", "RRGR", "RRRR"], ["BRRR", "R..R", "R..R", "RRRR"]], id="a transparent frame",
        ),
        pytest.param(
            [Drawn(0, 0, FULL, BACKGROUND), Drawn(1, 1, GREEN, 0), Drawn(0, 0, ["B"])],
            [FULL, ["....", ".GG.", ".GG.", "...."], ["B...", ".GG.", ".GG.", "...."]],
            id="a frame that says nothing is kept, whatever those before it say",
        ),
        pytest.param(
            [Drawn(0, 0, ["RR", "RR"]), Drawn(2, 2, ["G ", " G"])],
            [["RR..", "RR..", "....", "...."], ["RR..", "RR..", "..G.", "...G"]],
            id="transparent where nothing was drawn",
        ),
        pytest.param(
            [Drawn(0, 0, ["RR", "RR"], PREVIOUS), Drawn(2, 2, GREEN)],
            [["RR..", "RR..", "....", "...."], ["....", "....", "..GG", "..GG"]], id="as before the first",
        ),
        pytest.param(
            [Drawn(0, 0, ["R R ", "R R "] * 2, BACKGROUND), Drawn(1, 1, GREEN)],
            [["R.R."] * 4, ["....", ".GG.", ".GG.", "...."]], id="a transparent first frame",
        ),
    ],
)  # fmt: skip
def test_gifs(frames: list[Drawn], shown: list[list[str]], tmp_path: Path) -> None:
    assert seen(drawn_gif(frames), tmp_path) == shown


@pytest.mark.parametrize("alpha", [True, False])
@pytest.mark.parametrize(
    ("frames", "shown"),
    [
        pytest.param(
            [Drawn(1, 1, GREEN), Drawn(0, 0, ["B"])],
            [["....", ".GG.", ".GG.", "...."], ["B...", ".GG.", ".GG.", "...."]],
            id="the image for others is no part of it",
        ),
        pytest.param(
            [Drawn(0, 0, FULL), Drawn(1, 1, GREEN, 1), Drawn(0, 0, ["B"])],
            [FULL, INSIDE, ["BRRR", "R..R", "R..R", "RRRR"]], id="empty again",
        ),
        pytest.param(
            [Drawn(0, 0, FULL), Drawn(1, 1, GREEN, 2), Drawn(0, 0, ["B"])],
            [FULL, INSIDE, ["BRRR", *FULL[1:]]], id="as before",
        ),
        pytest.param(
            [Drawn(0, 0, ["RR", "RR"], 2), Drawn(2, 2, GREEN)],
            [["RR..", "RR..", "....", "...."], ["....", "....", "..GG", "..GG"]], id="as before the first",
        ),
    ],
)  # fmt: skip
def test_pngs(frames: list[Drawn], shown: list[list[str]], alpha: bool, tmp_path: Path) -> None:
    assert seen(drawn_png(frames, alpha=alpha), tmp_path) == shown


def test_a_transparent_frame_is_drawn_over_a_png_or_takes_its_place(tmp_path: Path) -> None:
    for blend, inside in ((1, ["RGRR", "RRGR"]), (0, ["RG.R", "R.GR"])):
        frames = [Drawn(0, 0, FULL), Drawn(1, 1, ["G ", " G"], blend=blend)]
        assert seen(drawn_png(frames, alpha=True), tmp_path) == [FULL, ["RRRR", *inside, "RRRR"]]


def test_a_png_with_fewer_frames_than_it_states_breaks_off(tmp_path: Path) -> None:
    content = drawn_png([Drawn(0, 0, FULL)], alpha=False)
    whole = drawn_png([Drawn(0, 0, FULL), Drawn(1, 1, GREEN)], alpha=False)
    (tmp_path / "animation.png").write_bytes(whole[: content.index(b"IEND") - 4])
    video = open_video(tmp_path / "animation.png")
    assert [rows_of(frame.image) for frame in video.frames(StrideSampler())] == [FULL]
    assert video.damage == "it breaks off after 0.10 seconds"


def test_a_webp_smaller_than_its_canvas_is_on_white() -> None:
    file = BytesIO()
    first, second = (Image.new("RGB", (4, 4), color) for color in ("red", "lime"))
    first.save(file, "WEBP", save_all=True, append_images=[second], duration=100, lossless=True)
    content = bytearray(file.getvalue())
    content[24:30] = (7).to_bytes(3, "little") * 2  # the sides of the canvas, less one
    image = open_image(bytes(content))
    assert (image.size, image.getpixel((1, 1)), image.getpixel((6, 6))) == ((8, 8), (255, 0, 0), (255, 255, 255))
