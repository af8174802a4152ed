"""`seqtasks clean`: parallel data without what is not worth training on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqtasks.cli.options import ColumnOptions, LanguagePair, PairOutput, split_languages
from seqtasks.cli.output import warn
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted


def clean(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="Files of pairs (.tsv, .csv, .jsonl, .tmx), or two parallel files."),
    ],
    *,
    output: PairOutput,
    languages: LanguagePair = None,
    columns: ColumnOptions,
    max_words: Annotated[
        int, typer.Option(min=1, metavar="N", help="Maximum number of words of the longer side.")
    ] = 150,
    max_length_ratio: Annotated[
        float, typer.Option(min=1, metavar="X", help="Maximum ratio of the lengths of both sides, in characters.")
    ] = 2.5,
    check_numbers: Annotated[bool, typer.Option(help="Skip pairs whose sides have different digits.")] = True,
    check_languages: Annotated[
        bool, typer.Option(help="Skip pairs that are not in the languages of --language-pair.")
    ] = True,
    keep_duplicates: Annotated[bool, typer.Option("--keep-duplicates", help="Keep repeated pairs.")] = False,
) -> None:
    """Clean parallel data of duplicates, noise, different lengths or numbers, and wrong languages.

    Pairs are written in their order, normalized, with a tab between the sides. Skipped pairs are reported by reason.

    \b
    Example:
      seqtasks clean corpus.tsv.gz --language-pair en-de --output clean.tsv
    """
    output.check(data)
    named = split_languages(languages)

    from seqtasks.data.examples import ReadReport
    from seqtasks.data.parallel.cleaning import CleaningConfig, clean_pairs
    from seqtasks.data.parallel.readers import read_pairs, sources_of

    config = CleaningConfig(
        max_words=max_words,
        max_length_ratio=max_length_ratio,
        check_numbers=check_numbers,
        check_languages=check_languages,
        duplicates=keep_duplicates,
    )
    if named is None and check_languages:
        warn("languages are not checked: give --language-pair, such as en-de, or --no-check-languages")
    skipped = ReadReport()
    sources = [source.model_copy(update=columns.given()) for source in sources_of(data)]
    read = (pair for source in sources for pair in read_pairs(source, skipped, languages=named))
    kept = 0
    with output.open() as write:
        for pair in clean_pairs(read, named, config, skipped):
            write(pair.source, pair.target)
            kept += 1
        if not skipped.read:
            raise SeqtasksError(f"There are no pairs in {', '.join(map(str, data))}.", "Check the data files.")
        if not kept:
            raise SeqtasksError(f"No pair is left: {skipped.describe()}.", "Check the data, or the options.")
    for reason, omission in sorted(skipped.omissions.items(), key=lambda item: -item[1].count):
        warn(f"{reason}: {omission.count:,} ({omission.count / skipped.read:.1%}), {', '.join(omission.places)}")
    warn(f"kept {kept:,} of {counted(skipped.read, 'pairs')} ({kept / skipped.read:.1%})")
