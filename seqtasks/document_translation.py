"""`seqtasks.translate_document`: a file with its text in another language, and all else as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqtasks.documents import (
    FORMATS,
    Document,
    DocumentOptions,
    DocumentReport,
    format_of,
    read_document,
    translate_segments,
)
from seqtasks.documents.document import MAX_BYTES
from seqtasks.documents.translation import Translate
from seqtasks.errors import SeqtasksError
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.storage.atomic import output_file
from seqtasks.storage.pipes import open_readable


def translate_document(
    source: str | Path,
    output: str | Path,
    translator: TranslationPipeline | Translate,
    *,
    input_format: str | None = None,
    columns: Sequence[str] = (),
    all: bool = False,
    memory: str | Path | Mapping[str, str] | None = None,
    languages: tuple[str, str] | None = None,
    **options: Any,
) -> DocumentReport:
    """Translates the text of a document, such as `letter.docx`, and keeps everything else.

        seqtasks.translate_document("page.html", "seite.html", seqtasks.load("en-de"))

    Args:
        source: The document.
        output: Where the translated one is written; it appears only when it is complete.
        translator: A pipeline, or a function from a list of `MarkupText` to as many translations.
        input_format: A name of `FORMATS` (`seqtasks.documents.formats`); by default, what the ending of `source` says.
        columns: Tables: the columns to translate, by name or by number from 1.
        all: Whether messages of a catalog that have a translation get another one.
        memory: A TMX file, or source texts with their translations; texts that are in it are not translated again.
        languages: Codes of source and target, where the pipeline does not know them.
        **options: Those of `TranslationPipeline.translate`.

    Returns:
        How many segments were translated, and how many were not, and why.

    Raises:
        SeqtasksError: The document cannot be read, is malformed or of an unknown format, or cannot be written.
    """
    source, output = Path(source), Path(output)
    if languages is None and isinstance(translator, TranslationPipeline):
        languages = translator.languages
    document = open_document(source, input_format, columns, languages)
    known = memory if memory is None or isinstance(memory, Mapping) else read_memory(Path(memory), languages)
    with output_file(output) as stream:  # opened first: what cannot be written is told before the work
        data, report = translated_bytes(document, translator, all=all, memory=known, **options)
        stream.write(data)
    return report


def open_document(
    path: Path,
    input_format: str | None,
    columns: Sequence[str] = (),
    languages: tuple[str, str] | None = None,
    data: bytes | None = None,
) -> Document:
    """A document that is read from a file.

    Args:
        path: The file.
        input_format: Its format, if its name does not say it.
        columns: Tables: the columns to translate.
        languages: Codes of source and target.
        data: What the file holds, if it was read already.

    Raises:
        SeqtasksError: As `read_document`; the format is not known.
    """
    format = input_format or format_of(path)
    if format is None:
        raise SeqtasksError(
            f"{path}: its ending does not say what kind of document it is.",
            f"Name the format with --input-format: {', '.join(FORMATS)}.",
        )
    if data is None:
        data = document_bytes(path)
    known = [None if code == "xx" else code for code in languages or ("xx", "xx")]
    return read_document(data, format, DocumentOptions(str(path), tuple(columns), known[0], known[1]))


def document_bytes(path: Path) -> bytes:
    """What a file holds, and one byte more than the most that is read at most.

    Args:
        path: The file.

    Raises:
        SeqtasksError: It cannot be read.
    """
    try:
        with open_readable(path) as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SeqtasksError(f"{path} cannot be read: {error.strerror}.") from error


def translated_bytes(
    document: Document,
    translator: TranslationPipeline | Translate,
    *,
    all: bool = False,
    memory: Mapping[str, str] | None = None,
    **options: Any,
) -> tuple[bytes, DocumentReport]:
    """A document as it is written in the other language, and what became of its segments.

    Args:
        document: The document.
        translator: A pipeline, or a function.
        all: As of `translate_document`.
        memory: Translations that are known.
        **options: Those of the pipeline.
    """
    if isinstance(translator, TranslationPipeline):
        from functools import partial

        from seqtasks.inference.markup import translate_markup

        translate: Translate = partial(translate_markup, translator, **options)
    else:
        translate = translator
    translations, report = translate_segments(document, translate, all=all, memory=memory)
    if (glossary := options.get("glossary")) is not None:
        found = [
            term.is_met(translation.text)
            for segment, translation in zip(document.segments, translations, strict=True)
            if translation is not None
            for term in glossary.find(segment.text.text)
        ]
        report = replace(report, terms=len(found), unmet_terms=found.count(False))
    return document.write(translations), report


def read_memory(path: Path, languages: tuple[str, str] | None) -> dict[str, str]:
    """The pairs of a translation memory; of several translations of a text the first counts.

    Args:
        path: A TMX file.
        languages: Codes of source and target.

    Raises:
        SeqtasksError: It cannot be read, or the languages are not known or not in it.
    """
    from seqtasks.data.examples import ReadReport
    from seqtasks.data.parallel.tmx import read_tmx

    if languages is None or "xx" in languages:
        raise SeqtasksError(
            f"{path}: the languages to look for in this memory are not known.",
            "Give them with --language-pair, such as en-de (languages=), or choose a model that names its languages.",
        )
    pairs: dict[str, str] = {}
    for pair in read_tmx(path, ReadReport(), languages):
        pairs.setdefault(pair.source, pair.target)
    return pairs
