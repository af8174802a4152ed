"""Words that decided: marked in text, with colors and without, and on a page that is well-formed and escapes all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers.pages import Page

from seqtasks.inference.attribution import ExplainedWord, Explanation
from seqtasks.visualization import highlight_words, open_attribution_report

BAD = '"><script>alert(1)</script><b>&amp;'
ESCAPES = re.compile(r"\x1b\[([\d;]*)m")


def explanation(*words: tuple[str, float], label: str = "good") -> Explanation:
    """Words with blanks between them and their values."""
    explained = tuple(ExplainedWord(text, bool(place), value) for place, (text, value) in enumerate(words))
    total = sum(value for _, value in words)
    return Explanation(label, 0.75, "occlusion", explained, log_odds=total + 0.5, hidden_log_odds=0.5)


FILM = explanation(("A", 0.01), ("great", 2.0), ("film", 0.0), ("but", -0.6), ("dull", -1.3), ("once", 0.5))


def test_without_colors_signs_mark_the_words_that_decided() -> None:
    assert highlight_words(FILM, None) == "A [++great] film [-but] [--dull] [+once]"
    assert highlight_words(explanation(("a", 0.0), ("b", 0.0)), None) == "a b"
    assert highlight_words(explanation(), None) == ""


@pytest.mark.parametrize("colors", ["standard", "256", "truecolor", "windows"])
def test_with_colors_nothing_is_changed_but_colors_bold_and_lines(colors: str) -> None:
    marked = highlight_words(FILM, colors)
    assert ESCAPES.sub("", marked) == FILM.text
    styles = [set(re.findall(r"[34]8;[25](?:;\d+)+?(?=;[34]8|$)|\d+", codes)) for codes in ESCAPES.findall(marked)[::2]]
    assert ["4" in codes for codes in styles] == [False, True, True, False], "against the label: underlined"
    assert ["1" in codes for codes in styles] == [True, False, True, False], "strong: bold"
    first, second, third, last = (frozenset(codes - {"1", "4"}) for codes in styles)
    assert first == last != second == third
    assert set(ESCAPES.findall(marked)[1::2]) == {"0"}


def page_of(path: Path, *texts: tuple[str, dict[str, float], Explanation]) -> Page:
    with open_attribution_report(path, ["sentiment", "dtype=float32"]) as report:
        for each in texts:
            report.add(*each)
    return Page(path)


def test_the_page_shows_each_text_as_it_was_and_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    page = page_of(tmp_path / "page.html", ("a.txt", {"good": 0.75, "bad": 0.25}, FILM), ("", {"bad": 1.0}, FILM))
    shown = re.findall(r'<p class="text" dir="auto">(.*?)</p>', page.content)
    assert [re.sub(r"<[^>]*>", "", text) for text in shown] == [FILM.text] * 2
    assert page.said("h2") == ["a.txt"]
    assert page.said("th") == ["good", "bad", "bad"]
    assert page.said("td") == ["75.0%", "25.0%", "100.0%"]
    assert not {"script", "link", "iframe", "object", "a", "img"} & {tag for tag, _ in page.elements}
    assert not re.search(r"https?:|//\w+\.|url\(", page.content)
    assert "default-src 'none'" in page.all("meta")[-1]["content"]


def test_words_are_shaded_by_their_values_which_can_be_read(tmp_path: Path) -> None:
    page = page_of(tmp_path / "page.html", ("", {"good": 0.75}, FILM))
    words = [each for each in page.all("span") if "title" in each]
    assert [(each["class"], each["style"], each["title"]) for each in words] == [
        ("for", "--share:1.00", "+2.000"),
        ("against", "--share:0.30", "-0.600"),
        ("against", "--share:0.65", "-1.300"),
        ("for", "--share:0.25", "+0.500"),
    ]
    assert page.said("small") == ["+2.00", "+0.50", "+0.01", "-1.30", "-0.60"]


def test_names_labels_and_words_are_text(tmp_path: Path) -> None:
    bad = explanation((BAD, 1.0), ("<i>", -1.0), label=BAD)
    page = page_of(tmp_path / "page.html", (BAD, {BAD: 0.75}, bad))
    assert {tag for tag, _ in page.elements}.isdisjoint({"script"})
    assert [tag for tag, _ in page.elements if tag == "b"] == ["b"], "the label in the line below, and no other"
    for tag in ("h2", "th", "b", "span"):
        assert BAD in page.said(tag)
    assert "<i>" in page.said("span")


def test_of_many_labels_the_most_probable_are_shown(tmp_path: Path) -> None:
    labels = {f"label {number}": 0.1 for number in range(10)}
    page = page_of(tmp_path / "page.html", ("", labels, FILM))
    assert page.said("th") == [f"label {number}" for number in range(8)]
    assert "and 2 more labels" in page.said("p")


def test_a_page_that_was_interrupted_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_attribution_report(tmp_path / "page.html", []):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
