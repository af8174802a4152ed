"""Old names of configuration keys, kinds and tensors: on classes made for it, and the table that ships."""

from __future__ import annotations

import copy
import importlib
import tomllib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

import seqtasks.config.run
from seqtasks.config.run import read_config
from seqtasks.config.training import TrainingConfig
from seqtasks.errors import RenamedWarning, SeqtasksError
from seqtasks.registry import Component, ConfigModel, PolymorphicField, fields_of
from seqtasks.storage import migration
from seqtasks.storage.migration import (
    Renamed,
    migrate,
    migrate_kind,
    migrate_override,
    read_renames,
    renames,
)


class Part(Component):
    pass


class Recurrent(ConfigModel):
    hidden_size: int = 8
    bidirectional: bool = True


class Lstm(Part):
    class Config(Recurrent):
        kind: Literal["cnn-lstm"] = "cnn-lstm"


class Own(Part):
    """As a user's, whose keys are called as old ones of others."""

    class Config(ConfigModel):
        kind: Literal["own"] = "own"
        dim: int = 1
        directions: str = "both"


@dataclass(frozen=True)
class Search:
    beam_size: int = 5


class Table(ConfigModel):
    text_column: str | None = None
    weight: float = 1.0


class Data(ConfigModel):
    train: list[Table] = Field(default=[])
    by_name: dict[str, Table] = Field(default={})
    max_length: int = 0


class Streams(ConfigModel):
    bptt_len: int = 8


class Rewards(ConfigModel):
    num_samples: int = 5


class Work(Component):
    pass


class Writing(Work):
    class Config(ConfigModel):
        kind: Literal["writing"] = "writing"
        data: Data = Data()
        streams: Streams = Streams()
        encoder: Annotated[ConfigModel, PolymorphicField(Part)] = Lstm.Config()
        reader: Annotated[ConfigModel, PolymorphicField(Part)] | None = None
        decoding: Search = Search()
        rewards: Rewards | None = None


def name(declared: type) -> str:
    return f"{declared.__module__}.{declared.__qualname__}"


TABLE = read_renames(f"""
[fields."{name(Recurrent)}"]
dim = "hidden_size"
directions = "bidirectional"
[values."{name(Recurrent)}".directions]
forward = false
both = true
[fields."{name(Search)}"]
beam = "beam_size"
[fields."{name(Table)}"]
text = "text_column"
[fields."{name(Data)}"]
window = "max_length"
gone = "not_there_yet"
[fields."{name(Streams)}"]
window = "bptt_len"
[fields."{name(Rewards)}"]
samples = "num_samples"
[kinds.Part]
frames = "cnn-lstm"
own = "not-there-yet"
[kinds.Work]
generation = "writing"
""")

OLD: dict[str, Any] = {
    "data": {"train": [{"text": "a"}, {"weight": 2.0}], "by_name": {"text": {"text": "b"}}, "window": 3},
    "streams": {"window": 4},
    "encoder": {"kind": "frames", "dim": 6, "directions": "forward"},
    "reader": {"kind": "own", "dim": 2, "directions": "both"},
    "decoding": {"beam": 7},
    "rewards": {"samples": 9},
}
NEW: dict[str, Any] = {
    "data": {
        "train": [{"text_column": "a"}, {"weight": 2.0}],
        "by_name": {"text": {"text_column": "b"}},
        "max_length": 3,
    },
    "streams": {"bptt_len": 4},
    "encoder": {"kind": "cnn-lstm", "hidden_size": 6, "bidirectional": False},
    "reader": {"kind": "own", "dim": 2, "directions": "both"},
    "decoding": {"beam_size": 7},
    "rewards": {"num_samples": 9},
}


@pytest.fixture(autouse=True)
def toy_table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.cls is not TestTheTable:
        monkeypatch.setattr(migration, "renames", lambda: TABLE)


def test_each_key_is_renamed_by_the_class_it_belongs_to() -> None:
    given_, before = copy.deepcopy(OLD), copy.deepcopy(OLD)
    found, renamed = migrate(Writing.Config, given_)
    assert found == NEW
    assert given_ == before, "what was read is not changed"
    assert Renamed(("data", "train", 0), "text", "text_column") in renamed
    assert Renamed(("encoder", "kind"), "frames", "cnn-lstm") in renamed
    assert len(renamed) == 9
    assert Writing.Config.model_validate(found).encoder == Lstm.Config(hidden_size=6, bidirectional=False)


