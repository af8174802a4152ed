"""The files of other programs' models, read with care: plain data alone, of limited size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqtasks.errors import SeqtasksError
from seqtasks.text.sentencepiece_model import has_bytes

LARGEST_TEXT = 256 * 2**20
"""Bytes of a vocabulary, a configuration or a sentencepiece model."""
AGAIN = "Download or copy the model again."


def read_bytes(file: Path) -> bytes:
    """A file that is not larger than such files are.

    Raises:
        SeqtasksError: It is missing, cannot be read or is too large.
    """
    try:
        if file.stat().st_size > LARGEST_TEXT:
            raise SeqtasksError(f"{file} has more than {LARGEST_TEXT // 2**20} MiB.", AGAIN)
        return file.read_bytes()
    except FileNotFoundError:
        raise SeqtasksError(f"{file} is missing.", AGAIN) from None
    except OSError as error:
        raise SeqtasksError(f"{file} cannot be read: {error.strerror}.") from error


def read_sentencepiece(file: Path) -> bytes:
    """A sentencepiece model.

    Raises:
        SeqtasksError: It is missing, or not such a model.
    """
    from google.protobuf.message import DecodeError
    from sentencepiece import SentencePieceProcessor

    proto = read_bytes(file)
    try:
        has_bytes(proto)
        SentencePieceProcessor(model_proto=proto)
    except (DecodeError, RuntimeError):
        raise SeqtasksError(f"{file}: not a sentencepiece model, or damaged.", AGAIN) from None
    return proto


def read_json(file: Path, *, missing_ok: bool = False) -> dict[str, Any]:
    """A JSON file that holds an object; nothing where it may be missing and is."""
    if missing_ok and not file.exists():
        return {}
    try:
        content = json.loads(read_bytes(file))
    except (ValueError, RecursionError):
        raise SeqtasksError(f"{file} is not JSON.", AGAIN) from None
    if not isinstance(content, dict):
        raise SeqtasksError(f"{file} holds no object.", AGAIN)
    return content


class Settings(dict[str, Any]):
    """A configuration in JSON, which says what it lacks.

    Args:
        file: It holds an object.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(read_json(file))
        self.file = file

    def __missing__(self, key: str) -> Any:
        raise SeqtasksError(f"{self.file} has no {key}.", AGAIN)

    def count(self, key: str) -> int:
        """A whole number from 1 on."""
        value = self[key]
        if type(value) is not int or value < 1:
            raise SeqtasksError(f"{self.file}: {key} is {value!r}, not a number from 1 on.", AGAIN)
        return value


def read_vocabulary(file: Path) -> dict[str, int]:
    """Tokens with their numbers."""
    ids = read_json(file)
    if not ids or not all(type(number) is int and number >= 0 for number in ids.values()):
        raise SeqtasksError(f"{file} is not a vocabulary: tokens with their numbers.", AGAIN)
    return ids


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a directory of transformers, on the CPU; `pytorch_model.bin` without running a pickle.

    Raises:
        SeqtasksError: There are none, or they are damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    file = path / "model.safetensors"
    if file.is_file():
        try:
            return dict(load_file(file))
        except (SafetensorError, OSError) as error:
            raise SeqtasksError(f"{file} is damaged ({error}).", AGAIN) from error
    file = path / "pytorch_model.bin"
    if not file.is_file():
        raise SeqtasksError(f"{path} has no weights: neither model.safetensors nor pytorch_model.bin.", AGAIN)
    try:
        tensors = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # of the unpickler, which raises anything
        reason = str(error).partition("\n")[0][:200]
        raise SeqtasksError(f"{file} is not a file of tensors alone, or damaged ({reason}).", AGAIN) from error
    if not isinstance(tensors, dict) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        raise SeqtasksError(f"{file} holds other things than tensors.", AGAIN)
    return {str(name): tensor for name, tensor in tensors.items()}
