"""Formats of data files, found by the suffix of a file."""

from __future__ import annotations

from abc import ABC
from pathlib import Path
from typing import Any, TypeVar

from seqtasks.data.text_io import uncompressed_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.registry import Component

AnyReader = TypeVar("AnyReader", bound="Reader")


class Reader(Component, ABC):
    """A format of data files, found by their suffix: `class OwnReader(PairReader, kind="own")` reads files like a.own.

    Every kind of examples has a branch with a method `read`: `PairReader`, `CaptionReader`, `SentenceReader` and
    `DocumentReader`.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        if Reader in cls.__bases__:
            cls.kinds = {}
        super().__init_subclass__(**options)

    @classmethod
    def for_file(cls: type[AnyReader], path: Path, kind: str | None = None) -> AnyReader | None:
        """The reader of a file by the name of its format, else by its suffix, before .gz or .zst; None without one.

        Raises:
            SeqtasksError: There is no format `kind`.
        """
        try:
            return cls.of_kind(kind or uncompressed_suffix(path).removeprefix("."))()
        except KeyError:
            if kind is not None:
                raise SeqtasksError(
                    f"{path}: there is no format {kind!r}.",
                    f"Available: {', '.join(cls.known())} (your own: --code FILE).",
                ) from None
            return None

    @classmethod
    def suffixes(cls) -> str:
        """What files of this branch can end in, for messages."""
        return ", ".join(f".{kind}" for kind in cls.kinds)
