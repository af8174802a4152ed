"""Components: classes with a nested `Config`, found by `kind`.

A family is a direct subclass of `Component` (Encoder, Decoder, Tokenizer, Task). Each member carries its
own options, so that adding one takes one file:

    class MyEncoder(Encoder):
        class Config(ConfigModel):
            kind: Literal["mine"] = "mine"
            num_layers: int = 2

(without options: `class MyMetric(Metric, kind="mine")`), and `kind = "mine"` in a run configuration finds it, once the
file is imported (`--code FILE`, or an entry point in the group `seqtasks.components`).
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Annotated, Any, ClassVar, TypeVar, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

ENTRY_POINTS = "seqtasks.components"
"""The group in which installed packages offer components."""


class ConfigModel(BaseModel):
    """Options that are checked when they are read and never change afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Member = TypeVar("Member", bound="Component")


def kind_of(settings: ConfigModel) -> str:
    """The kind of the component whose options these are."""
    return str(type(settings).model_fields["kind"].default)


class Component:
    """The root of every family: classes that are found by their kind.

    A direct subclass is a family (`Encoder`, `Metric`), the classes below it are its members. A member has a nested
    `Config` with a field `kind`, or none, and its kind where it is declared: `class MyMetric(Metric, kind="mine")`.
    """

    Config: ClassVar[type[ConfigModel]]
    kinds: ClassVar[dict[str, type[Component]]]

    def __init_subclass__(cls, *, kind: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if Component in cls.__bases__:
            cls.kinds = {}
        elif kind is not None or "Config" in cls.__dict__:
            cls.kinds[kind or cls.Config.model_fields["kind"].default] = cls

    @classmethod
    def of_kind(cls: type[Member], kind: str) -> type[Member]:
        """The member of this family, or of this branch of it, that is called `kind`; a KeyError when there is none."""
        if kind not in cls.kinds:
            load_entry_points()
        if not issubclass(cls.kinds[kind], cls):
            raise KeyError(kind)
        return cast(type[Member], cls.kinds[kind])

    @classmethod
    def known(cls) -> list[str]:
        """The kinds of all members; of those below a subclass of the family where this is one."""
        return sorted(kind for kind, member in cls.kinds.items() if issubclass(member, cls))

    @classmethod
    def of(cls: type[Member], settings: ConfigModel) -> type[Member]:
        """The member of this family whose options these are."""
        return cls.of_kind(kind_of(settings))


class PolymorphicField:
    """Marks a field as the options of any member of a family.

    encoder: Annotated[ConfigModel, PolymorphicField(Encoder)]
    """

    def __init__(self, family: type[Component]) -> None:
        self.family = family

    def parse(self, value: Any) -> ConfigModel:
        """The `Config` of the member that the table's `kind` names.

        Raises:
            PydanticCustomError: There is no `kind`, or no member of that kind.
        """
        if isinstance(value, ConfigModel):
            return value
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            raise PydanticCustomError("kind_missing", "needs a table with a kind")
        try:
            component = self.family.of_kind(value["kind"])
        except KeyError:
            raise PydanticCustomError(
                "kind_unknown",
                "unknown kind {kind}; there are {known} (your own: --code FILE)",
                {"kind": repr(value["kind"]), "known": ", ".join(self.family.known()) or "none"},
            ) from None
        return component.Config.model_validate(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda settings, info: settings.model_dump(exclude_none=info.exclude_none), info_arg=True
            ),
        )


def fields_of(declared: Any) -> Mapping[str, Any]:
    """Names and types, with their marks, of what a class of settings declares; nothing for anything else."""
    return _fields(declared) if isinstance(declared, type) else {}


@cache
def _fields(declared: type) -> Mapping[str, Any]:
    if issubclass(declared, ConfigModel):
        return {
            name: Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            for name, field in declared.model_fields.items()
        }
    if dataclasses.is_dataclass(declared):
        hints = get_type_hints(declared, include_extras=True)
        return {field.name: hints[field.name] for field in dataclasses.fields(declared)}
    return {}


def unwrapped(declared: Any) -> Any:
    """What the type of a field comes down to, without its other marks and alternatives.

    Returns:
        A class of settings, the `PolymorphicField` of a component, or the type of a list or a table, such as
        `list[Source]`; None for plain values.
    """
    origin, parts = get_origin(declared), get_args(declared)
    if origin in (list, tuple, dict):
        return declared
    if origin is Annotated:
        return next((mark for mark in parts[1:] if isinstance(mark, PolymorphicField)), None) or unwrapped(parts[0])
    if origin is not None:
        return next((found for part in parts if (found := unwrapped(part)) is not None), None)
    return declared if fields_of(declared) else None


def resolved(declared: Any, value: Any) -> Any:
    """As `unwrapped`, with the class of settings of the component whose kind a raw `value` names; None without one."""
    found = unwrapped(declared)
    if not isinstance(found, PolymorphicField):
        return found
    kind = value.get("kind") if isinstance(value, Mapping) else None
    try:
        return found.family.of_kind(kind).Config if isinstance(kind, str) else None
    except KeyError:
        return None


def at(declared: Any, value: Any, key: Any) -> tuple[Any, Any]:
    """The type of what is at a key of a table, or at a position in a list, and its raw value; None where there is none.

    `declared` is what `resolved` gave for the raw `value`.
    """
    parts = get_args(declared)
    inside = parts[-1 if get_origin(declared) is dict else 0] if parts else fields_of(declared).get(key)
    if isinstance(value, Mapping):
        return inside, value.get(key)
    there = isinstance(value, list | tuple) and str(key).isdecimal() and int(key) < len(value)
    return inside, value[int(key)] if there else None


def load_entry_points() -> None:
    """Imports the components that installed packages offer in the group `seqtasks.components`."""
    _load_entry_points(tuple(sys.path))


@cache
def _load_entry_points(places: tuple[str, ...]) -> None:
    """Once for what these folders hold: looking through all packages takes 20 ms, and each file asks for its reader."""
    for entry in entry_points(group=ENTRY_POINTS):
        entry.load()
