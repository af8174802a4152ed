"""The width of a model and the attention heads that share it."""

from __future__ import annotations

from seqtasks.registry import ConfigModel


def require_divisible_by_heads(width: int, *parts: ConfigModel, name: str = "") -> None:
    """Raises ValueError where the heads of a part, if it has any, cannot share the width, which may have a `name`."""
    for part in parts:
        heads = getattr(part, "num_heads", 1)
        if width % heads:
            raise ValueError(f"{name or f'hidden_size = {width}'} cannot be shared by {heads} heads")
