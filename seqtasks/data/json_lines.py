"""Objects in JSON: one a line, or a list of them in a file that is one value, as pandas and Hugging Face write them."""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from seqtasks.data.examples import ReadReport
from seqtasks.data.files.foreign_files import not_utf8
from seqtasks.data.text_io import open_bytes, reach_lines, read_lines, require_text, uncompressed_suffix
from seqtasks.errors import SeqtasksError

JSON_BYTES = 1 << 30
"""JSON that is one value is read whole, so that larger files are refused. All of COCO takes 144 MB."""

HEAD_BYTES = 1 << 20
"""Bytes that are examined for one object per line."""
LIST_NAMES = frozenset({"data", "rows", "examples", "items", "records", "train", "validation", "valid", "dev", "test"})
"""What the list of examples is called, where an object holds more than that."""

REJECTED = {
    ("answer", "reject"): "rejected",  # Prodigy
    ("answer", "ignore"): "ignored",
    ("is_rejected", True): "rejected",  # VizWiz
    ("is_precanned", True): "precanned",
}
"""What annotators wrote into examples that they did not accept, and why these are left out."""
REJECTING = frozenset(key for key, _ in REJECTED)


def parse_json_object(line: str) -> dict[str, Any] | None:
    """The object in a line of JSON; None for anything else."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def rejection(fields: Mapping[str, Any], keys: Collection[str] = ()) -> str:
    """Why an annotator did not accept an example, else ""; what is among the `keys` that are read says nothing."""
    if REJECTING.isdisjoint(fields):  # nearly always
        return ""
    for (key, value), reason in REJECTED.items():
        found = fields.get(key)
        if type(found) is type(value) and found == value and key not in keys:
            return reason
    return ""


def first_objects(path: Path, count: int) -> list[dict[str, Any]]:
    """The first objects of a file; one without keys in place of what is none."""
    entries = listed_objects(path)
    if entries is not None:
        return [as_object(each) for each in entries[:count]]
    return [parse_json_object(line) or {} for line in islice(read_lines(path), count)]


def read_objects(
    path: Path, skipped: ReadReport, *, blank: bool = False, keys: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """The objects of a file; one without keys in place of what is none. `blank` lines are nothing, or are none, too.

    What an annotator rejected (see `rejection`) is left out.

    Raises:
        SeqtasksError: The file cannot be read; it is one value that holds several lists, or is broken.
    """
    for each in all_objects(path, skipped, blank=blank):
        if reason := rejection(each, keys):
            skipped.skip(reason)
        else:
            yield each


def all_objects(path: Path, skipped: ReadReport, *, blank: bool) -> Iterator[dict[str, Any]]:
    """The same with those that an annotator rejected."""
    entries = listed_objects(path)
    if entries is None:
        for _, line in reach_lines(path, skipped, blank=blank):
            yield parse_json_object(line) or {}
    else:
        file = f"{path} entry"
        for number, each in enumerate(entries, 1):
            skipped.reach(file, number)
            yield as_object(each)


def as_object(value: Any) -> dict[str, Any]:
    """An object as it is, and anything else as one without keys."""
    return value if isinstance(value, dict) else {}


def listed_objects(path: Path) -> list[Any] | None:
    """The entries of a file that is one value; None where each line is an object."""
    with open_bytes(path) as file:
        begun = file.peek(1).removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if begun not in (b"[", b"{") or (begun == b"{" and is_json_lines(path)):
        return None
    try:
        return rows_in(path, load_json(path))
    except SeqtasksError:
        if uncompressed_suffix(path) == ".json":
            raise
        return None


def is_json_lines(path: Path, *, alone: bool = True) -> bool:
    """Whether the first line is an object, and more follow; or, `alone`, one that holds no list of objects itself."""
    with open_bytes(path) as file:
        head = file.read(HEAD_BYTES).removeprefix(codecs.BOM_UTF8)
    first, *more = [line for line in head.split(b"\n") if line.strip()] or [b""]
    value = parse_json_object(first.decode(errors="replace"))
    return value is not None and (bool(more) or (alone and rows_in(path, value) == [value]))


def rows_in(path: Path, value: Any) -> list[Any]:
    """The entries of a value: a list, a list under a key, or columns, by name (Hugging Face, pandas)."""
    if not isinstance(value, dict) or not value:
        return value if isinstance(value, list) else [value]
    columns, data = value.get("columns"), value.get("data")
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        return [dict(zip(columns, row, strict=False)) for row in data]
    texts = [each for each in value.values() if isinstance(each, list)]
    even = len(texts) == len(value) > 1 and len({len(each) for each in texts}) == 1
    if even and not any(isinstance(item, dict) for each in texts for item in each):
        return [dict(zip(value, row, strict=True)) for row in zip(*texts, strict=True)]
    counted = [each for each in value.values() if isinstance(each, dict) and all(key.isdecimal() for key in each)]
    if len(counted) == len(value) > 1 and len({tuple(each) for each in counted}) == 1:
        return [{name: each[key] for name, each in value.items()} for key in counted[0]]
    lists = {key: each for key, each in value.items() if isinstance(each, list) and each and isinstance(each[0], dict)}
    if not (len(value) == 1 or LIST_NAMES.issuperset(lists)):
        return [value]
    if len(lists) > 1:
        raise SeqtasksError(
            f"{path}: it contains several lists: {', '.join(lists)}.",
            "Write the intended one as a separate file, or as JSON lines (.jsonl).",
        )
    return next(iter(lists.values()), [value])


def cells_of(objects: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> list[list[str]]:
    """The values of flat objects as cells of a table; those that are null or missing are empty."""
    found = ([each.get(key) for key in keys] for each in objects)
    return [["" if value is None else str(value) for value in values] for values in found]


def flattened(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an object, and those within its objects: `{"translation": {"en": ...}}` has `translation.en`."""
    if not any(isinstance(value, dict) for value in fields.values()):
        return dict(fields)
    found: dict[str, Any] = {}
    for key, value in fields.items():
        if isinstance(value, dict):
            found |= {f"{key}.{inner}": item for inner, item in flattened(value).items()}
        else:
            found[key] = value
    return found


def load_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8, whose errors are reported with their line."""
    with open_bytes(path) as file:
        require_text(path, file)
        content = file.read(JSON_BYTES + 1)
    if len(content) > JSON_BYTES:
        raise SeqtasksError(
            f"{path}: JSON of more than {JSON_BYTES >> 20:,} MiB is not supported.", "Write JSON lines."
        )
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise not_utf8(f"{path}:{line}", path, error.start - content.rfind(b"\n", 0, error.start)) from None
    except json.JSONDecodeError as error:
        raise SeqtasksError(
            f"{path}:{error.lineno}: broken JSON ({error.msg}).", "Download or create it again."
        ) from None
    except (ValueError, RecursionError):
        raise SeqtasksError(
            f"{path}: JSON with numbers that are too long or nesting that is too deep.", "Create it again."
        ) from None
