"""What the header of a `model.bin` of CTranslate2 tells, read without its numbers.

CTranslate2 believes what it reads: a file is checked here before it is opened there.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from seqtasks.errors import SeqtasksError

WEIGHTS = "model.bin"
AGAIN = "Download or copy the model again."
VERSIONS = range(2, 7)
"""Versions of the file, of which the last is that of CTranslate2 2.5 to 4."""
TYPED = 4
"""From this version on a type and bytes are told, before that the size of an item and a count."""
WITH_SETTINGS = 6
ITEM_BYTES = {0: 4, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2}
"""By the numbers of the types: float32, int8, int16, int32, float16, bfloat16."""
INTEGERS = (1, 2)
"""The types of quantized weights, in 8 and 16 bits; in old files, the bytes of an item."""
LONGEST_NAME = 4_096


@dataclass(frozen=True)
class StoredModel:
    """The kind of a model, and the shapes of its tensors.

    Args:
        version: That of the file.
        kind: What CTranslate2 calls it, such as "TransformerSpec".
        shapes: By the names of the tensors.
        aliases: Other names of tensors that are stored once.
        quantized: Whether matrices are stored as integers.
    """

    version: int
    kind: str
    shapes: Mapping[str, tuple[int, ...]]
    aliases: Mapping[str, str]
    quantized: bool

    @property
    def has_settings(self) -> bool:
        """Whether `config.json` belongs to it, which older ones do not have."""
        return self.version >= WITH_SETTINGS

    @property
    def parameters(self) -> int:
        """The numbers that are stored."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def rows(self, *names: str) -> int | None:
        """The rows of the first of these tensors that it has; None where it has none."""
        found = (self.shapes.get(self.aliases.get(name, name)) for name in names)
        return next((shape[0] for shape in found if shape), None)


def read_stored_model(file: Path) -> StoredModel:
    """Reads the header of each tensor and passes over its numbers.

    Raises:
        SeqtasksError: The file is missing, is none of CTranslate2, or ends too early.
    """
    try:
        with file.open("rb") as stream:
            return _read(stream, os.fstat(stream.fileno()).st_size, file)
    except FileNotFoundError:
        raise SeqtasksError(f"{file} is missing.", AGAIN) from None
    except OSError as error:
        raise SeqtasksError(f"{file} cannot be read: {error.strerror}.") from error
    except (struct.error, UnicodeDecodeError):
        raise SeqtasksError(f"{file} is no model of CTranslate2, or damaged.", AGAIN) from None


def _read(stream: BinaryIO, size: int, file: Path) -> StoredModel:
    (version,) = _numbers(stream, "<I")
    if version not in VERSIONS:
        raise SeqtasksError(f"{file} is no model of CTranslate2, or of a version that is not known ({version}).", AGAIN)
    kind = _text(stream)
    _numbers(stream, "<I")  # the revision
    (count,) = _numbers(stream, "<I")
    shapes, quantized = {}, False
    for _ in range(count):
        name = _text(stream)
        (rank,) = _numbers(stream, "<B")
        shapes[name] = _numbers(stream, f"<{rank}I")
        item, length = _numbers(stream, "<BI")
        item_bytes = ITEM_BYTES.get(item, 0) if version >= TYPED else item
        if version < TYPED:
            length *= item
        if not item_bytes or length != math.prod(shapes[name]) * item_bytes:
            raise SeqtasksError(f"{file}: the size of {name} is not that of its shape.", AGAIN)
        quantized |= rank > 1 and item in INTEGERS
        if stream.seek(length, os.SEEK_CUR) > size:
            raise SeqtasksError(f"{file} ends too early.", AGAIN)
    aliases = {_text(stream): _text(stream) for _ in range(_numbers(stream, "<I")[0])} if version > 2 else {}
    return StoredModel(version, kind, shapes, aliases, quantized)


def _numbers(stream: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, stream.read(struct.calcsize(form)))


def _text(stream: BinaryIO) -> str:
    (length,) = _numbers(stream, "<H")
    content = stream.read(min(length, LONGEST_NAME))
    if len(content) < length:
        raise struct.error
    return content.rstrip(b"\0").decode()
