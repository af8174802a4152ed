"""The run configuration that trains a model further on other data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from seqtasks.config.run import GeneralConfig, read_config, to_toml
from seqtasks.errors import SeqtasksError
from seqtasks.storage.bundle import read_bundle
from seqtasks.storage.model_paths import find_model

LOWER_RATE = 0.1
"""Times the learning rate of a new model: a trained one forgets what it knows at more."""
THE_DATA = ("train", "validation", "validation_split")
OF_A_START = ("init_from", "init_modules")
"""What the encoder started from itself, which is in its weights by now."""


def trained_configuration(name: str, task: str) -> dict[str, Any]:
    """The configuration of a trained model, by its directory or name, in today's names.

    Raises:
        SeqtasksError: There is no such model, or it is one for another task.
    """
    bundle = read_bundle(find_model(name))
    configuration = tomllib.loads(to_toml(read_config(bundle.configuration, warn=False)))
    if configuration["task"] != task:
        raise SeqtasksError(
            f"init_from: {name} is a model for {configuration['task']}, not for {task}.",
            "seqtasks models lists the models that ship, with their tasks.",
        )
    return configuration


def continued(preset: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Another model's configuration, but trained on the data of a preset and for as long, at a lower learning rate.

    Args:
        preset: What suits the data, nested as in the TOML file.
        theirs: What `trained_configuration` returns.
    """
    kept = {name: value for name, value in theirs.items() if name not in GeneralConfig.model_fields}
    encoder = {name: value for name, value in theirs["model"]["encoder"].items() if name not in OF_A_START}
    data = {name: value for name, value in theirs["data"].items() if name not in THE_DATA}
    rate = {"learning_rate": LOWER_RATE * preset["training"]["learning_rate"]}
    configuration = {
        **kept,
        "model": {**theirs["model"], "encoder": encoder},
        "data": {**data, **preset["data"]},
        "training": {**preset["training"], **rate},
    }
    if "languages" in preset:  # those of the data, where they are known
        known = {side: name for side, name in preset["languages"].items() if name != "xx"}
        configuration["languages"] = {**theirs["languages"], **known}
    return configuration
