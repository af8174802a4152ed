"""Objects of JSON lines."""

from __future__ import annotations

import json
from typing import Any


def parse_json_object(line: str) -> dict[str, Any] | None:
    """The object in a line of JSON; None for anything else."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
