"""The vocabularies in a directory of CTranslate2, and the sentencepiece models that make their tokens of texts."""

from __future__ import annotations

import json
from pathlib import Path

from seqtasks.errors import SeqtasksError
from seqtasks.importers.files import AGAIN, read_bytes

NAME_THEM = "Name that of the source and, if there is another, that of the target: --vocab FILE."


def read_vocabularies(path: Path) -> tuple[list[str], list[str]]:
    """The tokens of the source and of the target, in the order of their numbers.

    Raises:
        SeqtasksError: A file is missing or damaged.
    """
    shared = find_vocabulary(path, "shared")
    if shared is not None:
        both = read_tokens(shared)
        return both, both
    found = []
    for side in ("source", "target"):
        file = find_vocabulary(path, side)
        if file is None:
            raise SeqtasksError(f"{path} has no vocabulary of the {side}: {side}_vocabulary.json is missing.", AGAIN)
        found.append(read_tokens(file))
    return found[0], found[1]


def find_vocabulary(path: Path, side: str) -> Path | None:
    """The file of a vocabulary; older versions have text."""
    files = (path / f"{side}_vocabulary{suffix}" for suffix in (".json", ".txt"))
    return next((file for file in files if file.is_file()), None)


def read_tokens(file: Path) -> list[str]:
    """The tokens in a vocabulary: a list in JSON, or lines.

    Raises:
        SeqtasksError: It is none.
    """
    content = read_bytes(file)
    try:
        tokens = json.loads(content) if file.suffix == ".json" else content.decode().removesuffix("\n").split("\n")
    except (ValueError, RecursionError):
        tokens = None
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) for token in tokens):
        raise SeqtasksError(f"{file} is not a vocabulary: a list of tokens.", AGAIN)
    return tokens


def find_sentencepiece(path: Path) -> list[Path]:
    """The sentencepiece models in a directory: those of source and target, or the only one.

    Raises:
        SeqtasksError: There are none, or it is not clear which they are.
    """
    sides = [file for side in ("source", "target") if (file := path / f"{side}.spm").is_file()]
    if sides and sides[0].stem == "source":
        return sides
    found = sorted([*path.glob("*.spm"), *path.glob("*.model")])
    if len(found) != 1:
        names = f": {', '.join(file.name for file in found[:5])}" if found else ""
        raise SeqtasksError(f"{path} has {len(found)} sentencepiece models{names}.", NAME_THEM)
    return found
