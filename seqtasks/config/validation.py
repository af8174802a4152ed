"""Errors of settings, by their place and in the terms of TOML."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from seqtasks.registry import ConfigModel, at, fields_of, resolved

UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
Location = tuple[int | str, ...]
Checked = TypeVar("Checked", bound=ConfigModel)


class ValidationIssue(NamedTuple):
    """One mistake in settings."""

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
    for key in place:
        declared, value = at(resolved(declared, value), value, key)
    return [name for name in fields_of(resolved(declared, value)) if name != "kind"]


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
        case "list_type" | "tuple_type":
            return f"should be a list in brackets, not {detail['input']!r}"
        case "value_error":
            return detail["msg"].removeprefix("Value error, ")
        case "kind_unknown" | "kind_missing":
            return detail["msg"]
        case _:
            return f"{detail['msg'].replace('Input should', 'should')}, not {detail['input']!r}"
