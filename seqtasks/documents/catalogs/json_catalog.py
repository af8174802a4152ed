"""Catalogs of messages in JSON: strings are translated, keys and layout stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final

from seqtasks.documents.document import DocumentOptions, malformed
from seqtasks.documents.encoding import decode
from seqtasks.documents.values import Value, ValueDocument

FORM: Final = "JSON"
TOKEN = re.compile(r'[ \t\r\n]*([{}\[\],:]|"|-?\d[\d.eE+-]*|true|false|null)')
NO_TEXT = re.compile(r"\w+://\S+|[^\s@]+@[^\s@]+\.\w+|#[0-9a-fA-F]{3,8}")
"""Addresses and colors."""


@dataclass(frozen=True)
class JSONString(Value):
    """A string and its keys."""

    path: tuple[str, ...]


def read_json(data: bytes, options: DocumentOptions) -> ValueDocument[JSONString]:
    """A catalog, such as those of i18next, Flutter (ARB) or extensions of browsers.

    Args:
        data: The file.
        options: Its name.

    Raises:
        SeqtasksError: It is malformed.
    """
    source, encoding = decode(data, options.name)
    try:
        value = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise malformed(options.name, FORM, error) from None
    messages = isinstance(value, dict) and bool(value) and all(map(_is_message, value.values()))
    strings = [
        each
        for each in _strings(source)
        if any(map(str.isalpha, each.text))
        and NO_TEXT.fullmatch(each.text) is None
        and not any(key.startswith(("@", "$")) for key in each.path)
        and not (messages and each.path[-1] != "message")
    ]
    # letters are escapes where the catalog has no others
    ascii_only = source.isascii() and "\\u" in source
    return ValueDocument(source, encoding, strings, lambda _, text: json.dumps(text, ensure_ascii=ascii_only))


def _is_message(value: Any) -> bool:
    """Whether it is a message of an extension of a browser, of which one field is text."""
    return isinstance(value, dict) and isinstance(value.get("message"), str)


def _strings(source: str) -> Iterator[JSONString]:
    """The strings that are values, in valid JSON."""
    opened: list[tuple[str, str]] = []
    place, expects_key, key = 0, False, ""
    while (match := TOKEN.match(source, place)) is not None:
        token, place = match[1], match.end()
        if token == '"':
            start = place - 1
            text, place = scanstring(source, place, False)
            if expects_key:
                key = text
            else:
                path = (*(each for _, each in opened), key)
                yield JSONString(start, place, text, tuple(filter(None, path)))
        elif token in "{[":
            opened.append((token, key))
            key, expects_key = "", token == "{"
        elif token in "}]":
            _, key = opened.pop()
        elif token == ":":
            expects_key = False
        elif token == ",":
            expects_key = opened[-1][0] == "{"
