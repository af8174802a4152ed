"""The run configuration that trains a model further on other data: fine-tuning."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from seqtasks.config.run import GeneralConfig, read_config, to_toml
from seqtasks.errors import SeqtasksError
from seqtasks.storage.bundle import read_bundle
from seqtasks.storage.model_paths import find_model

LOWER_RATE = 0.1
"""Times the learning rate of a new model: a trained one forgets what it knows at more."""
SHORTER = 0.25
"""Times the updates of a new model."""
LEAST_STEPS = 50
WARMUP, VALIDATIONS, PATIENCE = 20, 10, 5
"""The warm-up is one of so many parts of the updates; so many validations there are, so many of which may be no better
than the best."""
PULL = 10.0
"""`training.l2_sp` where no old data are mixed in."""
THE_DATA = (
    "train", "train_images", "validation", "validation_images", "validation_split", "sampling_temperature", "mix",
    "mix_ratio",
)  # fmt: skip
OF_A_START = ("init_from", "init_modules")
"""What the encoder started from itself, which is in its weights by now."""
OF_A_STARTED_ENCODER = ("unfreeze_steps", "layerwise_lr_decay")


def trained_configuration(name: str, task: str | None = None) -> dict[str, Any]:
    """The configuration of a trained model, by its directory or name, in today's names.

    Raises:
        SeqtasksError: There is no such model, or it is one for another task.
    """
    bundle = read_bundle(find_model(name))
    configuration = tomllib.loads(to_toml(read_config(bundle.configuration, warn=False)))
    if task is not None and configuration["task"] != task:
        raise SeqtasksError(
            f"init_from: {name} is a model for {configuration['task']}, not for {task}.",
            "seqtasks models lists the models that ship, with their tasks.",
        )
    return configuration


def continued(
    preset: Mapping[str, Any],
    theirs: Mapping[str, Any],
    *,
    mix: Sequence[Mapping[str, Any]] = (),
    validation: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Another model's configuration, but trained on other data, for as long and as fast as suits these.

    A new model would see them longer, and at ten times the learning rate. Adam's suits the width of a matrix: that of
    a model that is wider than a new one would be is lower in proportion (Yang et al. 2021, table 3).

    Args:
        preset: What suits the data, nested as in the TOML file.
        theirs: What `trained_configuration` returns.
        mix: Sources of old data.
        validation: Sources of validation data; without any, those of the preset, or a part of the data.
    """
    kept = {
        name: value
        for name, value in theirs.items()
        if name not in (*GeneralConfig.model_fields, *OF_A_STARTED_ENCODER)
    }
    encoder = {name: value for name, value in theirs["model"]["encoder"].items() if name not in OF_A_START}
    data = {name: value for name, value in theirs["data"].items() if name not in THE_DATA} | preset["data"]
    if "bptt_len" in theirs["data"]:
        data["bptt_len"] = theirs["data"]["bptt_len"]
    if validation:
        data["validation"] = list(validation)
    if mix:
        data["mix"] = list(mix)
    configuration = {
        **kept,
        "model": {**theirs["model"], "encoder": encoder},
        "data": data,
        "training": shorter(preset["training"], narrowing(preset, theirs)) | ({} if mix else {"l2_sp": PULL}),
    }
    if "languages" in preset:  # those of the data, where they are known
        known = {side: name for side, name in preset["languages"].items() if name != "xx"}
        configuration["languages"] = {**theirs["languages"], **known}
    return configuration


def narrowing(preset: Mapping[str, Any], theirs: Mapping[str, Any]) -> float:
    """The width of a new model for the data as a share of that of the trained one, at most 1."""
    width: float = theirs["model"].get("hidden_size", 1)
    new: float = preset.get("model", {}).get("hidden_size", width)
    return min(1.0, new / width)


def shorter(training: Mapping[str, Any], narrowing: float) -> dict[str, Any]:
    """The table `training` of a new model for one that is trained already."""
    steps = max(LEAST_STEPS, round(SHORTER * training["max_steps"]))
    every = max(1, steps // VALIDATIONS)
    return {
        **training,
        "max_steps": steps,
        "learning_rate": LOWER_RATE * narrowing * training["learning_rate"],
        "warmup_steps": steps // WARMUP,
        "lr_scheduler": "cosine",
        "eval_on_start": True,
        "eval_steps": every,
        "save_steps": every,
        "early_stopping_patience": PATIENCE,
    }
