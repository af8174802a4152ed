"""The page of captions: well-formed, self-contained, and nothing in a file's name or a caption is taken for HTML."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from helpers.pages import Page
from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.image.loading import ImageError
from seqtasks.image.transforms import ImageConfig
from seqtasks.inference.outputs import Caption
from seqtasks.visualization.caption_attention import (
    GAP,
    PANEL,
    PAPER,
    TITLE,
    attention_panels,
    best_columns,
    plot_caption_attention,
)
from seqtasks.visualization.caption_report import STORED_SIDE, open_caption_report
from seqtasks.visualization.caption_words import caption_words

BAD = '"><script>alert(1)</script><b>&amp;'


def caption(text: str = "a red square", looks: list[int] | None = None) -> Caption:
    """Each word half as probable as the one before; `looks` are the cells of 2 x 2 that the words looked at."""
    words = text.split(" ")
    logarithms = tuple(math.log(0.5**place) for place in range(len(words) + 1))
    looked = [*looks, 0] if looks else []
    attention = tuple(tuple(float(cell == place) for cell in range(4)) for place in looked) or None
    return Caption(
        image="", text=text, score=sum(logarithms), normalized_score=-1.0, tokens=tuple(words),
        log_probabilities=logarithms, attention=attention,
    )  # fmt: skip


def reported(path: Path, *shown: tuple[str, Image.Image, Caption] | ImageError, fit: str = "squash") -> Page:
    with open_caption_report(path, ImageConfig(resize_mode=fit), ["model", "beam=3"]) as report:
        for each in shown:
            if isinstance(each, ImageError):
                report.add_unreadable(each)
            else:
                report.add(*each)
    return Page(path)


def inline_pictures(page: Page) -> Iterator[Image.Image]:
    for data in re.findall(r"data:image/\w+;base64,([\w+/=]+)", page.content):
        yield Image.open(BytesIO(base64.b64decode(data)))


@pytest.fixture
def picture() -> Image.Image:
    return Image.new("RGB", (1200, 800), "red")


def test_an_article_a_picture_and_nothing_from_elsewhere(tmp_path: Path, picture: Image.Image) -> None:
    page = reported(
        tmp_path / "page.html", ("one.jpg", picture, caption(looks=[0, 1, 2])), ("two.jpg", picture, caption())
    )
    assert len(page.all("article")) == len(page.all("img")) == 2
    assert [each["alt"] for each in page.all("img")] == ["a red square"] * 2
    assert page.said("h2") == ["one.jpg", "two.jpg"]
    assert not {"script", "link", "iframe", "object", "a"} & {tag for tag, _ in page.elements}
    assert all(each["src"].startswith("data:image/jpeg;base64,") for each in page.all("img"))
    assert re.findall(r"url\((?!data:image/)", page.content) == []
    assert not re.search(r"https?:|//\w+\.", page.content)
    assert "default-src 'none'" in page.all("meta")[-1]["content"]


def test_names_captions_and_reasons_are_text(tmp_path: Path, picture: Image.Image) -> None:
    said = replace(caption(f"a {BAD} square", looks=[0, 1, 2]), alternatives=(caption(BAD),))
    page = reported(tmp_path / "page.html", ("<b>&.jpg", picture, said), ImageError(f"{BAD}.jpg: is damaged."))
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "b"})
    assert "<b>&.jpg" in "".join(page.said("h2"))
    assert page.all("img")[0]["alt"] == said.text
    assert BAD in page.said("span")
    assert BAD in page.said("li")
    assert page.said("li")[-1] == f"{BAD}.jpg: is damaged."


def test_probabilities_can_be_read_and_shade_the_words(tmp_path: Path, picture: Image.Image) -> None:
    page = reported(tmp_path / "page.html", ("one.jpg", picture, caption()))
    assert [text for text in page.said("small") if "%" in text] == ["100%", "50%", "25%"]
    words = [each for each in page.all("span") if "title" in each]
    assert [each["title"] for each in words] == ["a: 100%", "red: 50%", "square: 25%"]
    assert [each["style"] for each in words] == ["--doubt:0.00", "--doubt:0.50", "--doubt:0.75"]
    assert "tabindex" not in page.content


def test_words_that_looked_can_be_reached_by_keyboard_and_darken_the_rest(tmp_path: Path, picture: Image.Image) -> None:
    page = reported(tmp_path / "page.html", ("one.jpg", picture, caption(looks=[3, 0, 2])))
    words = [each for each in page.all("span") if "title" in each]
    assert [each["tabindex"] for each in words] == ["0"] * 3
    assert [re.findall(r"var\(--veil-(\d)\)", each["style"]) for each in words] == [["0"], ["1"], ["2"]]
    veils = [each for each in inline_pictures(page) if each.mode == "LA"]
    for veil, place in zip(veils, [3, 0, 2], strict=True):
        dark = np.asarray(veil.getchannel("A").resize((2, 2), Image.Resampling.BOX)).flatten()
        assert dark.argmin() == place


def test_what_was_cut_off_is_dark(tmp_path: Path, picture: Image.Image) -> None:
    page = reported(tmp_path / "page.html", ("one.jpg", picture, caption("red", looks=[0])), fit="crop")
    (veil,) = (np.asarray(each.getchannel("A")) for each in inline_pictures(page) if each.mode == "LA")
    height, width = veil.shape
    margin = (width - height) // 2
    assert veil[:, :margin].min() == veil[:, -margin:].min() == veil.max()
    assert veil[:, margin:-margin].min() == 0


def test_pictures_are_stored_small_and_never_larger_than_they_are(tmp_path: Path) -> None:
    sizes = [(4000, 50), (50, 4000), (30, 20)]
    shown = [(str(size), Image.new("RGB", size), caption(looks=[0, 1, 2])) for size in sizes]
    page = reported(tmp_path / "page.html", *shown)
    assert max(max(each.size) for each in inline_pictures(page)) == STORED_SIDE
    last = [each.size for each in inline_pictures(page) if each.format == "JPEG"][-2:]
    assert last == [(30, 20), (30, 20)]


def test_only_what_could_not_be_read_is_kept_until_the_end(tmp_path: Path, picture: Image.Image) -> None:
    path = tmp_path / "page.html"
    with open_caption_report(path, ImageConfig(), []) as report:
        report.add_unreadable(ImageError("gone.jpg: there is no such file."))
        written = []
        report.write = written.append
        report.add("one.jpg", picture, caption())
        assert "one.jpg" in "".join(written)
        assert vars(report).keys() == {"write", "settings", "unreadable"}
        assert len(report.unreadable) == 1
        assert not path.exists()


def test_a_report_that_was_interrupted_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_caption_report(tmp_path / "page.html", ImageConfig(), []):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_word_of_several_tokens_has_their_probability_together_and_their_mean_attention() -> None:
    pieces = replace(caption("▁a ▁squ are", looks=[0, 1, 3]), text="a square")
    first, second = caption_words(pieces)
    assert (first.text, second.text) == ("a", "square")
    assert math.isclose(second.probability, 0.5 * 0.25)
    assert first.attention == (1, 0, 0, 0)
    assert second.attention == (0, 0.5, 0, 0.5)


@pytest.mark.parametrize("size", [(1200, 800), (300, 900), (20, 20), (1, 2000), (2000, 1)])
@pytest.mark.parametrize("count", [1, 5, 25])
def test_a_panel_for_the_picture_and_each_word(size: tuple[int, int], count: int) -> None:
    said = caption(" ".join(["internationalisation"] * count), looks=[place % 4 for place in range(count)])
    sheet = attention_panels(said, Image.new("RGB", size, "red"), ImageConfig())
    scale = PANEL / max(size)
    height = max(1, round(size[1] * scale)) + TITLE + GAP
    rows = (sheet.height - GAP) // height
    columns = next(columns for columns in range(1, count + 2) if math.ceil((count + 1) / columns) <= rows)
    assert sheet.height == GAP + rows * height
    assert (sheet.width - GAP) % columns == 0
    if min(size) * scale > 2:
        assert 0.4 < sheet.width / sheet.height < 4


@pytest.mark.parametrize("place", range(4))
def test_panels_are_light_where_the_word_looked(place: int) -> None:
    sheet = attention_panels(caption("red", looks=[place]), Image.new("RGB", (PANEL, PANEL), "white"), ImageConfig())
    assert best_columns(2, PANEL + GAP, PANEL + GAP + TITLE) == 2
    left, top = GAP + PANEL + GAP, GAP + TITLE
    panel = sheet.crop((left, top, left + PANEL, top + PANEL)).convert("L")
    assert np.asarray(panel.resize((2, 2), Image.Resampling.BOX)).flatten().argmax() == place
    assert sheet.getpixel((0, 0)) == tuple(bytes.fromhex(PAPER[1:]))


def test_attention_is_written_as_an_image_where_there_is_any(tmp_path: Path, picture: Image.Image) -> None:
    said = caption("red square", looks=[0, 3])
    plot_caption_attention(said, picture, tmp_path / "attention.jpg")
    with Image.open(tmp_path / "attention.jpg") as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", attention_panels(said, picture).size)
    for wrong, path, told in (
        (caption("red square"), "a.png", "There is no attention to plot"),
        (said, "a.doc", "unknown image format"),
        (said, "nowhere/a.png", "cannot be written: No such file"),
    ):
        with pytest.raises(SeqtasksError, match=told):
            plot_caption_attention(wrong, picture, tmp_path / path)
    assert [file.name for file in tmp_path.iterdir()] == ["attention.jpg"]


def test_without_preprocessing_the_whole_image_is_seen(tmp_path: Path, picture: Image.Image) -> None:
    said = caption("red", looks=[0])
    whole, cropped = attention_panels(said, picture), attention_panels(said, picture, ImageConfig(resize_mode="crop"))
    assert whole == attention_panels(said, picture, ImageConfig(resize_mode="squash")) != cropped
    with open_caption_report(tmp_path / "page.html") as report:
        report.add("one.jpg", picture, said)
    assert Page(tmp_path / "page.html").said("h2") == ["one.jpg"]
