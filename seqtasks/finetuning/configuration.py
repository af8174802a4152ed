"""What a fine-tuning trains: the model's own configuration, with the new data and what suits their amount."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqtasks.config.continuation import continued, trained_configuration
from seqtasks.config.run import RunConfig, read_config
from seqtasks.errors import SeqtasksError
from seqtasks.registry import fields_of, unwrapped
from seqtasks.tasks.base import Task

Files = Sequence[str | os.PathLike[str]]
Languages = tuple[str, str]


def finetuning_config(
    model: str,
    data: Files,
    *,
    mix: Files = (),
    validation: Files = (),
    reverse: bool = False,
    languages: Languages | None = None,
    columns: Mapping[str, Any] | None = None,
    overrides: Sequence[str] | Mapping[str, Any] = (),
) -> RunConfig:
    """The run configuration of `finetune`, whose arguments these are; `overrides` as for `read_config`.

    Raises:
        SeqtasksError: There is no such model, the data cannot be read or contradict the model, an option does not
            apply to its task, or the overrides are wrong.
    """
    if not data:
        raise SeqtasksError("There are no data to train on.", "Give files or folders as for seqtasks train.")
    theirs = trained_configuration(model)
    kind, family = theirs["task"], Task.of_kind(theirs["task"])
    options = dict(columns or {})
    for option in [*options, *(["reverse"] if reverse else [])]:
        if option not in family.source_options():
            what = "sides to exchange" if option == "reverse" else f"{option.replace('_', ' ')} in its data"
            raise SeqtasksError(f"A model for {kind} has no {what}.", "Leave the option out.")
    if languages is not None and "languages" not in theirs:
        raise SeqtasksError(f"A model for {kind} knows one language.", "Leave the language pair out.")
    known = known_settings(theirs, languages)
    own = inherited(theirs, family)
    new = own | options | ({"reverse": True} if reverse else {})
    preset = family.preset(paths(data), known | of_sources(new, len(data)))
    document = continued(
        preset,
        theirs,
        mix=family.preset(paths(mix), known | of_sources(own, len(mix)))["data"]["train"] if mix else (),
        validation=validation_sources(family, validation, known | of_sources(new, len(validation))),
    )
    if not document["data"].get("validation") and not holds_out(family):
        raise SeqtasksError(
            f"Of data for {kind} no part is held out to validate on.",
            "Give validation data with --validation (validation), or data whose official split has some.",
        )
    document["init_from"] = model
    run = read_config(document, overrides=overrides)
    if run.init_from != model:
        raise SeqtasksError(f"init_from is {model}, the model to fine-tune, and cannot be set.", "Leave it out.")
    family.check_data(run.task)
    return run


def holds_out(family: type[Task]) -> bool:
    """Whether a task validates on a part of the training data where it is given none to validate on."""
    return "validation_split" in fields_of(unwrapped(fields_of(family.Config).get("data")))


def paths(files: Files) -> list[Path]:
    """The files as paths."""
    return [Path(file) for file in files]


def inherited(theirs: Mapping[str, Any], family: type[Task]) -> dict[str, Any]:
    """The options of the model's first source that all data have as long as no others are given."""
    first: Mapping[str, Any] = next(iter(theirs["data"].get("train", [])), {})
    return {name: first[name] for name in family.inherited_options if name in first}


def known_settings(theirs: Mapping[str, Any], languages: Languages | None) -> dict[str, str]:
    """What a preset has to know of the model to measure data as it reads them."""
    found = {"model.encoder.kind": theirs["model"]["encoder"]["kind"]}
    if "kind" in theirs.get("text", {}):
        found["text.kind"] = theirs["text"]["kind"]
    if "languages" in theirs:
        source, target = languages or (theirs["languages"]["source"], theirs["languages"]["target"])
        if "xx" not in (source, target):
            found |= {"languages.source": source, "languages.target": target}
    return found


def of_sources(options: Mapping[str, Any], count: int) -> dict[str, str]:
    """The options of a source as settings of each of so many sources."""
    return {f"data.train.{number}.{name}": str(value) for name, value in options.items() for number in range(count)}


def validation_sources(family: type[Task], files: Files, settings: Mapping[str, str]) -> list[dict[str, Any]]:
    """The sources of validation data: their official part for that, where they have one, else all of them."""
    if not files:
        return []
    data = family.preset(paths(files), settings)["data"]
    found: list[dict[str, Any]] = data.get("validation") or data["train"]
    return found
