"""Vocabularies as Marian has them: sentencepiece models whose ids are used, or YAML files with ids of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from seqtasks.errors import SeqtasksError
from seqtasks.importers.files import AGAIN, read_bytes, read_sentencepiece

YAML = (".yml", ".yaml")
BYTE_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")
"""YAML has it, JSON does not."""


class Texts(NamedTuple):
    """How the texts of a side become tokens."""

    ids: Mapping[str, int]
    proto: bytes
    """The sentencepiece model."""


def find_vocabularies(model: Path) -> list[Path]:
    """The vocabularies beside a model: those of its `decoder.yml`, else the only ones in its directory.

    Raises:
        SeqtasksError: It is not clear which they are.
    """
    import yaml

    settings = model.parent / "decoder.yml"
    if settings.is_file():
        try:
            named = (yaml.safe_load(read_bytes(settings)) or {}).get("vocabs")
        except (yaml.YAMLError, AttributeError):
            named = None
        if isinstance(named, list) and named and all(isinstance(each, str) for each in named):
            return [model.parent / Path(each).name for each in named]
    found = sorted(model.parent.glob("*vocab*.yml")) or sorted(model.parent.glob("*.spm"))
    if len(found) != 1:
        raise SeqtasksError(
            f"{model.parent} has {len(found)} vocabularies.", "Name that of the source and of the target: --vocab FILE."
        )
    return found


def read_texts(files: Sequence[Path]) -> tuple[Texts, Texts]:
    """What is read of the vocabularies of the source and the target; one serves both.

    Raises:
        SeqtasksError: There are none or more than two, or one is damaged.
    """
    if not 1 <= len(files) <= 2:
        raise SeqtasksError(f"There are {len(files)} vocabularies.", "Give one, or that of the source and the target.")
    return read_side(files[0], "source"), read_side(files[-1], "target")


def read_side(file: Path, side: str) -> Texts:
    """The vocabulary of a side."""
    if file.suffix not in YAML:
        proto = read_sentencepiece(file)
        return Texts(dict(sentencepiece_ids(proto)), proto)
    ids = dict(yaml_ids(file))
    if not {"</s>", "<unk>"} <= ids.keys():
        raise SeqtasksError(f"{file} is not a vocabulary of Marian: it lacks </s> or <unk>.", AGAIN)
    return Texts(ids, read_sentencepiece(file.parent / f"{side}.spm"))


def sentencepiece_ids(proto: bytes) -> Iterator[tuple[str, int]]:
    """The ids of the model itself; its special tokens by the names that Marian knows them by."""
    from sentencepiece import SentencePieceProcessor

    model = SentencePieceProcessor(model_proto=proto)
    special = {model.eos_id(): "</s>", model.unk_id(): "<unk>"}
    for number in range(model.get_piece_size()):
        yield special.get(number) or model.id_to_piece(number), number


def yaml_ids(file: Path) -> Iterator[tuple[str, int]]:
    """The lines `token: id` of a vocabulary; a parser for YAML would take some tokens for others, or for one.

    Raises:
        SeqtasksError: A line is of another form.
    """
    try:
        lines = read_bytes(file).decode().split("\n")
    except UnicodeDecodeError:
        raise SeqtasksError(f"{file} is not UTF-8 text.", AGAIN) from None
    for number, line in enumerate(lines, 1):
        token, colon, written = line.rstrip("\r").rpartition(": ")
        if not line.strip():
            continue
        try:
            if not colon:
                raise ValueError
            identifier = int(written)
            if token.startswith('"') and token.endswith('"') and len(token) > 1:
                token = json.loads(BYTE_ESCAPE.sub(r"\\u00\1", token))
            elif token.startswith("'") and token.endswith("'") and len(token) > 1:
                token = token[1:-1].replace("''", "'")
        except ValueError:
            raise SeqtasksError(f"{file}:{number}: not `token: id`.", AGAIN) from None
        yield token, identifier
