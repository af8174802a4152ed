"""`seqtasks distill`: what a model writes, for a smaller or quicker one to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqtasks.cli.options import (
    ColumnOptions,
    DecodingOptions,
    LanguagePair,
    PairOutput,
    Runtime,
    Workers,
    ensemble_option,
    split_languages,
)
from seqtasks.cli.output import warn
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted

if TYPE_CHECKING:
    from seqtasks.inference.translation import TranslationPipeline


def distill(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="Files of pairs (.tsv, .csv, .jsonl, .tmx), or two parallel files."),
    ],
    *,
    model: Annotated[list[str] | None, ensemble_option(False)] = None,
    output: PairOutput,
    num_targets: Annotated[
        int, typer.Option(min=1, metavar="N", help="Translations of each source: those closest to its reference.")
    ] = 1,
    languages: LanguagePair = None,
    columns: ColumnOptions,
    decoding: DecodingOptions,
    workers: Workers = 1,
    runtime: Runtime,
) -> None:
    """Make training pairs for distillation: sources with the translations of a teacher, a model or an ensemble.

    The hypotheses of the teacher's beam that are closest to the reference by sentence BLEU are used: sequence-level
    interpolation (Kim and Rush 2016, section 3.3). Translations by a model are more regular than human ones, and easier
    to learn.

    \b
    Example:
      seqtasks distill --model teacher pairs.tsv --output distilled.tsv
    """
    if not model:
        raise typer.BadParameter("give the teacher", param_hint="--model")
    output.check(data)
    pipeline: TranslationPipeline = runtime.open(model, "translation").pipeline
    options = decoding.options()
    beam_size = max(num_targets, pipeline.decoding(**options).beam_size)
    options |= {"beam_size": beam_size, "nbest": beam_size}

    from seqtasks.data.examples import ReadReport
    from seqtasks.data.parallel.readers import read_pairs, sources_of
    from seqtasks.inference.distillation import distilled_pairs
    from seqtasks.tasks.data_reports import warn_skipped

    skipped, written = ReadReport(), 0
    sources = [source.model_copy(update=columns.given()) for source in sources_of(data)]
    named = split_languages(languages) or pipeline.languages
    pairs = (pair for source in sources for pair in read_pairs(source, skipped, languages=named))
    with output.open() as write:
        for pair in distilled_pairs(pipeline, pairs, num_targets=num_targets, num_workers=workers, **options):
            write(pair.source, pair.target)
            written += 1
        if not written:
            raise SeqtasksError(f"There are no pairs in {', '.join(map(str, data))}.", "Check the data files.")
    warn_skipped(skipped, warn)
    warn(f"wrote {counted(written, 'pairs')}")
    if skipped.skipped:
        raise typer.Exit(1)
