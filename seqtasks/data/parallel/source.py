"""Where pairs of texts come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from seqtasks.data.text_io import uncompressed_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.registry import ConfigModel

PAIR_FILES = (".tsv", ".csv", ".jsonl", ".tmx")


class ParallelSource(ConfigModel):
    """Either one file of pairs (`path`) or two parallel files, a line a text (`source` and `target`).

    The suffix of `path` says its format: .tsv, .csv, .jsonl or .tmx; any file may be compressed (.gz behind that).
    """

    path: Path | None = None
    """One file of pairs."""
    source: Path | None = None
    """The source texts, one per line."""
    target: Path | None = None
    """Their translations, one per line."""
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """How often an epoch draws each example of this source."""

    @model_validator(mode="after")
    def check_paths(self) -> ParallelSource:
        """One form or the other."""
        one, two = self.path is not None, self.source is not None and self.target is not None
        if one == two or (one and (self.source is not None or self.target is not None)):
            raise ValueError("give either path (one file of pairs) or source and target (two parallel files)")
        return self


def sources_of(files: Sequence[Path]) -> list[ParallelSource]:
    """Files of pairs stand alone; other files are parallel ones, and each two of them belong together.

    Raises:
        SeqtasksError: A folder, or a file without its parallel one.
    """
    sources: list[ParallelSource] = []
    waiting: list[Path] = []
    for file in files:
        if file.is_dir():
            raise SeqtasksError(f"{file} is a folder; translation needs files of sentence pairs.")
        if uncompressed_suffix(file) in PAIR_FILES:
            sources.append(ParallelSource(path=file))
        else:
            waiting.append(file)
        if len(waiting) == 2:
            sources.append(ParallelSource(source=waiting[0], target=waiting[1]))
            waiting = []
    if waiting:
        raise SeqtasksError(
            f"{waiting[0]} needs a parallel file beside it, or a name that ends in {', '.join(PAIR_FILES)}."
        )
    return sources


def languages_of(files: Sequence[Path]) -> tuple[str, str] | None:
    """The languages that two parallel files have in their names: train.en and train.de."""
    suffixes = [uncompressed_suffix(file)[1:] for file in files[:2] if uncompressed_suffix(file) not in PAIR_FILES]
    if len(suffixes) == 2 and all(suffix.isalpha() and len(suffix) in (2, 3) for suffix in suffixes):
        return suffixes[0], suffixes[1]
    return None
