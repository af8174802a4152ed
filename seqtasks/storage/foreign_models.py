"""Models of other programs, by the names of their files: what to do with one where a model of ours is expected."""

from __future__ import annotations

from pathlib import Path

from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import is_dir, is_file

ARGOS_SUFFIX = ".argosmodel"


def is_ctranslate2(path: Path) -> bool:
    """Whether this is a directory of CTranslate2."""
    return any(is_file(path / name) for name in ("model.bin", "shared_vocabulary.json", "source_vocabulary.json"))


def is_argos(path: Path) -> bool:
    """Whether this is a package of Argos Translate, as a file or unpacked."""
    if is_file(path):
        return path.suffix.lower() == ARGOS_SUFFIX
    return is_file(path / "metadata.json") and is_dir(path / "model")


def is_marian(path: Path) -> bool:
    """Whether this is a model of Marian, its own or one of transformers."""
    if is_file(path):
        return path.suffix.lower() == ".npz"
    return is_file(path / "config.json") and is_file(path / "source.spm")


def require_own(path: Path) -> None:
    """Raises SeqtasksError, with the command that imports it, where a model of another program is at a path."""
    if is_ctranslate2(path) or is_argos(path) or is_marian(path):
        raise SeqtasksError(
            f"{path} is a model of another program, which has to be imported.",
            f"Import it: seqtasks import {path} --output DIR",
        )
