"""`seqtasks score`: how probable given translations are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqtasks.cli.options import (
    ColumnOptions,
    Json,
    LanguagePair,
    MaxScoredLength,
    ModelArgument,
    Output,
    Runtime,
    split_languages,
)
from seqtasks.cli.output import as_cell, open_output, to_json, warn
from seqtasks.cli.suffixes import ensure_form
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seqtasks.data.examples import Pair
    from seqtasks.inference.translation import TranslationPipeline


TOO_LONG = "pair with too many tokens to score"
SCORES = ("score", "normalized_score", "tokens", "log_probabilities")


def score(
    model: ModelArgument,
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="A file of pairs (.tsv, .csv, .jsonl, .tmx) or two parallel files."),
    ],
    *,
    as_json: Json = False,
    output: Output = None,
    languages: LanguagePair = None,
    columns: ColumnOptions,
    max_input_length: MaxScoredLength = None,
    runtime: Runtime,
) -> None:
    """Score given translations.

    Prints the normalized score, log-probability, source and target of each pair, separated by tabs. Broken pairs and
    pairs that are too long are reported and skipped; the exit code is then 1.

    \b
    Example:
      seqtasks score my-model pairs.tsv
    """
    ensure_form(output, "jsonl" if as_json else "text", {"jsonl": "--json"})
    pipeline: TranslationPipeline = runtime.open([model], "translation").pipeline
    if max_input_length is not None:
        pipeline.max_scored_length = max_input_length

    from seqtasks.data.examples import ReadReport
    from seqtasks.data.parallel.readers import read_pairs, sources_of
    from seqtasks.inference.bulk import BATCH_SIZE, batched
    from seqtasks.tasks.data_reports import warn_skipped
    from seqtasks.tasks.data_warnings import other_languages

    sources = [source.model_copy(update=columns.given()) for source in sources_of(data)]
    skipped = ReadReport()
    named = split_languages(languages) or pipeline.languages
    read = (pair for each in sources for pair in read_pairs(each, skipped, languages=named))

    def scorable() -> Iterator[Pair]:
        for pair in read:
            if pipeline.can_score(pair.source, pair.target):
                yield pair
            else:
                skipped.skip(TOO_LONG)

    total, tokens, count = 0.0, 0, 0
    with open_output(output) as write:
        for batch in batched(scorable(), BATCH_SIZE):
            for warning in () if count else other_languages(pipeline.languages, batch.items):
                warn(warning)
            scored = pipeline.score([pair.source for pair in batch.items], [pair.target for pair in batch.items])
            total += sum(found.score for found in scored)
            tokens += sum(len(found.log_probabilities) for found in scored)
            count += len(scored)
            for pair, found in zip(batch.items, scored, strict=True):
                fields = {"source": pair.source, "target": pair.target}
                fields |= {name: getattr(found, name) for name in SCORES}
                text = (
                    f"{found.normalized_score:.4f}\t{found.score:.4f}\t{as_cell(pair.source)}\t{as_cell(pair.target)}"
                )
                write([to_json(fields) if as_json else text])
    warn_skipped(skipped, warn)
    if not count:
        raise SeqtasksError(f"There is no pair to score in {', '.join(map(str, data))}.", "Check the data files.")
    if tokens:
        size = f"{counted(count, 'pairs')}, {counted(tokens, 'tokens')}"
        warn(f"{size}, perplexity {math.exp(-total / tokens):.2f} per token")
    if skipped.skipped:
        raise typer.Exit(1)
