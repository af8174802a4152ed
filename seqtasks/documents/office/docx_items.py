"""What is in a paragraph of Word: text of one formatting, what encloses text, and what stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SIGNS: Final = {
    f"{W}t": "",
    f"{W}softHyphen": "",
    f"{W}br": "\n",
    f"{W}tab": "\t",
    f"{W}noBreakHyphen": "\N{NON-BREAKING HYPHEN}",
}
"""What a run of text has in it, and the signs for it."""
SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
IGNORED: Final = frozenset((f"{W}proofErr", f"{W}lastRenderedPageBreak"))
"""What Word notes of a paragraph as it last showed it."""
PROPERTIES: Final = frozenset(
    f"{W}{name}" for name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr", "fldData")
)
CONTAINERS: Final = frozenset(
    f"{W}{name}" for name in ("hyperlink", "ins", "moveTo", "sdt", "smartTag", "customXml", "fldSimple", "dir", "bdo")
)
"""Elements of a paragraph that have runs in them."""
RANGE = re.compile(rf"{re.escape(W)}(bookmark|commentRange)(Start|End)")
Kind = Literal["text", "start", "end", "empty", "begin", "separate", "finish"]
"""The last three are the marks of a field, which become a start and an end, or are empty."""
MARKS: Final[Mapping[str, Kind]] = {"begin": "begin", "separate": "separate", "end": "finish"}
FIELDS: Final = frozenset(("FORMTEXT", "HYPERLINK", "QUOTE", "REF", "STYLEREF", "TOC"))
"""Fields whose results are text of the document, and not a number, a date or a name."""
CONTROLS: Final = frozenset(("checkbox", "comboBox", "dataBinding", "date", "dropDownList", "picture"))
"""Content controls whose values are no text of the document."""


@dataclass(eq=False)
class Item:
    """A part of a paragraph."""

    kind: Kind
    parts: list[tuple[Element, list[Element] | None]]
    """Elements, and what of a run belongs to the item."""
    container: Element | None = None
    """What it is in, if not in the paragraph itself."""
    text: str = ""
    format: str = ""
    """What tells formattings apart."""
    name: str = ""
    """What a start and an end have in common."""
    encloses: Element | None = None
    """What a start or an end is the tag of, where runs are inside of it in the XML too."""


def items_of(paragraph: Element) -> list[Item]:
    """The items of a paragraph, in order; starts and ends are in pairs."""
    return _merged(_in_pairs(_without_marks(list(_walk(paragraph, None)))))


def holder_of(container: Element) -> Element:
    """What the runs of a container are directly in."""
    content = container.find(f"{W}sdtContent")
    return container if content is None else content


def _walk(parent: Element, container: Element | None) -> Iterator[Item]:
    for child in parent:
        tag = str(child.tag)
        if tag in PROPERTIES or tag in IGNORED:
            continue
        if tag == f"{W}r":
            yield from _run_items(child, container)
        elif tag in CONTAINERS and _is_text(child):
            name = f"container {id(child)}"
            yield Item("start", [(child, None)], container, name=name, encloses=child)
            yield from _walk(holder_of(child), child)
            yield Item("end", [(child, None)], container, name=name, encloses=child)
        else:
            range = RANGE.fullmatch(tag)
            kind: Kind = "empty" if range is None else "start" if range[2] == "Start" else "end"
            name = f"{range[1]} {child.get(f'{W}id')}" if range else ""
            yield Item(kind, [(child, None)], container, name=name)


def _is_text(container: Element) -> bool:
    """Whether what a container shows is translated."""
    if container.tag == f"{W}fldSimple":
        return _is_text_field(container.get(f"{W}instr") or "")
    properties = container.find(f"{W}sdtPr")
    names = () if properties is None else (str(each.tag).rpartition("}")[2] for each in properties)
    return CONTROLS.isdisjoint(names)


def _is_text_field(instruction: str) -> bool:
    words = instruction.split()
    return bool(words) and words[0].upper() in FIELDS


def _run_items(run: Element, container: Element | None) -> Iterator[Item]:
    """The items of a run: signs in a row as one, everything else by itself."""
    last: Item | None = None
    children: list[Element] = []
    for child in run:
        if child.tag in PROPERTIES or child.tag in IGNORED:
            continue
        shown = child.text or "" if child.tag in (f"{W}t", f"{W}instrText") else ""
        if child.tag in SIGNS and not set(child.attrib) - {SPACE}:
            if last is None:
                children = []
                last = Item("text", [(run, children)], container, format=_format(run))
            children.append(child)
            last.text += SIGNS[str(child.tag)] or shown
            continue
        if last is not None:
            yield last
            last = None
        kind = MARKS.get(child.get(f"{W}fldCharType") or "", "empty")
        yield Item(kind, [(run, [child])], container, shown)
    if last is not None:
        yield last


def _format(run: Element) -> str:
    from lxml import etree

    properties = run.find(f"{W}rPr")
    return "" if properties is None else etree.tostring(properties, method="c14n").decode()


def _without_marks(items: Sequence[Item]) -> list[Item]:
    """The items with fields as starts and ends, or as empty ones where their results are no text."""
    done: list[Item] = []
    place = 0
    while place < len(items):
        item = items[place]
        separate, finish = _field(items, place) if item.kind == "begin" else (None, None)
        if finish is None:
            done.append(_joined("empty", [item]) if item.kind in MARKS.values() else item)
            place += 1
            continue
        inside = items[place : finish + 1]
        head = inside if separate is None else items[place:separate]
        instruction = "".join(each.text for each in head if each.kind == "empty")
        whole = not any(each.encloses is not None for each in head) and items[finish].container is item.container
        if whole and separate is not None and _is_text_field(instruction):
            done.append(_joined("start", [*head, items[separate]], f"field {id(item)}"))
            done += _without_marks(items[separate + 1 : finish])
            done.append(_joined("end", [items[finish]], f"field {id(item)}"))
        elif any(each.encloses is not None for each in inside):
            done += [_joined("empty", [each]) if each.encloses is None else each for each in inside]
        else:
            done.append(_joined("empty", inside))
        place = finish + 1
    return done


def _field(items: Sequence[Item], begin: int) -> tuple[int | None, int | None]:
    """Where the result of a field begins, and its last mark."""
    depth, separate = 0, None
    for place in range(begin, len(items)):
        kind = items[place].kind
        depth += (kind == "begin") - (kind == "finish")
        if kind == "separate" and depth == 1 and separate is None:
            separate = place
        if not depth:
            return separate, place
    return None, None


def _joined(kind: Literal["start", "end", "empty"], items: Sequence[Item], name: str = "") -> Item:
    return Item(kind, [part for each in items for part in each.parts], items[0].container, name=name)


def _in_pairs(items: list[Item]) -> list[Item]:
    """The items with ranges of bookmarks and comments as empty ones where they cross a field or a container."""
    opened: list[Item] = []
    for item in items:
        if item.kind == "start":
            opened.append(item)
        if item.kind != "end":
            continue
        start = next((each for each in reversed(opened) if each.name == item.name), None)
        inner = opened[opened.index(start) + 1 :] if start is not None else []
        if start is None or (_is_range(item) and not all(map(_is_range, inner))):
            item.kind = "empty"
            if start is not None:
                start.kind = "empty"
                opened.remove(start)
            continue
        for each in inner:
            each.kind = "empty"
        del opened[opened.index(start) :]
    for each in opened:
        each.kind = "empty"
    return items


def _is_range(item: Item) -> bool:
    return item.encloses is None and not item.name.startswith("field")


def _merged(items: Sequence[Item]) -> list[Item]:
    """Neighbors of one formatting as one item."""
    merged: list[Item] = []
    for item in items:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.kind == item.kind == "text"
            and (last.format, last.container) == (item.format, item.container)
        ):
            last.parts += item.parts
            last.text += item.text
        else:
            merged.append(item)
    return merged
