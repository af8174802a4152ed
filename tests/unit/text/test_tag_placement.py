"""Tags come out once each, well-formed, between words, and around the words that are aligned to theirs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from helpers.markup import marked_up, parse
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.text.markup import InlineTag, MarkupText
from seqtasks.text.tag_placement import placed_tags
from seqtasks.text.word_spans import word_spans

TEXTS = st.text(alphabet="ab .,漢", max_size=30)


@st.composite
def markup(draw: st.DrawFn) -> MarkupText:
    text = draw(TEXTS)
    positions = sorted(draw(st.lists(st.integers(0, len(text)), max_size=14)))
    tags: list[InlineTag] = []
    started: list[int] = []
    for number, position in enumerate(positions):
        kind = draw(st.sampled_from(["start", "end", "empty"]))
        if kind == "end" and started:
            tags.append(InlineTag(position, "end", started.pop()))
        elif kind == "start":
            tags.append(InlineTag(position, "start", number))
            started.append(number)
        else:
            tags.append(InlineTag(position, "empty", number))
    tags += [InlineTag(len(text), "end", number) for number in reversed(started)]
    return MarkupText(text, tuple(tags))


@given(markup(), TEXTS, st.data())
def test_every_tag_comes_out_once_between_words(source: MarkupText, text: str, data: st.DataObject) -> None:
    read, written = word_spans(source.text), word_spans(text)
    pairs = st.tuples(st.integers(0, max(0, len(read) - 1)), st.integers(0, max(0, len(written) - 1)))
    alignment = data.draw(st.lists(pairs, max_size=20)) if read and written else []
    tags = placed_tags(source, read, text, written, alignment)
    assert sorted((tag.kind, tag.number) for tag in tags) == sorted((tag.kind, tag.number) for tag in source.tags)
    MarkupText(text, tags)  # in order and well-formed
    assert not any(start < tag.position < end for tag in tags for start, end in written)
    parents = [parents_of(each) for each in (source.tags, tags)]
    assert parents[0] == parents[1]


def parents_of(tags: tuple[InlineTag, ...]) -> dict[int, int]:
    found: dict[int, int] = {}
    path = [-1]
    for tag in tags:
        if tag.kind == "end":
            path.pop()
        else:
            found[tag.number] = path[-1]
            if tag.kind == "start":
                path.append(tag.number)
    return found


@given(markup())
def test_in_the_same_text_elements_keep_their_words(source: MarkupText) -> None:
    words = word_spans(source.text)
    tags = placed_tags(source, words, source.text, words, [(number, number) for number in range(len(words))])
    before, after = (words_of(each, words) for each in (source.tags, tags))
    whole = all(tag.position in {*(end for _, end in words), *(start for start, _ in words)} for tag in source.tags)
    if whole:
        assert before == after


def words_of(tags: tuple[InlineTag, ...], words: list[tuple[int, int]]) -> dict[int, set[tuple[int, int]]]:
    starts = {tag.number: tag.position for tag in tags if tag.kind == "start"}
    return {
        tag.number: {word for word in words if starts[tag.number] <= word[0] and word[1] <= tag.position}
        for tag in tags
        if tag.kind == "end"
    }


@pytest.mark.parametrize(
    ("source", "translation", "alignment", "expected"),
    [
        ("a <b>red car</b> now", "jetzt rotes auto", "0-1 1-1 2-2 3-0", "jetzt <b>rotes auto</b>"),
        ("<b>a</b> <i>b</i>", "y x", "0-1 1-0", "<i>y</i> <b>x</b>"),  # what changes places takes its tags along
        ("<b>a b</b> c d", "x y z w v u", "0-0 1-1 2-2 3-3 0-5", "<b>x y</b> z w v u"),  # one far word is a mistake
        ("<b>a b</b> c", "x z y", "0-0 1-2 2-1", "<b>x</b> z y"),
        ("<b>a <i>b</i></b>", "y x", "0-1 1-0", "<b><i>y</i> x</b>"),
        ("<b>a, b.</b>", "x y!", "0-0 2-1", "<b>x y!</b>"),  # all of it is all of it
        ("a<br/> b", "y x", "0-1 1-0", "y x<br/>"),  # behind the word before it
        ("a <img/>b", "y x", "0-1 1-0", "<img/>y x"),  # or before that after it, where it stands beside that
        ("<a></a>a b<hr/>", "x y", "0-0 1-1", "<a></a>x y<hr/>"),
        ("a <b><br/></b> b", "x y", "0-0 1-1", "x<b><br/></b> y"),
        ("un<b>tru</b>e a", "x falsch", "0-1 1-0", "x <b>falsch</b>"),  # whole words
        ("a <b>b</b> c", "x y z", "", "x<b></b> y z"),  # nothing is known
        (" <p>a</p> ", " x ", "0-0", " <p>x</p> "),
        ("<p> a </p>", " x ", "0-0", "<p> x </p>"),
    ],
)
def test_where_tags_stand(source: str, translation: str, alignment: str, expected: str) -> None:
    text, names = parse(source)
    pairs = [(int(one), int(other)) for one, other in (pair.split("-") for pair in alignment.split())]
    tags = placed_tags(text, word_spans(text.text), translation, word_spans(translation), pairs)
    assert marked_up(MarkupText(translation, tags), names) == expected


def test_thousands_of_nested_elements() -> None:
    depth = 5_000
    tags = [InlineTag(0, "start", number) for number in range(depth)]
    tags += [InlineTag(1, "end", number) for number in reversed(range(depth))]
    assert placed_tags(MarkupText("a", tuple(tags)), [(0, 1)], "b", [(0, 1)], [(0, 0)]) == tuple(tags)


@given(st.text())
def test_words_are_all_that_is_not_blank(text: str) -> None:
    words = word_spans(text)
    assert "".join(text[start:end] for start, end in words) == "".join(text.split())
    assert all(end <= start for (_, end), (start, _) in pairwise(words))


def test_words_and_marks() -> None:
    text = "“Don't!” 漢字 %(n)s x"
    found = [text[start:end] for start, end in word_spans(text, [(12, 17)])]
    assert found == ["“", "Don't", "!", "”", "漢", "字", "%(n)s", "x"]
