"""The run configuration: one TOML file, checked as a whole before anything starts.

task = "translation"
seed = 1
[model.encoder]         # the task's own tables
kind = "transformer"
[training]              # seqtasks.config.training.TrainingSettings
max_steps = 20000
"""

from __future__ import annotations

import json
import re
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tomli_w
from pydantic import Field, SerializeAsAny, model_validator

from seqtasks.config.training import InitModules, TrainingConfig
from seqtasks.config.validation import Location, ValidationIssue, validate_config
from seqtasks.errors import RenamedWarning, SeqtasksError
from seqtasks.registry import Component, ConfigModel
from seqtasks.storage.migration import Renamed, migrate, migrate_kind, migrate_override

NOT_SET = "null"
"""How an override says that a key is not set: TOML has no word for it."""


class GeneralConfig(ConfigModel):
    """The tables and keys that every run has; those beside them are the task's."""

    seed: int = Field(default=1, ge=0)
    """Random seed of the whole run."""
    init_from: str | None = None
    """A trained model, by directory or name, that initializes the weights and the vocabulary."""
    init_modules: InitModules = "model"
    """Which of its weights: all of them, or only those of the encoder, for which a new decoder is trained."""
    training: TrainingConfig = TrainingConfig()
    """How to train."""

    @model_validator(mode="after")
    def scales_a_start(self) -> GeneralConfig:
        """Refuses settings of a model to start from where there is none."""
        if self.init_from is None and self.training.pretrained_lr_scale != 1:
            raise ValueError("training.pretrained_lr_scale requires init_from")
        if self.init_from is None and self.training.l2_sp:
            raise ValueError("training.l2_sp requires init_from")
        if self.init_from is None and self.init_modules != "model":
            raise ValueError("init_modules selects what is taken from the model in init_from, which is not set")
        return self


class RunConfig(GeneralConfig):
    """All that determines a run."""

    task: SerializeAsAny[ConfigModel]
    """The `Config` of a task."""


def task_family() -> type[Component]:
    """The family of tasks, with those that come with seqtasks in it."""
    from seqtasks.tasks.base import Task

    return Task


class Override(NamedTuple):
    """A value that takes the place of one in the configuration."""

    keys: tuple[str, ...]
    value: Any
    label: str
    """What the user wrote, for messages."""


def read_config(
    source: Path | Mapping[str, Any] | None,
    *,
    overrides: Sequence[str] | Mapping[str, Any] = (),
    text: str | None = None,
    warn: bool = True,
) -> RunConfig:
    """Reads a run configuration; all of it may be missing when `overrides` say it all.

    Keys and kinds of version 0.1 are read as what they are called now.

    Args:
        source: A file, or a dictionary nested like the file.
        overrides: Each `a.b=c` with a TOML value, where `null` says that the key is not set, and what is no TOML value
            is a string; or a dictionary, whose tables are merged into those of the configuration and whose keys may be
            dotted (`{"training.max_steps": 900}`). `a.0.b` enters a list. Where one names another `kind` the settings
            of the one before are left out, and other overrides are of the new one.
        text: TOML in place of a file.
        warn: Tells of each old name with a RenamedWarning.

    Raises:
        SeqtasksError: With all mistakes at once, one a line, each with its place: `run.toml: model.layrs: unknown key`.
    """
    path = source if isinstance(source, Path) else None
    name = "configuration" if path is None else str(path)
    if isinstance(source, Mapping):
        document = _copied(source)
    else:
        document = _parse((_read(path) if path else "") if text is None else text, name)
    given = "overrides" if isinstance(overrides, Mapping) else "--set"
    wanted = _merged(overrides) if isinstance(overrides, Mapping) else [_parsed(override) for override in overrides]
    document.update((override.keys[0], override.value) for override in wanted if override.keys == ("task",))
    task = _task(document.pop("task", None), name)
    document, renamed = _migrated(document, task)
    old = [(name, each) for each in renamed]
    overridden = []
    for override in sorted(wanted, key=lambda override: override.keys[-1] != "kind"):
        if override.keys != ("task",):
            override, renamed = _migrated_override(override, document, task)
            old += [(given, each) for each in renamed]
            overridden.append(_override(document, override))
    document, renamed = _migrated(document, task)  # tables and lists within the overrides
    old += [(given, each) for each in renamed]
    mistakes = [
        ValidationIssue((*each.place, each.old), f"was renamed to {each.new}, which is set as well: remove this one")
        for _, each in old
        if each.conflict
    ]
    shared = {key: document.pop(key) for key in GeneralConfig.model_fields if key in document}
    general = validate_config(GeneralConfig, shared, mistakes)
    if "kind" in document:
        mistakes.append(ValidationIssue(("kind",), "unknown key (did you mean task?)"))
    kind = task.model_fields["kind"].default
    settings = validate_config(task, document | {"kind": kind}, mistakes)
    if general is not None and general.init_from is not None and getattr(settings, "init_from", None) is not None:
        mistakes.append(ValidationIssue(("init_from",), "model.encoder sets init_from as well: remove one of them"))
    if settings is None or general is None or mistakes:
        raise SeqtasksError("\n".join(_line(mistake, name, given, overridden) for mistake in mistakes))
    for where, each in old if warn else ():
        place = f"{'.'.join(map(str, each.place))}: " if each.place else ""
        message = f"{where}: {place}{each.old} was renamed to {each.new}; the old name works in this release only."
        warnings.warn(message, RenamedWarning, stacklevel=2)
    return RunConfig(task=settings, **dict(general))


