"""Text in lines: nothing is wider than its room, and nothing is lost that there is room for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.visualization.text_drawing import ELLIPSIS, font_for, wrap_text

texts = st.lists(st.text("abcdefgWil.,äß", min_size=1, max_size=30), max_size=12).map(" ".join)


@given(texts, st.integers(40, 300))
def test_lines_are_no_wider_than_their_room_and_hold_all_words(text: str, width: int) -> None:
    font = font_for(text, 16)
    lines = wrap_text(text, font, width, 1000)
    assert all(font.getlength(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(lines) or lines == [""]


@given(texts, st.integers(60, 300), st.integers(1, 4))
def test_what_is_too_much_is_cut_and_marked(text: str, width: int, most: int) -> None:
    font = font_for(text, 16)
    whole, lines = wrap_text(text, font, width, 1000), wrap_text(text, font, width, most)
    assert len(lines) <= most
    assert all(font.getlength(line) <= width for line in lines)
    if len(whole) <= most:
        assert lines == whole
    else:
        assert lines[:-1] == whole[: most - 1]
        assert lines[-1].endswith(ELLIPSIS)
        assert whole[most - 1].startswith(lines[-1].removesuffix(ELLIPSIS))


def test_words_fill_a_line_before_the_next_begins() -> None:
    font = font_for("", 16)
    lines = wrap_text("one two three four five", font, font.getlength("one two three"), 9)
    assert lines == ["one two three", "four five"]


def test_words_wider_than_a_line_are_broken_and_letters_never_lost() -> None:
    assert wrap_text("abc", font_for("", 16), 0, 9) == ["a", "b", "c"]
    assert wrap_text("", font_for("", 16), 50, 9) == [""]


def test_a_font_has_the_letters_of_its_text() -> None:
    if font_for("ä", 20) is font_for("a", 20):
        pytest.skip("no font with more letters is installed")
    font = font_for("äŁж", 20)
    nothing = bytes(font.getmask("\U0010fffd"))  # the sign for a letter that is not there
    assert all(bytes(font.getmask(letter)) != nothing for letter in "äŁж")
    assert len({bytes(font.getmask(letter)) for letter in "äŁж"}) == 3
