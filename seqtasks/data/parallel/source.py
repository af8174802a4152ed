"""Where pairs of texts come from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.reader import Reader
from seqtasks.registry import ConfigModel

Languages = tuple[str, str]
"""The codes of the source and the target language, for files that hold several."""


class ParallelSource(ConfigModel):
    """Either one file of pairs (`path`) or two parallel files, a line a text (`source` and `target`).

    The suffix of `path` says its format: .tsv, .csv, .jsonl, .tmx, or that of a `PairReader` of your own; any file may
    be compressed (.gz or .zst behind that).
    """

    path: Path | None = None
    """One file of pairs, or a pattern of several of them: `part-*.parquet`, `part-{00..15}.tsv`."""
    source: Path | None = None
    """The source texts, one per line."""
    target: Path | None = None
    """Their translations, one per line."""
    format: str | None = None
    """The format of `path`, such as "csv", where its suffix does not say it."""
    source_column: str | int | None = None
    """The column of a table, or the key in JSON, of the source: its name, or its number from 1. By default it is
    detected by the names of the columns, or because it holds texts."""
    target_column: str | int | None = None
    """The same for the target."""
    header: bool | None = None
    """Whether the first row of a table is a header; detected by default."""
    reverse: bool = False
    """Whether the sides are exchanged: the first file or column holds the targets, the second one the sources."""
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """How often each example of this source occurs in an epoch."""

    @property
    def name(self) -> str:
        """The file of pairs, or that of the source texts."""
        return str(self.path or self.source)

    @model_validator(mode="after")
    def check_paths(self) -> ParallelSource:
        """One form or the other."""
        one, two = self.path is not None, self.source is not None and self.target is not None
        if one == two or (one and (self.source is not None or self.target is not None)):
            raise ValueError("give either path (one file of pairs) or source and target (two parallel files)")
        tables = [
            name for name in ("format", "source_column", "target_column", "header") if getattr(self, name) is not None
        ]
        if two and tables:
            raise ValueError(f"{tables[0]} is for one file of pairs (path); parallel files have no columns")
        return self


class PairReader(Reader):
    """A format of files of pairs."""

    @abstractmethod
    def read(self, source: ParallelSource, skipped: ReadReport, languages: Languages | None) -> Iterator[Pair]:
        """The pairs of a file, as a stream.

        Args:
            source: Where the pairs are: the file `source.path`, and the columns that were asked for.
            skipped: Counts what is skipped, and is kept informed of the position.
            languages: The codes of source and target, which a file of several languages needs; None where nobody said.
        """