def to_toml(run: RunConfig) -> str:
    """The configuration with every setting written out; reading it back gives an equal one."""
    settings = {"task": run.task.model_dump(exclude_none=True), "training": run.training.model_dump(exclude_none=True)}
    plain = json.loads(json.dumps(settings, default=str))  # paths and tuples are strings and lists
    task = plain["task"]
    kind = task.pop("kind")
    start = {} if run.init_from is None else {"init_from": run.init_from, "init_modules": run.init_modules}
    return tomli_w.dumps({"task": kind, "seed": run.seed, **start, **task, "training": plain["training"]})


def parse_value(written: str) -> Any:
    """The part after `a.b=`: a value of TOML, None for `null`, which TOML lacks, or else a string."""
    if written == NOT_SET:
        return None
    try:
        parsed = tomllib.loads(f"value = {written}")
    except (ValueError, RecursionError):
        return written
    return parsed["value"] if len(parsed) == 1 else written


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SeqtasksError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SeqtasksError(f"{path} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from error


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        found = re.fullmatch(r"(.*) \(at (.*)\)", str(error), re.DOTALL)
        message = f"{found[2]}: {found[1]}" if found else str(error)
        raise SeqtasksError(f"{name}: {message}.", "It has to be a TOML file.") from error
    except RecursionError as error:
        raise SeqtasksError(f"{name}: nested too deeply.") from error


def _copied(value: Any) -> Any:
    """Tables and lists that may be changed without changing those of the caller."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list | tuple) else value


def _parsed(override: str) -> Override:
    """What `--set a.b=c` says."""
    dotted, sign, written = override.partition("=")
    keys = tuple(dotted.strip().split("."))
    if not sign or not all(keys):
        raise SeqtasksError(f"--set {override}: not of the form a.b=value.", "Example: --set training.max_steps=2000")
    return Override(keys, parse_value(written.strip()), f"--set {override}")


def _merged(overrides: Mapping[str, Any]) -> list[Override]:
    """A nested dictionary as its values."""

    def values(keys: tuple[str, ...], value: Any) -> list[Override]:
        if isinstance(value, Mapping) and value:
            return [found for key, item in value.items() for found in values((*keys, str(key)), item)]
        return [Override(keys, _copied(value), ".".join(keys))]

    return [found for key, value in overrides.items() for found in values(tuple(key.split(".")), value)]


def _migrated(document: dict[str, Any], task: type[ConfigModel]) -> tuple[dict[str, Any], list[Renamed]]:
    """The tables of a run in today's names."""
    found = []
    for declared in (GeneralConfig, task):
        document, renamed = migrate(declared, document)
        found += renamed
    return document, found


def _migrated_override(
    override: Override, document: dict[str, Any], task: type[ConfigModel]
) -> tuple[Override, list[Renamed]]:
    """An override in today's names."""
    found = []
    for declared in (GeneralConfig, task):
        keys, value, renamed = migrate_override(declared, document, override.keys, override.value)
        override = override._replace(keys=keys, value=value)
        found += renamed
    return override, found


def _override(document: dict[str, Any], override: Override) -> Location:
    """Puts one value into the document, in place; returns the keys."""
    keys, value, label = override
    place: list[int | str] = []
    table: Any = document
    for depth, key in enumerate(keys):
        where = ".".join(keys[:depth])
        if isinstance(table, list):
            if not key.isdecimal() or int(key) >= len(table):
                raise SeqtasksError(f"{label}: {where} is a list of {len(table)}, which has no {key}.")
        elif not isinstance(table, dict):
            raise SeqtasksError(f"{label}: {where} is a value, not a table.")
        step: Any = int(key) if isinstance(table, list) else key
        place.append(step)
        if depth == len(keys) - 1:
            if step == "kind" and table.get("kind", value) != value:
                table.clear()
            table[step] = value
        else:
            table = table[step] if isinstance(table, list) else table.setdefault(step, {})
    return tuple(place)


def _task(kind: Any, name: str) -> type[ConfigModel]:
    family = task_family()
    try:
        return family.of_kind(migrate_kind(family, kind) if isinstance(kind, str) else "").Config
    except KeyError:
        wrong = "task is missing" if kind is None else f"there is no task {kind!r}"
        known = f"Available: {', '.join(sorted(family.kinds))} (your own: --code FILE)."
        raise SeqtasksError(f"{name}: {wrong}.", known) from None


def _line(mistake: ValidationIssue, name: str, given: str, overridden: Sequence[Location]) -> str:
    """One mistake; `given` is how overrides were given."""
    where = given if any(mistake.location[: len(keys)] == keys for keys in overridden) else name
    place = [".".join(map(str, mistake.location))] if mistake.location else []
    return ": ".join([where, *place, mistake.message])
