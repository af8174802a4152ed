"""Markup is nested, in order, and inside its text."""

import pytest

from seqtasks.text.markup import InlineTag, MarkupText


@pytest.mark.parametrize(
    "tags",
    [
        [(0, 3), (0, 2), (1, 1)],
        [(0, 2), (2, 2), (2, 4)],
        [(1, 1), (1, 1), (1, 4)],
        [(0, 4), (4, 4)],
        [(0, 2), (2, 2)],
    ],
)
def test_nested_tags_in_order_are_taken(tags: list[tuple[int, int]]) -> None:
    numbered = tuple(InlineTag(*span, number) for number, span in enumerate(tags))
    assert MarkupText("abcd", numbered).tags == numbered


@pytest.mark.parametrize(
    "tags", [[(0, 3), (1, 4)], [(1, 2), (0, 1)], [(0, 5)], [(3, 2)], [(-1, 2)], [(0, 2), (1, 1), (1, 3)]]
)
def test_tags_that_cross_or_leave_the_text_are_refused(tags: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="tag"):
        MarkupText("abcd", tuple(InlineTag(*span, number) for number, span in enumerate(tags)))


@pytest.mark.parametrize("spans", [[(0, 2), (1, 3)], [(2, 3), (0, 1)], [(1, 1)], [(0, 9)]])
def test_protected_spans_that_overlap_or_leave_the_text_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="Protected spans"):
        MarkupText("abcd", protected=tuple(spans))
