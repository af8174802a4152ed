"""`seqtasks.import_model`: a model found, read and written."""

from __future__ import annotations

import re
from pathlib import Path

from seqtasks.errors import SeqtasksError, require_package
from seqtasks.importers.huggingface_marian import read_huggingface_marian
from seqtasks.storage.presence import is_dir, is_file

FILES = ("*.json", "*.spm", "model.safetensors", "pytorch_model.bin", "README.md")
"""Of a model on the Hub."""


def import_model(source: Path | str, output: Path | str, *, target_language: str | None = None) -> None:
    """Makes a bundle of a translation model of another program.

    Args:
        source: A directory of transformers with a Marian model, such as one of OPUS-MT, or its name on the Hugging Face
            Hub, such as `Helsinki-NLP/opus-mt-en-de`.
        output: The directory of the bundle.
        target_language: For models of several target languages, the code that they know it by, such as `deu`.

    Raises:
        SeqtasksError: It is no model that can be imported, it is damaged, or it cannot be downloaded.
    """
    path = Path(source)
    if not is_dir(path):
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", str(source)) or is_file(path):
            raise SeqtasksError(
                f"{source} is not a directory.", "Give the directory of a Marian model, or OWNER/NAME on the Hub."
            )
        path = download(str(source))
    if not is_file(path / "config.json"):
        raise SeqtasksError(f"{path} has no config.json.", "Give the directory of a Marian model of transformers.")
    name = str(source) if path != Path(source) else path.resolve().name
    read_huggingface_marian(path, name, target_language).write(Path(output))


def download(name: str) -> Path:
    """The directory of a model on the Hub, downloaded or found in its cache.

    Raises:
        SeqtasksError: There is no such model, or no network.
    """
    require_package("huggingface_hub", f"{name} is no directory; downloading it needs huggingface_hub.", "hub")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(FILES)))
    except (OSError, ValueError) as error:  # all that it raises for names, rights and the network are among these
        reason = str(error).strip().partition("\n")[0]
        raise SeqtasksError(
            f"{name} is no directory, and cannot be downloaded ({reason}).",
            "Check the name and the network, or give a directory.",
        ) from error
