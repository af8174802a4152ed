"""A contact sheet shows frames in their order, with room for what is said, and a limit to their number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.video.reader import Frame
from seqtasks.visualization.contact_sheet import GAP, IMAGE_SIDE, LIMIT, LINE, LINES, ContactSheet


def frame(number: int, size: tuple[int, int] = (64, 36)) -> Frame:
    """Its color says its number."""
    return Frame(number, number / 10, None, Image.new("RGB", size, (number % 256, number // 256, 200)))


def sheet_of(count: int, text: str = "A dog .") -> ContactSheet:
    sheet = ContactSheet()
    for number in range(count):
        sheet.add(frame(number), text)
    return sheet


@pytest.mark.parametrize("count", [1, 2, LIMIT - 1, LIMIT, LIMIT + 1, 1000])
def test_frames_are_kept_at_even_distances_up_to_a_limit(count: int) -> None:
    kept = [round(panel.seconds * 10) for panel in sheet_of(count).panels]
    assert kept == list(range(0, count, kept[1] if len(kept) > 1 else 1))
    assert len(kept) == count if count <= LIMIT else LIMIT // 2 <= len(kept) <= LIMIT


def test_only_small_pictures_are_kept() -> None:
    sheet = ContactSheet()
    sheet.add(frame(0, (4000, 1000)), "")
    sheet.add(frame(1, (10, 40)), "")
    assert [panel.image.size for panel in sheet.panels] == [
        (IMAGE_SIDE, IMAGE_SIDE // 4),
        (IMAGE_SIDE // 4, IMAGE_SIDE),
    ]


def places(drawn: Image.Image) -> list[tuple[int, int, int]]:
    """Number, left and top of each frame's picture, found by its colors, in the order of reading."""
    pixels = np.asarray(drawn).astype(int)
    found = []
    for number in range(LIMIT):
        rows, columns = np.nonzero((pixels == (number, 0, 200)).all(-1))
        if len(rows):
            assert (np.ptp(rows) + 1) * (np.ptp(columns) + 1) == len(rows)  # one whole rectangle, nothing lies over it
            found.append((number, int(columns.min()), int(rows.min())))
    return sorted(found, key=lambda each: (each[2], each[1]))


@pytest.mark.parametrize("count", [1, 2, 7, LIMIT])
def test_all_frames_are_drawn_in_the_order_of_reading(count: int) -> None:
    found = places(sheet_of(count).draw())
    assert [number for number, _, _ in found] == list(range(count))
    lefts = sorted({left for _, left, _ in found})
    assert [left for _, left, _ in found] == [lefts[number % len(lefts)] for number in range(count)]


@pytest.mark.parametrize("count", [1, 12, LIMIT])
def test_a_sheet_is_no_strip(count: int) -> None:
    drawn = sheet_of(count).draw()
    assert 0.7 < drawn.width / drawn.height < 3


def ink_below(drawn: Image.Image, top: int) -> int:
    return int((np.asarray(drawn.convert("L"))[top:] < 128).sum())


def test_time_and_caption_stand_below_their_picture() -> None:
    plain, other = sheet_of(1, ""), sheet_of(1, "A dog .")
    below = GAP + plain.panels[0].image.height
    assert ink_below(other.draw(), below + LINE) > 30
    assert ink_below(plain.draw(), below + LINE) == 0
    time = np.asarray(plain.draw().convert("L"))[below : below + LINE]
    assert (time < 160).sum() > 30
    later = ContactSheet()
    later.add(frame(7)._replace(image=frame(0).image), "")
    assert not np.array_equal(np.asarray(later.draw()), np.asarray(plain.draw()))


def test_rows_are_as_high_as_their_longest_caption_and_captions_end_somewhere() -> None:
    heights = [sheet_of(1, " ".join(["many words"] * count)).draw().height for count in (1, 4, 10, 1000)]
    assert heights[0] < heights[1] < heights[2] <= heights[3] == heights[0] + LINE * (LINES - 1)


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (641, 481)])
def test_frames_of_any_proportions(size: tuple[int, int], tmp_path: Path) -> None:
    sheet = ContactSheet()
    for number in range(5):
        sheet.add(frame(number, size), "Straße äöü " * 20)
    sheet.add(frame(5), "\n\t")
    sheet.save(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.size == sheet.draw().size


@pytest.mark.parametrize(("ending", "form"), [("png", "PNG"), ("JPG", "JPEG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_the_name_says_the_format(ending: str, form: str, tmp_path: Path) -> None:
    sheet_of(3).save(tmp_path / f"sheet.{ending}")
    with Image.open(tmp_path / f"sheet.{ending}") as picture:
        assert picture.format == form
    assert [path.name for path in tmp_path.iterdir()] == [f"sheet.{ending}"]


def test_what_cannot_be_saved_is_told() -> None:
    with pytest.raises(SeqtasksError, match=r"sheet\.pdf: unknown image format"):
        sheet_of(1).save(Path("sheet.pdf"))
    with pytest.raises(SeqtasksError, match=r"sheet\.png: there is no frame to show"):
        ContactSheet().save(Path("sheet.png"))
