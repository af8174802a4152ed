"""The manifest of a bundle, `bundle.json`: what the bundle says of itself, and whether its files are those."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from seqtasks import version
from seqtasks.errors import SeqtasksError
from seqtasks.special_tokens import SPECIAL_IDS
from seqtasks.storage.foreign_models import require_own
from seqtasks.storage.presence import exists, is_file

FORMAT = 2
"""1 had the names of version 0.1: see `storage/migration.py`."""
ENGINE_FORMAT = 3
"""That of bundles which another engine runs: they have no weights of ours."""
MANIFEST = "bundle.json"
WEIGHTS = "model.safetensors"
CONFIGURATION = "config.toml"
CARD = "README.md"
PROCESSORS = "processors"
ENGINE = "engine"
"""The key of the manifest that names the engine, and the folder of its files."""
ENGINE_WEIGHTS = f"{ENGINE}/model.bin"
TRAINER = "trainer.pt"


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of the bundle at a path.

    Raises:
        SeqtasksError: There is no bundle, it is damaged, or its format is newer.
    """
    file = path / MANIFEST
    try:
        if exists(file) and not file.is_file():
            raise SeqtasksError(f"{file} is not a regular file.", "Copy the whole directory again.")
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        inner = is_file(path / "best" / MANIFEST)
        require_own(path)
        hint = f"Did you mean {path / 'best'}?" if inner else "A model is a directory written by `seqtasks train`."
        raise SeqtasksError(f"{path} is not a model: it has no {MANIFEST}.", hint) from None
    except OSError as error:
        raise SeqtasksError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise damaged(file, "(not JSON)") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise damaged(file, "(no format number)")
    newest = ENGINE_FORMAT if ENGINE in manifest else FORMAT
    if manifest["format"] > newest:
        raise SeqtasksError(
            f"{path} has format {manifest['format']}; this seqtasks {version.__version__} reads up to {newest}.",
            "Update seqtasks.",
        )
    shape = {"task": str, "model": dict, "scores": list, "data": dict, "versions": dict, "sha256": dict}
    for key, kind in shape.items():
        if not isinstance(manifest.get(key), kind):
            raise damaged(file, f"({key} is missing or of the wrong type)")
    if ENGINE in manifest and (not isinstance(manifest[ENGINE], str) or not manifest[ENGINE]):
        raise damaged(file, f"({ENGINE} is not the name of one)")
    if manifest.get("special_ids") != SPECIAL_IDS:
        raise damaged(file, "(its special ids are not those of seqtasks)")
    return manifest


def find_problem(path: Path, manifest: dict[str, Any], verify: bool) -> SeqtasksError | None:
    """What is wrong with the files of a bundle; `verify` compares each with its hash."""
    hashes = manifest["sha256"]
    weights = ENGINE_WEIGHTS if ENGINE in manifest else WEIGHTS
    for name in {weights: "", CONFIGURATION: "", **hashes}:
        if name not in hashes or Path(name).is_absolute() or ".." in Path(name).parts:
            return damaged(path / MANIFEST, f"(its checksums are not those of a model: {name})")
        file = path / name
        try:
            if not file.is_file():
                return SeqtasksError(f"{file} is missing.", "Copy the whole directory again.")
            if verify and digest(file) != hashes[name]:
                return damaged(file, "(its checksum does not match bundle.json)")
        except OSError as error:
            return SeqtasksError(f"{file} cannot be read: {error.strerror}.")
    unknown = [
        file
        for folder in (PROCESSORS, ENGINE)
        for file in (path / folder).rglob("*")
        if file.is_file() and file.relative_to(path).as_posix() not in hashes
    ]
    if unknown:
        return damaged(unknown[0], "(bundle.json has no checksum for it)")
    return None


def damaged(file: Path, detail: str) -> SeqtasksError:
    """The error that tells of a damaged file."""
    return SeqtasksError(f"{file} is damaged {detail}.", "Copy the whole directory again, or use another checkpoint.")


def digest(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
