"""`seqtasks translate letter.docx -o brief.docx`: documents in the place of lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqtasks.cli.input import STANDARD_INPUT
from seqtasks.cli.output import ensure_distinct_paths, warn
from seqtasks.documents.document import MAX_BYTES
from seqtasks.documents.formats import FORMATS, format_of
from seqtasks.documents.translation import DocumentReport
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted

if TYPE_CHECKING:
    from seqtasks.inference.translation import TranslationPipeline

TABLES = {".csv": "csv", ".tsv": "tsv"}


@dataclass(frozen=True)
class DocumentOptions:
    """How documents are translated, as a group of options."""

    input_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help=f"Read a whole document, not lines: {', '.join(FORMATS)}; the ending of a file says it, but for text "
            "and tables.",
        ),
    ] = None
    all: Annotated[bool, typer.Option("--all", help="Catalogs: also translate what has a translation already.")] = False
    memory: Annotated[
        Path | None,
        typer.Option(metavar="FILE.tmx", help="Documents: take the translations of texts that are in this memory."),
    ] = None

    def formats(self, files: Sequence[Path], texts: Sequence[str], column: str | None) -> dict[Path, str]:
        """The format of each file; none where lines of text are translated.

        Args:
            files: The inputs; none, and no texts, is standard input.
            texts: Texts in their place.
            column: The column of a table, if one is named.

        Raises:
            SeqtasksError: There is no such format; some of the files are documents, and others are not.
        """
        if self.input_format is not None and self.input_format not in FORMATS:
            raise SeqtasksError(
                f"--input-format {self.input_format}: there is no such format.", f"Choose one of {', '.join(FORMATS)}."
            )
        if not files and not texts and self.input_format is not None:
            files = [STANDARD_INPUT]
        table = TABLES if column is not None else {}
        found = {file: self.input_format or format_of(file) or table.get(file.suffix.lower()) for file in files}
        known = {file: format for file, format in found.items() if format is not None}
        if known and len(known) < len(found):
            other = next(file for file, format in found.items() if format is None)
            raise SeqtasksError(
                f"{next(iter(known))} is a document, {other} is not.",
                "Translate them one after the other, or name the format of all with --input-format.",
            )
        if not known and (self.input_format or self.memory or self.all):
            option = "--input-format" if self.input_format else "--memory" if self.memory else "--all"
            raise SeqtasksError(f"{option} is for documents, not for lines of text.", "Leave it out.")
        return known

    def translate(
        self,
        formats: Mapping[Path, str],
        output: Path | None,
        column: str | None,
        unsupported: Mapping[str, bool],
        open_pipeline: Callable[[], tuple[TranslationPipeline, Mapping[str, Any]]],
    ) -> None:
        """Translates documents, and reports on standard error what became of their segments.

        Args:
            formats: Files and their formats.
            output: A file, a folder for several, or nothing for standard output.
            column: The column of a table.
            unsupported: Options of lines, and whether each is given.
            open_pipeline: Opens the model and reads the options of decoding, once everything else has been looked at.
        """
        for option, given in unsupported.items():
            if given:
                raise SeqtasksError(f"{option} is for lines of text, not for documents.", "Leave it out.")
        from seqtasks.document_translation import document_bytes, open_document, read_memory, translated_bytes
        from seqtasks.storage.atomic import output_file

        outputs = _outputs(formats, output)
        columns = () if column is None else tuple(column.split(","))
        contents = {
            file: sys.stdin.buffer.read(MAX_BYTES + 1) if file == STANDARD_INPUT else document_bytes(file)
            for file in formats
        }
        for file, format in formats.items():
            open_document(named(file), format, columns, data=contents[file])
        pipeline, options = open_pipeline()
        memory = None if self.memory is None else read_memory(self.memory, pipeline.languages)
        total = DocumentReport()
        for file, format in formats.items():
            document = open_document(named(file), format, columns, pipeline.languages, contents.pop(file))
            target = outputs[file]
            # opened first: what cannot be written is told before the work
            with nullcontext(sys.stdout.buffer) if target is None else output_file(target) as stream:
                data, report = translated_bytes(document, pipeline, all=self.all, memory=memory, **options)
                stream.write(data)
                stream.flush()
            total += report
        tell(total)


def named(file: Path) -> Path:
    """What messages call a document."""
    return Path("standard input") if file == STANDARD_INPUT else file


def tell(report: DocumentReport) -> None:
    """What became of the segments."""
    told = [f"{counted(report.translated, 'segments')} translated"]
    if report.already_translated:
        told.append(f"{report.already_translated:,} skipped, which have a translation (see --all)")
    if report.from_memory:
        told.append(f"{report.from_memory:,} from the memory")
    if report.terms:
        told.append(f"{counted(report.terms, 'terms')} of the glossary, {report.unmet_terms:,} not met")
    warn(", ".join(told))


def _outputs(formats: Mapping[Path, str], output: Path | None) -> dict[Path, Path | None]:
    """Where each document goes."""
    container = next((file for file, format in formats.items() if FORMATS[format].container), None)
    if output is None:
        if container is not None or len(formats) > 1:
            raise SeqtasksError(
                f"{container or 'Several documents'}: this is not written to standard output.",
                "Name a file with --output, or a folder for several.",
            )
        return dict.fromkeys(formats)
    folder = len(formats) > 1 or output.is_dir()
    outputs: dict[Path, Path | None] = {file: output / file.name if folder else output for file in formats}
    if len(set(outputs.values())) < len(formats):
        raise SeqtasksError(f"--output {output}: two of the documents have the same name.", "Rename one of them.")
    for file, target in outputs.items():
        if target is not None:
            _check_suffix(target, formats[file])
            ensure_distinct_paths({"--output": target}, [each for each in formats if each != STANDARD_INPUT])
    if folder:
        output.mkdir(parents=True, exist_ok=True)
    return outputs


def _check_suffix(output: Path, format: str) -> None:
    known = {suffix for each in FORMATS.values() for suffix in each.suffixes}
    suffixes = FORMATS[format].suffixes
    if output.suffix.lower() in known - {*suffixes}:
        raise SeqtasksError(
            f"--output {output}: the output has the format of the input, {format}, which does not end in "
            f"{output.suffix}.",
            f"Choose a name that ends in {' or '.join(suffixes)}.",
        )
