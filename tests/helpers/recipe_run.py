"""What a run of a recipe leaves; the fixture `recipe` runs one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import seqtasks


class Done(NamedTuple):
    """What a recipe printed, and its exit code."""

    code: int
    stdout: str
    stderr: str


Recipe = Callable[..., Done]


def settings_of(output: Path) -> Any:
    """The settings of the task that a recipe trained into a directory."""
    return seqtasks.read_config(output / "config.toml").task
