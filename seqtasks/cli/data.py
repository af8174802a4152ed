"""Data files on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from seqtasks.data.lines import plain_suffix

if TYPE_CHECKING:
    from seqtasks.data.captions import CaptionSource
    from seqtasks.data.source import Source

PAIR_FILES = (".tsv", ".csv", ".jsonl", ".tmx")


def data_sources(files: Sequence[Path]) -> list[Source]:
    """Files of pairs stand alone; other files are parallel ones, and each two of them belong together."""
    from seqtasks.data.source import Source

    sources: list[Source] = []
    waiting: list[Path] = []
    for file in files:
        if file.is_dir():
            raise typer.BadParameter(
                f"{file} is a folder; translation needs files of sentence pairs", param_hint="DATA"
            )
        if plain_suffix(file) in PAIR_FILES:
            sources.append(Source(path=file))
        else:
            waiting.append(file)
        if len(waiting) == 2:
            sources.append(Source(source=waiting[0], target=waiting[1]))
            waiting = []
    if waiting:
        raise typer.BadParameter(
            f"{waiting[0]} needs a parallel file beside it, or a name that ends in {', '.join(PAIR_FILES)}",
            param_hint="DATA",
        )
    return sources


def caption_source(paths: Sequence[Path], split: str | None) -> CaptionSource:
    """The folder of the pictures and, where it does not hold them under a usual name, the file of their captions."""
    from seqtasks.data.captions import CaptionSource

    if paths[0].is_file():
        raise typer.BadParameter(
            f"{paths[0]} is a file; the folder of the pictures comes first, then the file of captions",
            param_hint="DATA",
        )
    if len(paths) > 2:
        raise typer.BadParameter(
            f"{paths[2]} is too much: there is one folder of pictures and one file of captions", param_hint="DATA"
        )
    return CaptionSource(images=paths[0], captions=paths[1] if len(paths) == 2 else None, split=split)


def languages_of(files: Sequence[Path]) -> tuple[str, str] | None:
    """The languages that two parallel files have in their names: train.en and train.de."""
    suffixes = [plain_suffix(file)[1:] for file in files[:2] if plain_suffix(file) not in PAIR_FILES]
    if len(suffixes) == 2 and all(suffix.isalpha() and len(suffix) in (2, 3) for suffix in suffixes):
        return suffixes[0], suffixes[1]
    return None
