"""Where models are found: at a path, in the directory of a training, or by the name of an included model."""

from __future__ import annotations

from pathlib import Path

from seqtasks import version
from seqtasks.errors import SeqtasksError
from seqtasks.storage.foreign_models import require_own
from seqtasks.storage.manifest import MANIFEST
from seqtasks.storage.presence import is_dir, is_file


def checkpoints(directory: Path) -> list[Path]:
    """The checkpoints of a training directory, earliest first."""
    found = [path for path in directory.glob("step-*") if path.name[5:].isdigit() and is_file(path / MANIFEST)]
    return sorted(found, key=lambda path: int(path.name[5:]))


def find_model(name_or_path: str | Path) -> Path:
    """The directory of a bundle.

    A training that was interrupted before its first validation has no best one yet: its latest checkpoint is taken.

    Args:
        name_or_path: A bundle's directory, that of a training (for its best model), or the name of an included model.

    Raises:
        SeqtasksError: There is none; the message names what ships.
    """
    path = Path(name_or_path)
    for folder in (path, path / "best", *reversed(checkpoints(path))):
        if is_file(folder / MANIFEST):
            return folder
    shipped = _shipped()
    if str(name_or_path) in shipped:
        return shipped[str(name_or_path)]
    if is_dir(path):
        return path
    require_own(path)
    known = f"Models that ship: {', '.join(shipped)}." if shipped else "No models ship with this installation."
    raise SeqtasksError(f"there is no model {str(name_or_path)!r}: neither a directory nor a known name.", known)


def built_in_models() -> list[str]:
    """Names of the included models."""
    return list(_shipped())


def asset_folders(kind: str) -> list[Path]:
    """Where the included models or images may be: in an installation, and next to it in a checkout."""
    package = Path(version.__file__).parent
    folders = [package / "assets" / kind]
    if (package.parent / "pyproject.toml").is_file():
        folders.append(package.parent / "assets" / kind)
    return folders


def _shipped() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in asset_folders("models"):
        for file in sorted(folder.glob(f"*/{MANIFEST}")):
            found.setdefault(file.parent.name, file.parent)
    return found