def test_what_a_class_knows_and_what_nobody_knows_stays() -> None:
    given_ = {
        "data": {"gone": 1, "windov": 2, "train": "no list"},
        "encoder": "no table",
        "other": {"dim": 3},
        "dim": 1,
    }
    assert migrate(Writing.Config, given_) == (given_, [])


def test_a_key_given_twice_is_told_and_the_new_one_counts() -> None:
    found, renamed = migrate(Writing.Config, {"decoding": {"beam": 7, "beam_size": 3}})
    assert found == {"decoding": {"beam_size": 3}}
    assert renamed == [Renamed(("decoding",), "beam", "beam_size", conflict=True)]


@pytest.mark.parametrize(
    ("keys", "value", "today", "value_today"),
    [
        ("data.train.0.text", "x", "data.train.0.text_column", "x"),
        ("data.train.9.text", "x", "data.train.9.text_column", "x"),
        ("data.by_name.text.text", "x", "data.by_name.text.text_column", "x"),
        ("data.window", 2, "data.max_length", 2),
        ("streams.window", 2, "streams.bptt_len", 2),
        ("encoder.directions", "forward", "encoder.bidirectional", False),
        ("encoder.kind", "frames", "encoder.kind", "cnn-lstm"),
        ("reader.directions", "forward", "reader.directions", "forward"),
        ("rewards.samples", 3, "rewards.num_samples", 3),
        ("nowhere.at.all", 3, "nowhere.at.all", 3),
    ],
)
def test_a_dotted_path_is_renamed_as_the_tables_are(keys: str, value: Any, today: str, value_today: Any) -> None:
    found, value_found, renamed = migrate_override(Writing.Config, NEW, keys.split("."), value)
    assert (found, value_found) == (tuple(today.split(".")), value_today)
    assert bool(renamed) == ((keys, value) != (today, value_today))


