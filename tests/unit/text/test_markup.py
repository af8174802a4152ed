"""Markup is well-formed, in order, and inside its text."""

import pytest

from seqtasks.text.markup import InlineTag, MarkupText

START, END, EMPTY = "start", "end", "empty"


@pytest.mark.parametrize(
    "tags",
    [
        [(0, START, 0), (1, START, 1), (1, EMPTY, 2), (3, END, 1), (3, END, 0)],
        [(0, START, 0), (2, EMPTY, 1), (2, END, 0)],
        [(0, START, 0), (2, END, 0), (2, EMPTY, 1)],
        [(4, EMPTY, 7), (4, START, 3), (4, END, 3)],
    ],
)
def test_well_formed_tags_are_taken(tags: list) -> None:
    given = tuple(InlineTag(*tag) for tag in tags)
    assert MarkupText("abcd", given).tags == given


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([(0, START, 0), (1, START, 1), (2, END, 0), (3, END, 1)], "does not end"),
        ([(1, END, 0)], "does not end"),
        ([(1, START, 0)], "not ended"),
        ([(2, EMPTY, 0), (1, EMPTY, 1)], "not in order"),
        ([(5, EMPTY, 0)], "not inside"),
        ([(1, EMPTY, 0), (2, EMPTY, 0)], "already"),
    ],
)
def test_other_tags_are_refused(tags: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MarkupText("abcd", tuple(InlineTag(*tag) for tag in tags))


@pytest.mark.parametrize("spans", [[(0, 2), (1, 3)], [(2, 3), (0, 1)], [(1, 1)], [(0, 9)]])
def test_protected_spans_that_overlap_or_leave_the_text_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="Protected span"):
        MarkupText("abcd", protected=tuple(spans))
