"""Plain data and tensors in a file: what can be read back without running anything."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch


def save_state(value: Any, file: Path) -> None:
    """Writes plain data and tensors, for `load_state`; check the value with `require_plain_data` first.

    Raises:
        OSError: The disk refuses.
    """
    try:
        with file.open("wb") as stream:
            torch.save(value, stream)
    except RuntimeError as error:  # what torch makes of a write that the disk refused, now and then
        raise (
            error.__context__ if isinstance(error.__context__, OSError) else OSError(f"{file.name}: {error}")
        ) from error


def load_state(file: Path) -> Any:
    """Tensors come to the CPU.

    Raises:
        ValueError: For a damaged file and for anything else that is pickled.
    """
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged archive raises whatever its bytes happen to trigger
        raise ValueError(f"{file.name} is not plain data and tensors") from error


def require_plain_data(value: Any, place: str) -> None:
    """Raises TypeError, naming the place, for what `load_state` would refuse; a NumPy float passes for no float."""
    if type(value) in (dict, OrderedDict):
        for key, item in value.items():
            require_plain_data(key, f"key of {place}")
            require_plain_data(item, f"{place}.{key}")
    elif type(value) in (list, tuple):
        for index, item in enumerate(value):
            require_plain_data(item, f"{place}[{index}]")
    elif value is not None and type(value) not in (bool, int, float, str, torch.Tensor):
        raise TypeError(f"{place} is a {type(value).__name__}: only plain data and tensors can be read back")
