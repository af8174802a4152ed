"""Catalogs of messages in YAML, such as those of Rails: strings are translated, keys, comments and layout stay."""

from __future__ import annotations

import json
import re
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
    seen: dict[int, Any] = {}
    for document in documents:
        for node in _strings(document):
            seen.setdefault(id(node), node)
    strings = [_string(node, source) for node in seen.values()]
    return ValueDocument(source, encoding, strings, partial(_spelled, source))


def _string(node: Any, source: str) -> YAMLString:
    start, end = node.start_mark.index, node.end_mark.index
    properties = PROPERTIES.match(source, start, end)
    return YAMLString(properties.end() if properties else start, end, node.value, node.style)


def _strings(root: Any) -> Iterator[Any]:
    """The strings that are values, anchored ones once."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += (value for _, value in reversed(node.value))
        elif isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif node.tag == STRING and any(map(str.isalpha, node.value)):
            yield node


def _spelled(source: str, string: YAMLString, text: str) -> str:
    """A text in the style of the source, or between double quotes where that style cannot have it."""
    old, style = source[string.start : string.end], string.style
    written = json.dumps(text, ensure_ascii=False)
    if style == "'":
        written = "'" + text.replace("'", "''") + "'"
    elif style is None:
        written = text
    elif style == "|":
        header, _, body = old.partition("\n")
        indent = body[: len(body) - len(body.lstrip(" "))]
        ends = old[len(old.rstrip()) :]
        lines = [f"{indent}{line}" if line else "" for line in text.rstrip("\n").split("\n")]
        written = newline_of(source).join([header.rstrip("\r"), *lines]) + ends
    elif style == ">":
        return written + old[len(old.rstrip()) :]
    return written if _reads_as(written, text) else json.dumps(text, ensure_ascii=False)


def _reads_as(written: str, text: str) -> bool:
    """Whether a scalar has this value, as a value in a block and in a list between brackets."""
    try:
        block = yaml.safe_load(f"key: {written}\n")
        flow = written if written.startswith("|") else yaml.safe_load(f"[{written}, 1]")[0]
    except yaml.YAMLError:
        return False
    return bool(block == {"key": text} and flow in (text, written))
