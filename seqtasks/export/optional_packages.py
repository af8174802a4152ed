"""Packages that only an export needs."""

from __future__ import annotations

from importlib.util import find_spec

from seqtasks.errors import SeqtasksError


def require_package(name: str, what: str) -> None:
    """Raises SeqtasksError where the package that `what` needs is not installed."""
    if find_spec(name) is None:
        raise SeqtasksError(f"{what} needs {name}.", "Install it: pip install 'seqtasks[export]'")
