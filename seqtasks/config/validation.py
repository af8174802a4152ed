"""What is wrong with settings, told by place and in the words of someone who writes TOML."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from seqtasks.registry import ConfigModel, PolymorphicField, fields_of

UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
Location = tuple[int | str, ...]
Checked = TypeVar("Checked", bound=ConfigModel)


class ValidationIssue(NamedTuple):
    location: Location
    """Keys and list positions from the outermost table on."""
    message: str


def validate_config(declared: type[Checked], value: Any, mistakes: list[ValidationIssue]) -> Checked | None:
    """The settings in a raw table; None, and more `mistakes`, where something is wrong with it."""
    try:
        return declared.model_validate(value)
    except ValidationError as error:
        for detail in error.errors():
            unknown = detail["type"] in UNKNOWN_KEY
            known = known_keys(declared, value, detail["loc"][:-1]) if unknown else []
            mistakes.append(ValidationIssue(detail["loc"], _message(detail, known)))
        return None


def known_keys(declared: Any, value: Any, place: Location) -> list[str]:
    """The keys that the table at `place` may have, within a raw `value` that should be of the type `declared`."""
    origin, parts = get_origin(declared), get_args(declared)
    if origin is Annotated:
        families = [mark.family for mark in parts[1:] if isinstance(mark, PolymorphicField)]
        return known_keys(families[0].of_kind(value["kind"]).Config if families else parts[0], value, place)
    if origin in (list, tuple, dict):
        return known_keys(parts[-1], value[place[0]], place[1:]) if place else []
    if origin is not None:
        return next((keys for part in parts if (keys := known_keys(part, value, place))), [])
    fields = fields_of(declared)
    if not place:
        return [name for name in fields if name != "kind"]
    name, *rest = place
    if name not in fields or not isinstance(value, dict):
        return []
    return known_keys(fields[str(name)], value.get(name), tuple(rest))


def _message(detail: ErrorDetails, known: Sequence[str]) -> str:
    if detail["type"] in UNKNOWN_KEY:
        close = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        if close:
            return f"unknown key (did you mean {close[0]}?)"
        return f"unknown key (known: {', '.join(known)})" if known else "unknown key"
    match detail["type"]:
        case "missing":
            return "is missing"
        case "model_type" | "dataclass_type" | "dict_type":
            return f"should be a table, not {detail['input']!r}"
        case "value_error":
            return detail["msg"].removeprefix("Value error, ")
        case "kind_unknown" | "kind_missing":
            return detail["msg"]
        case _:
            return f"{detail['msg'].replace('Input should', 'should')}, not {detail['input']!r}"
