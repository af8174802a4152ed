"""Configurations of version 0.1 (and models of format 1) in today's names, by the table `renames.toml`.

Keys are looked up class by class, in the place where a class is declared: `size` of a tokenizer is another key than
`size` of an image. A component of a user's own has no entry there and is never touched, but for keys that it inherits.
Only what a class does not know is renamed, so that reading twice changes nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from seqtasks import version
from seqtasks.registry import Component, PolymorphicField, at, fields_of, resolved, unwrapped

Table = dict[str, Any]

NORMALIZED_OTHERWISE = (
    "Version 0.1 normalized no-break spaces and invisible characters differently, so a training on texts with them "
    "cannot be resumed."
)
"""A hint where the data of a checkpoint of format 1 are not those of today."""


class Renamed(NamedTuple):
    """An old key or kind that was found."""

    place: tuple[int | str, ...]
    """The table of the key, or the key of the kind, in today's names."""
    old: str
    new: str
    conflict: bool = False
    """Whether the new one is given as well, and was taken."""


class Renames(NamedTuple):
    """The table; classes by the name they have today, or had."""

    fields: Mapping[str, Mapping[str, str]]
    values: Mapping[str, Mapping[str, Table]]
    kinds: Mapping[str, Mapping[str, str]]


@cache
def renames() -> Renames:
    """The table that comes with seqtasks."""
    return read_renames(Path(version.__file__).with_name("renames.toml").read_text(encoding="utf-8"))


def read_renames(text: str) -> Renames:
    """A table of renames, whose classes can be found by their old names and by those of today."""
    table = tomllib.loads(text)
    modules, names = table.get("modules", {}), table.get("names", {})

    def both(section: Table) -> Table:
        return section | {_today(name, modules, names): keys for name, keys in section.items()}

    return Renames(both(table["fields"]), both(table["values"]), table["kinds"])


def migrate(declared: Any, value: Any, *, place: tuple[int | str, ...] = ()) -> tuple[Any, list[Renamed]]:
    """A raw value that should be of the type `declared`, in today's names; and what was renamed in it.

    Args:
        declared: A class of settings, or what a field of one is annotated with.
        value: What TOML or JSON gives; it is not changed.
        place: Where the value is in what it was read from.
    """
    found: list[Renamed] = []
    component = unwrapped(declared)
    if isinstance(component, PolymorphicField) and isinstance(value, Mapping) and isinstance(value.get("kind"), str):
        kind = migrate_kind(component.family, value["kind"])
        if kind != value["kind"]:
            found.append(Renamed((*place, "kind"), value["kind"], kind))
            value = {**value, "kind": kind}
    declared = resolved(declared, value)

    def within(item: Any, key: int | str) -> Any:
        changed, more = migrate(at(declared, value, key)[0], item, place=(*place, key))
        found.extend(more)
        return changed

    if isinstance(value, list | tuple):
        return [within(item, index) for index, item in enumerate(value)], found
    if not isinstance(value, Mapping):
        return value, found
    result = {}
    for key, item in value.items():
        new, item = _renamed(declared, key, item)
        if new != key:
            found.append(Renamed(place, key, new, conflict=new in value))
            if new in value:
                continue
        result[new] = within(item, new)
    return result, found


def migrate_override(
    declared: Any, document: Any, keys: Sequence[str], value: Any
) -> tuple[tuple[str, ...], Any, list[Renamed]]:
    """The dotted path `keys` and the `value` to be put there, in today's names; and what was renamed in them.

    `document` is of the type `declared` and has today's names already: it says which kinds the components are of.
    """
    today: tuple[str, ...] = ()
    found: list[Renamed] = []
    for key in keys:
        last = len(today) == len(keys) - 1
        component = unwrapped(declared)
        if last and key == "kind" and isinstance(component, PolymorphicField) and isinstance(value, str):
            kind = migrate_kind(component.family, value)
            found += [Renamed((*today, key), value, kind)] if kind != value else []
            value = kind
        declared = resolved(declared, document)
        new, renamed = _renamed(declared, key, value if last else None)
        value = renamed if last else value
        found += [Renamed(today, key, new)] if new != key else []
        today = (*today, new)
        declared, document = at(declared, document, new)
    return today, value, found


def migrate_kind(family: type[Component], kind: str) -> str:
    """What a kind of component is called today."""
    if kind in family.kinds:
        return kind
    found = (renames().kinds.get(base.__name__, {}).get(kind) for base in family.__mro__)
    return next((new for new in found if new in family.kinds), kind)


def old_kinds(family: type[Component]) -> Mapping[str, str]:
    """The kinds of a family that have another name today, and that name."""
    return renames().kinds.get(family.__name__, {})


def _renamed(declared: Any, key: str, value: Any) -> tuple[str, Any]:
    """A key of a class of settings, and its value, in today's names."""
    known = fields_of(declared)
    if not known or key in known:
        return key, value
    table, classes = renames(), [_name(base) for base in declared.__mro__]
    found = (table.fields.get(each, {}).get(key) for each in classes)
    new = next((new for new in found if new and new in known), key)
    if new == key or not isinstance(value, str):
        return new, value
    values = (table.values.get(each, {}).get(key, {}) for each in classes)
    return new, next((each[value] for each in values if value in each), value)


def _name(declared: type) -> str:
    return f"{declared.__module__}.{declared.__qualname__}"


def _today(name: str, modules: Mapping[str, str], names: Mapping[str, str]) -> str:
    """The name that a class has today, by its old one."""
    parts = name.split(".")
    first = next(index for index, part in enumerate(parts) if part[0].isupper())
    module = ".".join(parts[:first])
    renamed = [names.get(".".join(parts[: index + 1]), parts[index]) for index in range(first, len(parts))]
    return ".".join([modules.get(module, module), *renamed])
