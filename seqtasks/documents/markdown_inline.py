"""Inline markup of Markdown with its places, which markdown-it does not tell: its rules are watched at work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from seqtasks.documents.html import CODE, VOID
from seqtasks.documents.pieces import segment_of
from seqtasks.documents.splicing import Piece, SourceSegment

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

SPAN: Final = "span"
"""Where a token notes its place: its first character, and the one behind its last."""
LABEL_END: Final = "label_end"
DELIMITERS: Final = ("emphasis", "strikethrough")
"""Rules whose signs are text until they are paired."""
TITLE = re.compile(r"""(?<=\s)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\)$""", re.DOTALL)
TAG_NAME = re.compile(r"</?([a-zA-Z][\w-]*)")
LINE_START = re.compile(r"\n[ \t]*")


@cache
def parser() -> MarkdownIt:
    """A parser whose inline tokens know their places."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    markdown.disable(["fragments_join", "text_join"])
    for rule in markdown.inline.ruler.__rules__:
        markdown.inline.ruler.at(rule.name, _watched(rule.name, rule.fn))
    return markdown


def _watched(name: str, rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """A rule that notes the places of the tokens that it adds."""

    def watched(state: StateInline, silent: bool) -> bool:
        before, start = len(state.tokens), state.pos
        if not rule(state, silent):
            return False
        if not silent:
            added = [each for each in state.tokens[before:] if SPAN not in each.meta]
            _note_places(name, added, start, state)
        return True

    return watched


def _note_places(name: str, added: Sequence[Token], start: int, state: StateInline) -> None:
    end = state.pos
    if name in DELIMITERS:
        for token in reversed(added):
            if not token.content or end - len(token.content) < start:
                break  # text before the signs
            token.meta[SPAN] = (end - len(token.content), end)
            end -= len(token.content)
        return
    marks = [each for each in added if each.type != "text"]
    if name == "link":
        label_end = _label_end(state, start)
        for token in marks:
            token.meta[SPAN] = (start, start + 1) if token.nesting == 1 else (label_end, end)
    elif name == "autolink":
        for token in marks:
            token.meta[SPAN] = (start, start + 1) if token.nesting == 1 else (end - 1, end)
    else:
        for token in marks:
            token.meta[SPAN] = (start, end)
            if name == "image":
                token.meta[LABEL_END] = _label_end(state, start + 1)


def _label_end(state: StateInline, start: int) -> int:
    """Where the label of a link that begins here ends."""
    from markdown_it.rules_inline import StateInline

    own = StateInline(state.src, state.md, state.env, [])
    own.pos, own.posMax = start, state.posMax
    return int(state.md.helpers.parseLinkLabel(own, start, state.src[start - 1 : start] != "!"))


def inline_pieces(
    tokens: Sequence[Token], content: str, source: str, places: Sequence[int], start: int = 0
) -> Iterator[Piece | SourceSegment]:
    """The pieces of a block, and the segments inside its tags: texts of images, titles of links.

    Args:
        tokens: Those of the block.
        content: What they were parsed from.
        source: The document.
        places: The place in it of each character of the content, and of its end.
        start: The first character of the content that is text.
    """
    place = start
    labels: list[int] = []
    protected: list[str] = []
    for begin, end, token in _marks(tokens):
        if begin < place:
            continue
        yield from _text(content, places, place, begin, protected=bool(protected))
        place = end
        first, last = places[begin], places[end - 1] + 1
        if token.type in ("softbreak", "hardbreak"):
            yield Piece("text" if token.type == "softbreak" else "empty", first, last, " ", token.type)
        elif token.type == "text_special":
            yield Piece("text", first, last, token.content, protected=bool(protected))
        elif token.type == "code_inline":
            ticks = len(token.markup)
            inner = content[begin + ticks : end - ticks]
            yield Piece("start", first, first + ticks, name="code")
            yield Piece("text", first + ticks, last - ticks, inner, protected=True)
            yield Piece("end", last - ticks, last, name="code")
        elif token.type == "html_inline":
            piece = _html_piece(token.content, first, last)
            if piece.kind == "start" and piece.name in CODE:
                protected.append(piece.name)
            elif piece.kind == "end" and protected and protected[-1] == piece.name:
                protected.pop()
            yield piece
        elif token.type == "image":
            yield from _image_segments(token, content, source, places)
            yield Piece("empty", first, last)
        elif token.type == "link_open":
            labels.append(end)
            if token.markup == "autolink":
                protected.append("a")
            yield Piece("start", first, last, name="a")
        elif token.type == "link_close":
            label = content[labels.pop() : begin]
            if token.markup == "autolink":
                protected.pop()
            spelled = content[begin:end]
            # the label names the link where nothing else does: it is kept as the name
            spelling = f"][{LINE_START.sub(' ', label)}]" if spelled in ("]", "][]") else None
            if spelling is None:
                yield from _title_segments(content, source, places, begin, end)
            yield Piece("end", first, last, name="a", spelling=spelling)
        else:
            yield Piece("start" if token.nesting == 1 else "end", first, last, name=token.tag)
    yield from _text(content, places, place, len(content), protected=False)


def _marks(tokens: Sequence[Token]) -> Iterator[tuple[int, int, Token]]:
    """The places of everything but text; the second sign of strong emphasis belongs to the tag beside it."""
    placed = (each for each in tokens if SPAN in each.meta and each.type != "text")
    for token in sorted(placed, key=lambda each: each.meta[SPAN]):
        start, end = token.meta[SPAN]
        yield start - (token.type == "strong_open"), end + (token.type == "strong_close"), token


def _text(content: str, places: Sequence[int], start: int, end: int, *, protected: bool) -> Iterator[Piece]:
    if start < end:
        yield Piece("text", places[start], places[end - 1] + 1, content[start:end], protected=protected)


def _html_piece(tag: str, start: int, end: int) -> Piece:
    found = TAG_NAME.match(tag)
    name = found[1].lower() if found else ""
    if found is None or name in VOID or tag.endswith("/>"):
        return Piece("empty", start, end, name="hardbreak" if name == "br" else "")
    return Piece("end" if tag.startswith("</") else "start", start, end, name=name)


def _image_segments(token: Token, content: str, source: str, places: Sequence[int]) -> Iterator[SourceSegment]:
    """The description of an image, where it has no markup and is not its name too, and its title."""
    begin, end = token.meta[SPAN]
    label_end = token.meta[LABEL_END]
    if content[label_end:end] in ("]", "][]"):
        return
    label = Piece("text", places[begin + 2], places[label_end], content[begin + 2 : label_end])
    if not re.search(r"[\\`*_\[\]<&\n]", label.text) and (segment := segment_of([label], _escape_label)):
        yield segment
    yield from _title_segments(content, source, places, label_end, end)


def _title_segments(content: str, source: str, places: Sequence[int], start: int, end: int) -> Iterator[SourceSegment]:
    """The title of a link or an image, behind its address."""
    found = TITLE.search(content, start, end)
    if found is None:
        return
    first, last = found.start(1) + 1, found.end(1) - 1
    text = content[first:last]
    if re.search(r"[\\&\n]", text):
        return
    quote = found[1][0]
    if segment := segment_of(
        [Piece("text", places[first], places[last], text)], lambda text: re.sub(rf"[\\{quote}]", r"\\\g<0>", text)
    ):
        yield segment


def _escape_label(text: str) -> str:
    return re.sub(r"[\\`*_\[\]<&]", r"\\\g<0>", text)
