"""Configurations of version 0.1 (and models of format 1) in today's names, by the table `renames.toml`.

Keys are looked up class by class, in the place where a class is declared: `size` of a tokenizer is another key than
`size` of a picture. A component of a user's own has no entry there and is never touched, but for keys that it inherits.
Only what a class does not know is renamed, so that reading twice changes nothing.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from seqtasks import version
from seqtasks.registry import Component, PolymorphicField, fields_of

Table = dict[str, Any]
TENSORS: dict[str, str] = {}
"""How names of tensors began, and how they begin today."""


class Renamed(NamedTuple):
    """An old key or kind that was found."""

    place: tuple[int | str, ...]
    """The table of the key, or the key of the kind, in today's names."""
    old: str
    new: str
    conflict: bool = False
    """Whether the new one is given as well, and was taken."""


@dataclasses.dataclass(frozen=True)
class Renames:
    """The table; classes by the name they have today, or had."""

    fields: Mapping[str, Mapping[str, str]]
    values: Mapping[str, Mapping[str, Table]]
    kinds: Mapping[str, Mapping[str, str]]

    def key(self, declared: type, name: str) -> str:
        """What a key of a class of settings is called now."""
        known = fields_of(declared)
        found = (self.fields.get(_name(base), {}).get(name) for base in declared.__mro__)
        return next((new for new in found if new in known), name)

    def value(self, declared: type, key: str, value: Any) -> Any:
        """What the value of a key, by its old name, is now."""
        for base in declared.__mro__:
            table = self.values.get(_name(base), {}).get(key, {})
            if isinstance(value, str) and value in table:
                return table[value]
        return value

    def kind(self, family: type[Component], kind: str) -> str:
        """What a kind of component is called now."""
        found = (self.kinds.get(base.__name__, {}).get(kind) for base in family.__mro__)
        return next((new for new in found if new in family.kinds), kind)


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


def migrate(
    declared: Any, value: Any, *, place: tuple[int | str, ...] = (), table: Renames | None = None
) -> tuple[Any, list[Renamed]]:
    """A raw value that should be of the type `declared`, in today's names; and what was renamed in it.

    Args:
        declared: A class of settings, or what a field of one is annotated with.
        value: What TOML or JSON gives; it is not changed.
        place: Where the value stands in what it was read from.
        table: Another table than the one that comes with seqtasks.
    """
    found: list[Renamed] = []

    def within(part: Any, item: Any, key: int | str) -> Any:
        changed, more = migrate(part, item, place=(*place, key), table=table)
        found.extend(more)
        return changed

    if (family := _family(declared)) is not None and isinstance(value, Mapping) and isinstance(value.get("kind"), str):
        kind = migrate_kind(family, value["kind"], table)
        if kind != value["kind"]:
            found.append(Renamed((*place, "kind"), value["kind"], kind))
            value = {**value, "kind": kind}
    declared = _resolved(declared, value)
    parts = get_args(declared)
    if parts and isinstance(value, Mapping):
        return {key: within(parts[-1], item, key) for key, item in value.items()}, found
    if parts and isinstance(value, list | tuple):
        return [within(parts[0], item, index) for index, item in enumerate(value)], found
    fields = fields_of(declared)
    if parts or not fields or not isinstance(value, Mapping):
        return value, found
    result = {}
    for key, item in value.items():
        new = key if key in fields else (table or renames()).key(declared, key)
        if new != key:
            found.append(Renamed(place, key, new, conflict=new in value))
            if new in value:
                continue
            item = (table or renames()).value(declared, key, item)
        result[new] = within(fields[new], item, new) if new in fields else item
    return result, found


def migrate_override(
    declared: Any, document: Any, keys: Sequence[str], value: Any, *, table: Renames | None = None
) -> tuple[tuple[str, ...], Any]:
    """The dotted path `keys` and the `value` to be put there, in today's names.

    `document` is of the type `declared` and has today's names already: it says which kinds the components are of.
    """
    if not keys:
        return (), value
    key, *rest = keys
    family = _family(declared)
    if family is not None and key == "kind" and not rest and isinstance(value, str):
        return ("kind",), migrate_kind(family, value, table)
    declared = _resolved(declared, document)
    parts, fields = get_args(declared), fields_of(declared)
    if parts and isinstance(document, list):
        inside = document[int(key)] if key.isdecimal() and int(key) < len(document) else None
        below, value = migrate_override(parts[0], inside, rest, value, table=table)
        return (key, *below), value
    new = key
    if not parts and fields and key not in fields:
        new = (table or renames()).key(declared, key)
        if new != key and not rest:
            value = (table or renames()).value(declared, key, value)
    inside = document.get(new) if isinstance(document, Mapping) else None
    below, value = migrate_override(parts[-1] if parts else fields.get(new), inside, rest, value, table=table)
    return (new, *below), value


def migrate_kind(family: type[Component], kind: str, table: Renames | None = None) -> str:
    """What a kind of component is called today."""
    return kind if kind in family.kinds else (table or renames()).kind(family, kind)


def old_kinds(family: type[Component]) -> Mapping[str, str]:
    """The kinds of a family that have another name today, and that name."""
    return renames().kinds.get(family.__name__, {})


def migrate_tensors(tensors: dict[Any, Any], prefixes: Mapping[str, str] = TENSORS) -> dict[Any, Any]:
    """Tensors, or tables of them, by the names that they have today: weight files are not rewritten for a rename."""
    result = {}
    for name, item in tensors.items():
        old = next((old for old in prefixes if isinstance(name, str) and name.startswith(old)), None)
        today = name if old is None else prefixes[old] + name.removeprefix(old)
        result[today] = migrate_tensors(item, prefixes) if isinstance(item, dict) else item
    return result


def _family(declared: Any) -> type[Component] | None:
    """The family of the component whose options `declared` stands for."""
    if get_origin(declared) is Annotated:
        families = [mark.family for mark in get_args(declared)[1:] if isinstance(mark, PolymorphicField)]
        return families[0] if families else _family(get_args(declared)[0])
    found = (_family(part) for part in get_args(declared) if get_origin(declared) not in (list, tuple, dict))
    return next((family for family in found if family is not None), None)


def _resolved(declared: Any, value: Any) -> Any:
    """The class of settings, or the type of list or table, that a raw value should be of; None for anything else."""
    origin, parts = get_origin(declared), get_args(declared)
    if origin in (list, tuple, dict):
        return declared
    if (family := _family(declared)) is not None:
        kind = value.get("kind") if isinstance(value, Mapping) else None
        try:
            return family.of_kind(kind).Config if isinstance(kind, str) else None
        except KeyError:
            return None
    if origin is Annotated:
        return _resolved(parts[0], value)
    if origin is not None:
        return next((found for part in parts if (found := _resolved(part, value)) is not None), None)
    return declared if fields_of(declared) else None


def _name(declared: type) -> str:
    return f"{declared.__module__}.{declared.__qualname__}"


def _today(name: str, modules: Mapping[str, str], names: Mapping[str, str]) -> str:
    """The name that a class has today, by its old one."""
    parts = name.split(".")
    first = next(index for index, part in enumerate(parts) if part[0].isupper())
    module = ".".join(parts[:first])
    renamed = [names.get(".".join(parts[: index + 1]), parts[index]) for index in range(first, len(parts))]
    return ".".join([modules.get(module, module), *renamed])
