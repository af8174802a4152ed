"""Catalogs of messages in YAML, such as those of Rails: strings are translated, keys, comments and layout stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import yaml

from seqtasks.documents.document import DocumentOptions, Segment, malformed
from seqtasks.documents.encoding import Encoding, decode
from seqtasks.documents.splicing import Edit, apply_edits
from seqtasks.text.markup import MarkupText

FORM: Final = "YAML"
PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
"""The anchor and the tag of a scalar."""
STRING: Final = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class YAMLCatalog:
    """A catalog with its strings, which know their places."""

    source: str
    encoding: Encoding
    strings: Sequence[Any]
    """Scalar nodes of PyYAML."""

    @cached_property
    def segments(self) -> Sequence[Segment]:
        """A segment for each string with words."""
        return [Segment(MarkupText(each.value.strip())) for each in self.strings]

    def write(self, translations: Sequence[MarkupText | None]) -> bytes:
        """The catalog with these translations."""
        edits = []
        for node, segment, translation in zip(self.strings, self.segments, translations, strict=True):
            if translation is not None and translation != segment.text:
                before, _, after = node.value.partition(segment.text.text)
                text = f"{before}{translation.text}{after}"
                start, end = node.start_mark.index, node.end_mark.index
                found = PROPERTIES.match(self.source, start, end)
                start = found.end() if found else start
                edits.append(Edit(start, end, self.spelled(node, text, self.source[start:end])))
        return self.encoding.encode(apply_edits(self.source, edits))

    def spelled(self, node: Any, text: str, old: str) -> str:
        """A text in the style of the source, or between double quotes where that style cannot have it."""
        newline = "\r\n" if "\r\n" in self.source else "\n"
        written = json.dumps(text, ensure_ascii=False)
        if node.style == "'":
            written = "'" + text.replace("'", "''") + "'"
        elif node.style is None:
            written = text
        elif node.style == "|":
            header, _, body = old.partition("\n")
            indent = body[: len(body) - len(body.lstrip(" "))]
            ends = old[len(old.rstrip()) :]
            lines = [f"{indent}{line}" if line else "" for line in text.rstrip("\n").split("\n")]
            written = newline.join([header.rstrip("\r"), *lines]) + ends
        elif node.style == ">":
            return written + old[len(old.rstrip()) :]
        return written if _reads_as(written, text) else json.dumps(text, ensure_ascii=False)


def read_yaml(data: bytes, options: DocumentOptions) -> YAMLCatalog:
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
    return YAMLCatalog(source, encoding, list(seen.values()))


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


def _reads_as(written: str, text: str) -> bool:
    """Whether a scalar has this value, as a value in a block and in a list between brackets."""
    try:
        block = yaml.safe_load(f"key: {written}\n")
        flow = written if written.startswith("|") else yaml.safe_load(f"[{written}, 1]")[0]
    except yaml.YAMLError:
        return False
    return bool(block == {"key": text} and flow in (text, written))
