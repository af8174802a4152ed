"""Components of a user's own, in Python files that are named with `--code`."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from seqtasks.errors import SeqtasksError
from seqtasks.registry import ENTRY_POINTS, Component, ConfigModel, kind_of, load_entry_points
from seqtasks.storage.presence import is_file


def load_code(path: Path) -> None:
    """Runs a Python file of the user's, so that the components in it can be named in a configuration."""
    if not is_file(path):
        raise SeqtasksError(f"{path} (--code) is not a file.")
    name = f"seqtasks_code_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SeqtasksError(f"{path} (--code) is not a Python file.", "Its name has to end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
        raise SeqtasksError(f"{path} (--code), line {line}: {type(error).__name__}: {error}.") from error


def code_files(task: ConfigModel) -> dict[str, str]:
    """The kinds in a configuration that neither seqtasks nor an installed package brings, and the files they are in."""
    packages = {"seqtasks", *(entry.module.partition(".")[0] for entry in entry_points(group=ENTRY_POINTS))}
    found = {}
    for settings in _nested(task):
        module = type(settings).__module__
        file = getattr(sys.modules.get(module), "__file__", None)
        if "kind" in type(settings).model_fields and module.partition(".")[0] not in packages and file:
            found[kind_of(settings)] = Path(file).name
    return found


def require_code(files: Mapping[str, str], model: Path) -> None:
    """Raises SeqtasksError where kinds are not known that a model was trained with, as `code_files` gave them."""
    if files:
        load_entry_points()
    known = {kind for family in Component.__subclasses__() for kind in family.kinds}
    for kind, file in files.items():
        if kind not in known:
            raise SeqtasksError(
                f"{model} was trained with --code {file}, where {kind!r} is defined.",
                f"Give that file with --code {file}; in Python, import it before the model is loaded.",
            )


def _nested(value: Any) -> Iterator[ConfigModel]:
    """All settings within a value, itself included."""
    if isinstance(value, ConfigModel):
        yield value
    if isinstance(value, ConfigModel) or dataclasses.is_dataclass(value):
        value = vars(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _nested(item)
