"""Where pairs of texts come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.readers import Languages, PairReader, read_parallel
from seqtasks.data.text_io import require_file, uncompressed_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.registry import ConfigModel


class ParallelSource(ConfigModel):
    """Either one file of pairs (`path`) or two parallel files, a line a text (`source` and `target`).

    The suffix of `path` says its format: .tsv, .csv, .jsonl, .tmx, or that of a `PairReader` of your own; any file may
    be compressed (.gz behind that).
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


def read_pairs(source: ParallelSource, skipped: ReadReport, *, languages: Languages | None = None) -> Iterator[Pair]:
    """The pairs of one source, in the order of the file, without those that have an empty side.

    `languages` is needed for .tmx, and for .jsonl whose lines are `{"translation": {"en": ..., "de": ...}}`.

    Raises:
        SeqtasksError: at once for a missing file, an unknown format, missing languages; while reading for parallel
            files of different lengths, text that is not UTF-8, damaged compression, broken or unsafe XML.
    """
    if source.source is not None and source.target is not None:
        for path in (source.source, source.target):
            require_file(path)
        return with_both_sides(read_parallel(source.source, source.target, skipped), skipped)
    assert source.path is not None
    require_file(source.path)
    reader = PairReader.for_file(source.path)
    if reader is None:
        raise SeqtasksError(
            f"{source.path}: unknown format {uncompressed_suffix(source.path)!r}.",
            f"One file of pairs can be {PairReader.suffixes()} (your own: --code FILE), or .gz of these; "
            "give parallel files as source and target.",
        )
    return with_both_sides(reader.read(source.path, skipped, languages), skipped)


def with_both_sides(pairs: Iterator[Pair], skipped: ReadReport) -> Iterator[Pair]:
    """Leaves out the pairs of which one side is white space alone."""
    for pair in pairs:
        if pair.source.strip() and pair.target.strip():
            yield pair
        else:
            skipped.skip("empty side")


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
        if PairReader.for_file(file) is not None:
            sources.append(ParallelSource(path=file))
        else:
            waiting.append(file)
        if len(waiting) == 2:
            sources.append(ParallelSource(source=waiting[0], target=waiting[1]))
            waiting = []
    if waiting:
        raise SeqtasksError(
            f"{waiting[0]} needs a parallel file beside it, or a name that ends in {PairReader.suffixes()}.",
            "For a format of your own give the file with its reader: --code FILE.",
        )
    return sources


def languages_of(files: Sequence[Path]) -> tuple[str, str] | None:
    """The languages that two parallel files have in their names: train.en and train.de."""
    suffixes = [uncompressed_suffix(file)[1:] for file in files[:2] if PairReader.for_file(file) is None]
    if len(suffixes) == 2 and all(suffix.isalpha() and len(suffix) in (2, 3) for suffix in suffixes):
        return suffixes[0], suffixes[1]
    return None
