"""Texts with tags as they are spelled in HTML, for tests."""

from __future__ import annotations

import re

from seqtasks.text.markup import InlineTag, MarkupText


def parse(html: str) -> tuple[MarkupText, list[str]]:
    """A text with its tags, and the names of its elements."""
    text = ""
    tags: list[InlineTag] = []
    names: list[str] = []
    started: list[int] = []
    for end, name, empty, plain in re.findall(r"<(/?)(\w+)(/?)>|([^<]+)", html):
        text += plain
        if end:
            tags.append(InlineTag(len(text), "end", started.pop()))
        elif name:
            tags.append(InlineTag(len(text), "empty" if empty else "start", len(names)))
            started += [len(names)] * (not empty)
            names.append(name)
    return MarkupText(text, tuple(tags)), names


def marked_up(text: MarkupText, names: list[str]) -> str:
    """The text with its tags."""
    spelled, place = "", 0
    for tag in text.tags:
        name = names[tag.number]
        form = {"start": f"<{name}>", "end": f"</{name}>", "empty": f"<{name}/>"}[tag.kind]
        spelled += text.text[place : tag.position] + form
        place = tag.position
    return spelled + text.text[place:]