SCALARS = st.one_of(st.none(), st.integers(), st.text(max_size=3), st.booleans())
KEYS = st.sampled_from(
    [*OLD, *NEW["data"], "train", "window", "text", "kind", "dim", "directions", "beam", "beam_size", "samples"]
)
TREES = st.recursive(
    st.one_of(SCALARS, st.sampled_from(["frames", "own", "both", "cnn-lstm"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)


@given(st.one_of(TREES, st.fixed_dictionaries({}, optional=dict.fromkeys(OLD, TREES))))
def test_reading_twice_changes_nothing_and_the_order_of_keys_does_not_count(tree: Any) -> None:
    once, renamed = migrate(Writing.Config, tree)
    assert migrate(Writing.Config, once) == (once, [])
    turned, others = migrate(Writing.Config, reverse(tree))
    assert turned == once
    assert sorted(map(repr, others)) == sorted(map(repr, renamed))


def reverse(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: reverse(tree[key]) for key in reversed(tree)}
    return [reverse(each) for each in tree] if isinstance(tree, list) else tree


def test_kinds_are_renamed_once_their_new_name_is_there() -> None:
    assert migrate_kind(Part, "frames") == "cnn-lstm"
    assert migrate_kind(Part, "own") == "own"
    assert migrate_kind(Part, "nonsense") == "nonsense"


def test_classes_are_found_by_their_old_names_and_by_those_of_today() -> None:
    table = read_renames("""
[modules]
"seqtasks.old" = "seqtasks.package.new"
[names]
"seqtasks.old.Things" = "ThingConfig"
[fields."seqtasks.old.Things.Config"]
size = "vocab_size"
[values]
[kinds]
""")
    assert set(table.fields) == {"seqtasks.old.Things.Config", "seqtasks.package.new.ThingConfig.Config"}


class TestRunConfigurations:
    @pytest.fixture(autouse=True)
    def toys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(seqtasks.config.run, "task_family", lambda: Work)

    def test_a_file_is_read_in_todays_names_with_a_warning_a_key(self, tmp_path: Path) -> None:
        file = tmp_path / "run.toml"
        file.write_text(
            'task = "writing"\n[data]\nwindow = 3\n[[data.train]]\ntext = "a"\n[encoder]\nkind = "frames"\ndim = 6\n'
        )
        with pytest.warns(RenamedWarning) as told:
            run = read_config(file)
        assert run.task == Writing.Config(
            data=Data(max_length=3, train=[Table(text_column="a")]), encoder=Lstm.Config(hidden_size=6)
        )
        assert [str(each.message).removeprefix(f"{file}: ").partition(";")[0] for each in told] == [
            "data: window was renamed to max_length",
            "data.train.0: text was renamed to text_column",
            "encoder.kind: frames was renamed to cnn-lstm",
            "encoder: dim was renamed to hidden_size",
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert read_config(file, warn=False) == run

    def test_overrides_are_read_in_todays_names(self) -> None:
        text = 'task = "writing"\n[encoder]\nkind = "cnn-lstm"\nhidden_size = 4\n[[data.train]]\n'
        overrides = ["encoder.dim=6", "encoder.directions=forward", "data.train.0.text=x", "streams.window=2"]
        with pytest.warns(RenamedWarning) as told:
            run = read_config(None, text=text, overrides=overrides)
        assert run.task == Writing.Config(
            data=Data(train=[Table(text_column="x")]),
            streams=Streams(bptt_len=2),
            encoder=Lstm.Config(hidden_size=6, bidirectional=False),
        )
        assert "--set: encoder: dim was renamed to hidden_size" in str(told[0].message)
        with pytest.warns(RenamedWarning):
            run = read_config(
                {"task": "generation"}, overrides={"data": {"train": [{"text": "y"}]}, "encoder.kind": "frames"}
            )
        assert run.task == Writing.Config(data=Data(train=[Table(text_column="y")]))

    def test_the_same_kind_by_its_old_name_keeps_the_other_keys(self) -> None:
        text = 'task = "writing"\n[encoder]\nkind = "cnn-lstm"\nhidden_size = 4\n'
        with pytest.warns(RenamedWarning):
            run = read_config(None, text=text, overrides=["encoder.kind=frames"])
        assert run.task == Writing.Config(encoder=Lstm.Config(hidden_size=4))

    def test_both_names_at_once_are_a_mistake(self) -> None:
        with pytest.raises(SeqtasksError, match=r"decoding.beam: was renamed to beam_size, which is set as well"):
            read_config(None, text='task = "writing"\n[decoding]\nbeam = 3\nbeam_size = 4\n')

    def test_a_users_component_keeps_its_keys(self) -> None:
        text = 'task = "writing"\n[encoder]\nkind = "own"\ndim = 3\ndirections = "both"\n'
        assert read_config(None, text=text).task == Writing.Config(encoder=Own.Config(dim=3, directions="both"))


class TestTheTable:
    @pytest.mark.parametrize("old", list(renames().fields))
    def test_every_new_name_or_every_old_one_is_a_key_of_its_class(self, old: str) -> None:
        """A rename that is half made would silently stop being applied."""
        declared = find(old)
        if declared is None:
            return  # of the two names of a class one is there
        table = renames().fields[old]
        known = fields_of(declared)
        assert not set(table) & set(table.values()), "a name would be ambiguous"
        assert len(set(table.values())) == len(table)
        old_names, new_names = table.keys() & known.keys(), set(table.values()) & known.keys()
        assert (old_names == table.keys() and not new_names) or (not old_names and new_names == set(table.values()))

    def test_every_class_is_there_by_one_of_its_names(self) -> None:
        text = Path(migration.version.__file__).with_name("renames.toml").read_text(encoding="utf-8")
        table = tomllib.loads(text)
        for old in table["fields"]:
            names = {old, migration._today(old, table.get("modules", {}), table.get("names", {}))}
            assert any(find(each) is not None for each in names), old

    def test_training_settings_of_version_0_1_are_read(self) -> None:
        """Whatever the keys are called: those of a run configuration of version 0.1."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RenamedWarning)
            found, _ = migrate(TrainingConfig, {"steps": 7, "accumulate": 2, "validate_every": 3, "processes": 1})
        settings = TrainingConfig.model_validate(found)
        assert {7, 2, 3, 1} <= {value for _, value in settings if isinstance(value, int)}


def find(name: str) -> Any:
    """The class of that name; None where there is none."""
    parts = name.split(".")
    first = next(index for index, part in enumerate(parts) if part[0].isupper())
    try:
        found: Any = importlib.import_module(".".join(parts[:first]))
        for part in parts[first:]:
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return found
