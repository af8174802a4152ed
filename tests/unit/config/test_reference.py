"""The list of all configuration keys: complete, explained, and what the classes say."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from seqtasks.config.reference import _keys, as_markdown, as_text, config_sections, descriptions, task_kinds
from seqtasks.config.run import read_config
from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import Encoder
from seqtasks.errors import SeqtasksError
from seqtasks.registry import Component, ConfigModel, PolymorphicField, fields_of

TEXT = ["bag-of-words", "gru", "lstm", "rnn", "text-cnn", "transformer"]
SHIPPED = sorted((Path(__file__).parents[3] / "assets" / "models").glob("*/config.toml"))


class Part(Component):
    """A part of a machine."""


class Wheel(Part):
    class Config(ConfigModel):
        kind: Literal["wheel"] = "wheel"
        spokes: int = Field(default=3, ge=2, le=9)
        """How many
        there are."""


class Inner(ConfigModel):
    width: float | None = None
    """In metres."""
    names: tuple[str, ...] = ("a",)
    plain: bool = Field(default=False, description="Said in the field.")


class Outer(ConfigModel):
    rows: list[Inner] = Field(default=[])
    """Some tables."""
    inner: Inner = Inner(width=2.0)
    part: Annotated[ConfigModel, PolymorphicField(Part)] = Wheel.Config(spokes=5)
    """What turns."""
    needed: Literal["x", "y"]
    """Has to be given."""


def test_a_class_becomes_its_keys() -> None:
    components: dict[str, Any] = {}
    found = [tuple(key) for key in _keys(Outer, None, "", components)]
    assert found == [
        ("rows", "list of table", "[]", "Some tables."),
        ("rows.*.width", "number", "not set", "In metres."),
        ("rows.*.names", "list of string", '["a"]', ""),
        ("rows.*.plain", "boolean", "false", "Said in the field."),
        ("inner.width", "number", "2.0", "In metres."),
        ("inner.names", "list of string", '["a"]', ""),
        ("inner.plain", "boolean", "false", "Said in the field."),
        ("part.kind", '"wheel"', '"wheel"', "What turns."),
        ("needed", '"x" | "y"', "required", "Has to be given."),
    ]
    ((family, default),) = components.values()
    assert family is Part
    assert [tuple(key) for key in _keys(Wheel.Config, default, "part.", {})] == [
        ("part.spokes", "integer >= 2, <= 9", "5", "How many there are.")
    ]


@pytest.mark.parametrize("task", task_kinds())
def test_every_key_says_what_it_means(task: str) -> None:
    sections = config_sections(task)
    assert [key.path for section in sections for key in section.keys if not key.description] == []
    paths = [key.path for key in (*sections[0].keys, *sections[1].keys)]
    assert len(paths) == len(set(paths))
    for shown in (as_text(sections), as_markdown(sections)):
        assert all(key.path in shown for section in sections for key in section.keys)


@pytest.mark.parametrize(
    ("task", "kinds"),
    [
        ("translation", TEXT),
        ("captioning", ["cnn", "cnn-lstm"]),
        ("video-captioning", ["cnn-lstm"]),
        ("tagging", TEXT),
        ("classification", TEXT),
        ("language-modeling", ["gru", "lstm", "rnn", "transformer"]),
    ],
)
def test_encoders_are_those_that_the_task_takes(task: str, kinds: list[str]) -> None:
    """Others are an error when the configuration is read."""
    sections = config_sections(task)
    [told] = [key.type for section in sections for key in section.keys if key.path == "model.encoder.kind"]
    titles = [section.title for section in sections if section.title.startswith("model.encoder.kind")]

    def ours(names: list[str]) -> list[str]:
        """Without those that other tests have made."""
        return [name for name in names if Encoder.of_kind(name.strip('"')).__module__.startswith("seqtasks.")]

    assert ours(told.split(" | ")) == [f'"{kind}"' for kind in kinds]
    assert ours([title.removeprefix("model.encoder.kind = ") for title in titles]) == [f'"{kind}"' for kind in kinds]
    other = "cnn" if "cnn" not in kinds else "lstm"
    with pytest.raises(SeqtasksError, match=r"model\.encoder has to read (text|images|frames)|unknown kind"):
        read_config(next(file for file in SHIPPED if f'task = "{task}"' in file.read_text()), overrides=[
            f"model.encoder={{kind='{other}'}}"
        ])  # fmt: skip


def subclasses(declared: type) -> Iterator[type]:
    for each in declared.__subclasses__():
        yield each
        yield from subclasses(each)


def test_no_class_of_settings_has_a_field_without_a_word() -> None:
    task_kinds()
    ours = [each for each in (*subclasses(ConfigModel), DecodingConfig) if each.__module__.startswith("seqtasks.")]
    assert len(ours) > 40
    silent = [
        f"{each.__qualname__}.{name}"
        for each in ours
        for name in fields_of(each)
        if name != "kind" and name not in descriptions(each)
    ]
    assert silent == []


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.parent.name)
def test_every_key_of_the_models_that_ship_is_listed(file: Path) -> None:
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    listed = {key.path for section in config_sections(document["task"]) for key in section.keys}
    assert set(leaves(document)) - listed == {"task"}


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from leaves(item, f"{path}.*")
    else:
        yield path
