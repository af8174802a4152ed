"""What `benchmarks.tags` measures, on texts that can be counted by hand."""

from __future__ import annotations

import json

import pytest

from benchmarks.tags import (
    GOLD,
    Tagged,
    contents,
    enclosing,
    error_rate,
    exactly_placed,
    is_whole,
    overlap,
    runs,
    tagged,
)
from seqtasks.text.markup import InlineTag, MarkupText

SOURCE, TARGET = "The old dog sleeps , here .", "Hier schläft der alte Hund ."
LINKS = [(0, 2), (1, 3), (2, 4), (3, 1), (5, 0), (6, 5)]


def test_runs_are_aligned_to_each_other_alone() -> None:
    found = runs(SOURCE, TARGET, LINKS)
    assert (range(3), range(2, 5)) in found
    assert (range(2, 4), range(1, 5)) not in found  # "der alte" between them is of other words
    assert (range(5, 6), range(1)) in found
    assert all(len(own) <= 4 for own, _ in found)
    assert runs("a b", "x y z", [(0, 0), (1, 2)]) == [(range(1), range(1)), (range(1, 2), range(2, 3))]


def test_tags_that_are_put_by_rule_are_placed_by_the_same_alignment() -> None:
    examples = tagged([(SOURCE, TARGET)] * 20, [LINKS] * 20, 15, seed=1)
    assert len(examples) == 15
    assert all(exactly_placed(each, LINKS) == [True] * (len(each.source.tags) // 2) for each in examples)
    wrong = Tagged(0, enclosing(SOURCE, [range(3)]), enclosing(TARGET, [range(1)]))
    assert exactly_placed(wrong, LINKS) == [False]


def test_scores() -> None:
    assert error_rate({0: [(0, 0), (1, 1)]}, {0: {(0, 0), (1, 2), (2, 2)}}) == pytest.approx(1 - 2 / 5)
    assert overlap("der alte Hund", "der Hund") == pytest.approx(0.8)
    text = MarkupText("a b", (InlineTag(0, "start", 0), InlineTag(1, "end", 0)))
    assert contents(text) == {0: "a"}
    assert is_whole(text, MarkupText("xx", (InlineTag(1, "start", 0), InlineTag(2, "end", 0))))
    assert not is_whole(text, MarkupText("xx"))


def test_the_alignments_by_hand_hold_no_text_and_stay_inside_their_sentences() -> None:
    gold = json.loads(GOLD.read_text(encoding="utf-8"))
    assert len({each["pair"] for each in gold}) == 50
    for each in gold:
        links = [tuple(map(int, link.split("-"))) for link in each["links"].split()]
        assert links == sorted(set(links))
        assert all(0 <= place < count for link in links for place, count in zip(link, each["words"], strict=True))
