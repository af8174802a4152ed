"""Inline tags around the words of a translation that the tagged words of the source are aligned to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from seqtasks.text.markup import InlineTag, MarkupText
from seqtasks.text.word_spans import Span


@dataclass(eq=False)
class Element:
    """An element of a source, and where it stands in the translation."""

    number: int
    empty: bool
    start: int = 0
    """Position of its start tag in the source; then that in the translation is `place[0]`."""
    end: int = 0
    words: range = range(0)
    """The words of the source in it."""
    place: Span = (0, 0)
    children: list[Element] = field(default_factory=list)


def placed_tags(
    source: MarkupText,
    source_words: Sequence[Span],
    text: str,
    words: Sequence[Span],
    alignment: Sequence[tuple[int, int]],
) -> tuple[InlineTag, ...]:
    """The tags of a source text in its translation: each exactly once, well-formed, and never inside a word.

    An element stands around those neighboring words in which most are aligned to its own words and fewest to others
    (the run of the greatest sum, where a word of its own counts 1, one of others -1, one that is aligned to nothing
    0). Elements side by side share words where the fewest lose their own. What holds all words of its parent holds all
    of them in the translation. Empty elements stand behind the word that the word before them is aligned to, or before
    that of the word after them where only a blank precedes them.

    Args:
        source: The text with its tags.
        source_words: Where its words begin and end, in order.
        text: The translation.
        words: Where its words begin and end, in order.
        alignment: Pairs of a word of the source and a word of the translation.

    Returns:
        The tags of the translation, in the order of its text.
    """
    root = elements(source, source_words)
    aligned: dict[int, list[int]] = defaultdict(list)
    owners: dict[int, list[int]] = defaultdict(list)
    for one, other in sorted(set(alignment)):
        aligned[one].append(other)
        owners[other].append(one)
    context = _Placement(source, source_words, text, words, aligned, owners)
    root.place = (0, len(text))
    waiting = [root]
    while waiting:
        parent = waiting.pop()
        context.place_children(parent)
        waiting += parent.children
    return tuple(in_order(root))


def elements(source: MarkupText, words: Sequence[Span]) -> Element:
    """The tree of a text's elements, below one for the whole text."""
    starts = sorted(tag.position for tag in source.tags if tag.kind == "start")
    # A word is in the element that begins inside it, else in the one that holds its first letter.
    letters = [
        starts[place] if (place := bisect_left(starts, start)) < len(starts) and starts[place] < end else start
        for start, end in words
    ]
    root = Element(-1, empty=False, start=0, end=len(source.text), words=range(len(words)))
    path = [root]
    for tag in source.tags:
        if tag.kind == "end":
            done = path.pop()
            done.end = tag.position
            done.words = range(bisect_left(letters, done.start), bisect_left(letters, done.end))
            continue
        found = Element(tag.number, empty=tag.kind == "empty", start=tag.position, end=tag.position)
        path[-1].children.append(found)
        if tag.kind == "start":
            path.append(found)
    return root


def in_order(root: Element) -> Iterator[InlineTag]:
    """The tags of placed elements, those of the root left out."""
    waiting: list[Element | InlineTag] = list(reversed(root.children))
    while waiting:
        each = waiting.pop()
        if isinstance(each, InlineTag):
            yield each
        elif each.empty:
            yield InlineTag(each.place[0], "empty", each.number)
        else:
            yield InlineTag(each.place[0], "start", each.number)
            waiting.append(InlineTag(each.place[1], "end", each.number))
            waiting += reversed(each.children)


