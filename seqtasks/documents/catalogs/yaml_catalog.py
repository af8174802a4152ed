"""Catalogs of messages in YAML, such as those of Rails: strings are translated, keys, comments and layout stay."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import yaml

from seqtasks.documents.document import DocumentOptions, malformed
from seqtasks.documents.encoding import decode
from seqtasks.documents.lines import newline_of
from seqtasks.documents.values import Value, ValueDocument

FORM: Final = "YAML"
PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
"""The anchor and the tag of a scalar."""
STRING: Final = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class YAMLString(Value):
    """A scalar without its anchor and tag."""

    style: str | None
    """As PyYAML tells it: a quote, a bar, a greater-than sign, or None."""
    in_flow: bool
    """Whether it stands between brackets, where a comma ends it."""


def read_yaml(data: bytes, options: DocumentOptions) -> ValueDocument[YAMLString]:
    """A catalog.

    Args:
        data: The file.
        options: Its name.

    Raises:
        SeqtasksError: It is malformed.
    """
    source, encoding = decode(data, options.name)
    try:
        documents = list(yaml.compose_all(source, yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError) as error:
        raise malformed(options.name, FORM, error) from None
    seen: dict[int, tuple[Any, bool]] = {}
    for document in documents:
        for node, in_flow in _strings(document):
            seen.setdefault(id(node), (node, in_flow))
    strings = [_string(node, source, in_flow) for node, in_flow in seen.values()]
    return ValueDocument(source, encoding, strings, partial(_spelled, source))


def _string(node: Any, source: str, in_flow: bool) -> YAMLString:
    start, end = node.start_mark.index, node.end_mark.index
    properties = PROPERTIES.match(source, start, end)
    return YAMLString(properties.end() if properties else start, end, node.value, node.style, in_flow)


def _strings(root: Any) -> Iterator[tuple[Any, bool]]:
    """The strings that are values, anchored ones once, and whether they stand between brackets."""
    waiting, seen = [(root, False)], set()
    while waiting:
        node, in_flow = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += ((value, node.flow_style) for _, value in reversed(node.value))
        elif isinstance(node, yaml.SequenceNode):
            waiting += ((value, node.flow_style) for value in reversed(node.value))
        elif node.tag == STRING and any(map(str.isalpha, node.value)):
            yield node, in_flow


def _spelled(source: str, string: YAMLString, text: str) -> str:
    """A text in the style of the source, or between double quotes where that style cannot have it."""
    old, style = source[string.start : string.end], string.style
    only_ascii = old.isascii() and not string.text.isascii()
    quoted: str = yaml.dump(text, default_style='"', allow_unicode=not only_ascii, width=sys.maxsize)
    written = quoted = quoted.rstrip("\n")
    if style == "'":
        written = "'" + text.replace("'", "''") + "'"
    elif style is None:
        written = text
    elif style in ("|", ">"):
        header, _, body = old.partition("\n")
        indent = body[: len(body) - len(body.lstrip(" "))]
        ends = old[len(old.rstrip()) :]
        between = "\n" if style == "|" else "\n\n"  # a line break alone is a blank in a folded scalar
        lines = [f"{indent}{line}" if line else "" for line in text.rstrip("\n").replace("\n", between).split("\n")]
        written = newline_of(source).join([header.rstrip("\r"), *lines]) + ends
        return written if _reads_as(written, text, in_flow=False) else quoted + ends
    return written if _reads_as(written, text, string.in_flow) else quoted


def _reads_as(written: str, text: str, in_flow: bool) -> bool:
    """Whether a scalar has this value in its place."""
    try:
        return bool(
            yaml.safe_load(f"[{written}, 1]" if in_flow else f"key: {written}\n")
            == ([text, 1] if in_flow else {"key": text})
        )
    except yaml.YAMLError:
        return False
