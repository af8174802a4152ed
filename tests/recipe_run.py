"""What a run of a recipe leaves: see the fixture `recipe`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Done(NamedTuple):
    """What a recipe printed, and its exit code."""

    code: int
    stdout: str
    stderr: str


Recipe = Callable[..., Done]
