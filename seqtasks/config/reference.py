"""Every key of a run configuration with its type, its default and its meaning, out of the classes that declare them."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from seqtasks.config.run import GeneralConfig, task_family
from seqtasks.registry import Component, ConfigModel, PolymorphicField, fields_of, load_entry_points, unwrapped

NAMES = {int: "integer", float: "number", str: "string", bool: "boolean", Path: "path"}
LIMITS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "multiple_of": "multiple of", "min_length": "length >="}
REQUIRED = "required"


class ConfigKey(NamedTuple):
    """One key."""

    path: str
    """Dotted; `*` stands for the number of a table in a list."""
    type: str
    default: str
    """As TOML has it; "required", or "not set"."""
    description: str


class ConfigSection(NamedTuple):
    """Keys that belong together: those of every run, of a task, or of one kind of component."""

    title: str
    keys: tuple[ConfigKey, ...]


def task_kinds() -> list[str]:
    """The tasks that are known."""
    from seqtasks.tasks import Task

    load_entry_points()
    return Task.known()


def config_sections(task: str) -> list[ConfigSection]:
    """All keys of a task's run configuration: first those of every run, then its own, then those of each kind.

    The kinds are all of a family that the task takes, those of a user's own too.

    Raises:
        KeyError: For a task that is not known.
    """
    declared = task_family().of_kind(task).Config
    components: dict[str, tuple[type[Component], Any]] = {}
    every_run = tuple(_keys(GeneralConfig, PydanticUndefined, "", components))
    own = tuple(_keys(declared, PydanticUndefined, "", components, getattr(declared, "encoders", Component)))
    sections = [ConfigSection("Every run", every_run), ConfigSection(f'task = "{task}"', own)]
    for path, (family, default) in components.items():
        for kind in family.known():
            settings = family.of_kind(kind).Config
            value = default if isinstance(default, settings) else PydanticUndefined
            keys = tuple(_keys(settings, value, f"{path}.", {}))
            sections.append(ConfigSection(f'{path}.kind = "{kind}"', keys))
    return sections


def _keys(
    declared: type,
    default: Any,
    prefix: str,
    components: dict[str, tuple[type[Component], Any]],
    taken: type[Component] = Component,
) -> Iterator[ConfigKey]:
    """The keys of a class of settings and of the tables in it; fills in where there are components.

    `taken` are those of a family that this task takes.
    """
    said = descriptions(declared)
    for name, annotation in fields_of(declared).items():
        if name == "kind":
            continue
        path, value = f"{prefix}{name}", _default(declared, name, default)
        table, stars = unwrapped(annotation), ""
        if get_origin(table) is list:
            table, stars = unwrapped(get_args(table)[0]), ".*"
        shown = ConfigKey(path, _type(annotation), _toml(value), said.get(name, ""))
        if isinstance(table, PolymorphicField):
            family = taken if issubclass(taken, table.family) else table.family
            family_says = (inspect.getdoc(family) or "").partition("\n")[0]
            kinds = " | ".join(json.dumps(kind) for kind in family.known())
            kind = json.dumps(value.kind) if isinstance(value, ConfigModel) and hasattr(value, "kind") else _toml(value)
            yield ConfigKey(f"{path}{stars}.kind", kinds, kind, said.get(name, "") or family_says)
            components[f"{path}{stars}"] = (family, value)
        elif table is None or get_origin(table):
            yield shown
        else:
            if stars or _toml(value) == "not set":
                yield shown._replace(default="[]" if value == [] else shown.default)
            yield from _keys(table, PydanticUndefined if stars else value, f"{path}{stars}.", components, taken)


def _default(declared: Any, name: str, instance: Any) -> Any:
    """The value of a field that is left out."""
    if isinstance(instance, declared):
        return getattr(instance, name)
    if issubclass(declared, ConfigModel):
        return declared.model_fields[name].get_default(call_default_factory=True, validated_data={})
    field = next(field for field in dataclasses.fields(declared) if field.name == name)
    return PydanticUndefined if field.default is dataclasses.MISSING else field.default


def _toml(value: Any) -> str:
    if value is PydanticUndefined:
        return REQUIRED
    if value is None:
        return "not set"
    if isinstance(value, ConfigModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return ""
    return json.dumps(list(value) if isinstance(value, tuple) else value, default=str, ensure_ascii=False)


def _type(annotation: Any) -> str:
    """A type in the words of TOML, with the limits of its values."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        marks = [each for mark in parts[1:] for each in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
        limits = [
            f"{sign} {limit:g}"
            for mark in marks
            for name, sign in LIMITS.items()
            if isinstance(limit := getattr(mark, name, None), int | float)
        ]
        return " ".join([_type(parts[0]), ", ".join(limits)]).strip()
    if origin is Literal:
        return " | ".join(json.dumps(part) for part in parts)
    if origin in (Union, UnionType):
        return " | ".join(_type(part) for part in parts if part is not type(None))
    if origin in (list, tuple):
        inside = dict.fromkeys(_type(part) for part in parts if part is not Ellipsis)
        return f"list of {' and '.join(inside)}"
    if origin is Callable:  # what the table of a component becomes
        return "table"
    if origin is dict:
        return f"table of {_type(parts[1])}"
    return "table" if fields_of(annotation) else NAMES.get(annotation, getattr(annotation, "__name__", str(annotation)))


def descriptions(declared: type) -> dict[str, str]:
    """What is said of the fields of a class: the text below each, or the `description` of a `Field`."""
    found: dict[str, str] = {}
    for base in reversed(declared.__mro__):
        found |= _docstrings(base)
    if issubclass(declared, ConfigModel):
        found |= {name: field.description for name, field in declared.model_fields.items() if field.description}
    return found


@cache
def _docstrings(declared: type) -> dict[str, str]:
    """The text below each field that the class itself declares; nothing where its source is not there."""
    try:
        source = inspect.getsource(declared)
    except (OSError, TypeError):
        return {}
    found = {}
    [definition] = ast.parse(textwrap.dedent(source)).body
    for statement, following in pairwise(getattr(definition, "body", ())):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def as_text(sections: list[ConfigSection]) -> str:
    """For a terminal: a line a key, and below it what it means."""
    lines = []
    for section in sections:
        lines += [section.title, "-" * len(section.title)]
        for key in section.keys:
            default = f" (default: {key.default})" if key.default not in (REQUIRED, "") else f" ({key.default})"
            lines += [f"{key.path}: {key.type}{default}", f"    {key.description}"]
        lines.append("")
    return "\n".join(lines)


def as_markdown(sections: list[ConfigSection]) -> str:
    """Tables, one a section."""
    lines = []
    for section in sections:
        lines += [f"### {section.title}", "", "| key | type | default | meaning |", "|---|---|---|---|"]
        for key in section.keys:
            cells = (f"`{key.path}`", key.type, f"`{key.default}`", key.description)
            lines.append(" | ".join(["", *(cell.replace("|", "\\|") for cell in cells), ""]).strip())
        lines.append("")
    return "\n".join(lines)
