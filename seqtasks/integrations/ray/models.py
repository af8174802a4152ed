"""A model in the object store of a cluster: each node takes it once, each process loads it once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from socket import gethostname
from typing import Any

import ray
from filelock import FileLock

from seqtasks.config.user_code import load_code
from seqtasks.errors import SeqtasksError
from seqtasks.loading import LoadedModel, open_models
from seqtasks.storage.atomic import atomic_directory
from seqtasks.storage.bundle import MANIFEST, read_bundle
from seqtasks.storage.model_paths import find_model
from seqtasks.version import __version__

CODE = "code"
"""The folder of a user's Python file, beside those of the models."""


@dataclass(frozen=True)
class SharedModel:
    """A model, or the members of an ensemble, that all nodes of a cluster can open. `put_model` makes one."""

    digest: str
    """Of all files, and the version of seqtasks."""
    members: tuple[str, ...]
    """The folder of each model."""
    files: Any
    """A reference to what is in the files, by their names."""
    version: str = __version__

    def open(self, task: str | None = None, **options: Any) -> LoadedModel:
        """Opens the model in this process, on any node.

        Args:
            task: As for `seqtasks.load`.
            **options: As for `seqtasks.load`.

        Raises:
            SeqtasksError: This node has another version of seqtasks; the model cannot be opened.
        """
        if self.version != __version__:
            raise SeqtasksError(
                f"The node {gethostname()} has seqtasks {__version__}, the job was started with {self.version}.",
                "Install the same version on all nodes.",
            )
        folder = self.unpack()
        for file in (folder / CODE).glob("*.py"):
            load_code(file)
        return open_models([folder / member for member in self.members], task, **options)

    def unpack(self) -> Path:
        """The folder of the files on this node, which the first process to need it makes."""
        root = own_folder()
        folder = root / self.digest
        with FileLock(root / f"{self.digest}.lock"):
            if not folder.is_dir():
                files: dict[str, bytes] = ray.get(self.files)
                with atomic_directory(folder) as part:
                    for name, content in files.items():
                        (part / name).parent.mkdir(parents=True, exist_ok=True)
                        (part / name).write_bytes(content)
        return folder


def put_model(model: str | Path, *others: str | Path, code: str | Path | None = None) -> SharedModel:
    """Puts a model, or the members of an ensemble, into the object store of the cluster, which has to be connected.

    Args:
        model: As for `seqtasks.load`.
        *others: The other members of an ensemble.
        code: A Python file with the components of your own that the model needs.

    Returns:
        What the callable classes take as their model.

    Raises:
        SeqtasksError: There is no such model, or it is damaged.
    """
    names = [model, *others]
    files: dict[str, bytes] = {}
    for number, name in enumerate(names):
        bundle = read_bundle(find_model(name), engines=True)
        for file in (MANIFEST, *bundle.manifest["sha256"]):
            files[f"{number}/{file}"] = (bundle.path / file).read_bytes()
    if code is not None:
        files[f"{CODE}/{Path(code).name}"] = Path(code).read_bytes()
    return SharedModel(digest(files), tuple(map(str, range(len(names)))), ray.put(files))


def digest(files: dict[str, bytes]) -> str:
    """What tells these files, read by this version, from all others."""
    found = hashlib.sha256(__version__.encode())
    for name, content in sorted(files.items()):
        found.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    return found.hexdigest()[:32]


def own_folder() -> Path:
    """A folder for temporary files that no other user can write into, the same in all processes of a node.

    Raises:
        SeqtasksError: It is somebody else's.
    """
    folder = Path(tempfile.gettempdir()) / f"seqtasks-{getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
        raise SeqtasksError(f"{folder} belongs to another user.", "Set TMPDIR to a folder of your own.")
    return folder


def open_model(model: SharedModel | str | Path | Sequence[str | Path], task: str, **options: Any) -> LoadedModel:
    """Opens what a callable class is given: a shared model, or a name, or several, that this node finds.

    Raises:
        SeqtasksError: The model cannot be opened, or is for another task.
    """
    if isinstance(model, SharedModel):
        return model.open(task, **options)
    return open_models([model] if isinstance(model, str | Path) else model, task, **options)