@dataclass
class _Placement:
    source: MarkupText
    source_words: Sequence[Span]
    text: str
    words: Sequence[Span]
    aligned: dict[int, list[int]]
    owners: dict[int, list[int]]

    def __post_init__(self) -> None:
        self.starts = [start for start, _ in self.words]
        self.ends = [end for _, end in self.words]
        self.source_starts = [start for start, _ in self.source_words]
        self.source_ends = [end for _, end in self.source_words]

    def place_children(self, parent: Element) -> None:
        """Gives each child a place inside its parent's, and puts the children in the order of their places."""
        inside = range(bisect_left(self.starts, parent.place[0]), bisect_right(self.ends, parent.place[1]))
        filled: list[tuple[Element, range]] = []
        points: list[Element] = []
        for child in parent.children:
            if child.words and child.words == parent.words:
                child.place = self.within_margins(child, parent)
                filled.append((child, inside))
            elif child.words and (run := self.best_run(child.words, inside)):
                filled.append((child, run))
            else:
                point = min(max(self.point(child), parent.place[0]), parent.place[1])
                child.place = (point, point)
                points.append(child)
        self.share(filled, parent, inside)
        around = [child.place for child, _ in filled if child.place[0] < child.place[1]]
        around.sort()
        for child in points:
            self.move_out(child, around)
        order = {id(child): number for number, child in enumerate(parent.children)}
        parent.children.sort(key=lambda child: (child.place[0], child.place[0] < child.place[1], order[id(child)]))

    def within_margins(self, child: Element, parent: Element) -> Span:
        """Where an element stands that holds all words of its parent: as far from its ends as in the source."""
        if parent.number >= 0:
            return parent.place
        lead = len(self.text) - len(self.text.lstrip())
        trail = len(self.text) - len(self.text.rstrip())
        start = min(child.start, lead)
        end = max(len(self.text) - min(len(self.source.text) - child.end, trail), start)
        return start, end

    def best_run(self, own: range, inside: range) -> range:
        """The run of words with the most that are aligned to `own` and the fewest that are aligned to others."""
        best, best_run, total, first = 0, range(0), 0, inside.start
        for word in inside:
            owners = self.owners.get(word, ())
            mine = any(owner in own for owner in owners)
            value = 1 if mine else -1 if owners else 0
            if total <= 0 and mine:
                total, first = 0, word
            total += value
            if total > best and mine:
                best, best_run = total, range(first, word + 1)
        return best_run

    def share(self, filled: list[tuple[Element, range]], parent: Element, inside: range) -> None:
        """Divides words that several elements side by side would hold, and sets their places."""
        filled.sort(key=lambda each: each[1].start + each[1].stop)
        runs = [run for _, run in filled]
        for number, ((one, _), (other, _)) in enumerate(pairwise(filled)):
            left, right = runs[number], runs[number + 1]
            if left.stop > right.start:
                cut = self.best_cut(
                    one.words, other.words, range(max(left.start, right.start), max(left.stop, right.start))
                )
                runs[number] = range(left.start, max(left.start, min(left.stop, cut)))
                runs[number + 1] = range(
                    max(right.start, cut, runs[number].stop), max(right.stop, cut, runs[number].stop)
                )
        for (child, _), run in zip(filled, runs, strict=True):
            if child.words == parent.words:
                continue
            if run:
                child.place = (self.starts[run.start], self.ends[run.stop - 1])
            else:
                point = self.starts[run.start] if run.start < len(self.starts) else parent.place[1]
                child.place = (min(point, parent.place[1]), min(point, parent.place[1]))

    def best_cut(self, one: range, other: range, shared: range) -> int:
        """Before which of shared words the second of two elements begins, so that most words stay with their own."""
        right = sum(any(owner in other for owner in self.owners.get(word, ())) for word in shared)
        best, cut = right, shared.start
        for word in shared:
            owners = self.owners.get(word, ())
            right += any(owner in one for owner in owners) - any(owner in other for owner in owners)
            if right > best:
                best, cut = right, word + 1
        return cut

    def point(self, child: Element) -> int:
        """Where an element without words belongs, or one whose words are aligned to nothing."""
        before = bisect_right(self.source_ends, child.start) - 1
        after = bisect_left(self.source_starts, child.start)
        if after >= len(self.source_words):
            end = len(self.text) - (len(self.source.text) - child.start)
            return max(end, self.ends[-1] if self.ends else 0)
        if before < 0:
            return min(child.start, self.starts[0] if self.starts else len(self.text))
        text = self.source.text
        blank_before, blank_after = text[child.start - 1].isspace(), text[child.start : child.start + 1].isspace()
        choices = (
            [(after, False), (before, True)] if blank_before and not blank_after else [(before, True), (after, False)]
        )
        for word, behind in choices:
            if places := self.aligned.get(word):
                return self.ends[places[-1]] if behind else self.starts[places[0]]
        words_before = round((before + 1) * len(self.words) / len(self.source_words))
        if not self.words:
            return len(self.text)
        return self.ends[words_before - 1] if words_before else self.starts[0]

    def move_out(self, child: Element, around: Sequence[Span]) -> None:
        """Moves an element that would stand inside one beside it to the nearer end of that."""
        number = bisect_left(around, (child.place[0], -1)) - 1
        if number >= 0 and (start := around[number][0]) < child.place[0] < (end := around[number][1]):
            point = start if child.place[0] - start < end - child.place[0] else end
            child.place = (point, point)
