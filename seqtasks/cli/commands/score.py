"""`seqtasks score`: how probable given translations are."""

from __future__ import annotations

import json
import math
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqtasks.cli.options import (
    Code,
    Device,
    Dtype,
    LanguagePair,
    ModelArgument,
    Precision,
    Threads,
    load_own_code,
    open_pipeline,
    split_languages,
)

if TYPE_CHECKING:
    from seqtasks.inference.translation import TranslationPipeline

WINDOW_PAIRS = 2_000


def score(
    model: ModelArgument,
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="A file of pairs (.tsv, .csv, .jsonl, .tmx) or two parallel files."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line, token by token.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")
    ] = None,
    languages: LanguagePair = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Score given translations.

    Writes for each pair its normalized_score, log-probability, source and target, with tabs between them.

    \b
    Example:
      seqtasks score my-model pairs.tsv
    """
    load_own_code([model], code)
    from seqtasks.cli.output import open_output
    from seqtasks.data.parallel.source import read_pairs, sources_of

    sources = sources_of(data)
    predictor: TranslationPipeline = open_pipeline(
        [model], "translation", code=None, device=device, dtype=dtype, threads=threads
    )

    from seqtasks.data.examples import ReadReport

    skipped = ReadReport()
    named = split_languages(languages) or predictor.languages
    pairs = (pair for each in sources for pair in read_pairs(each, skipped, languages=named))
    total, tokens, count = 0.0, 0, 0
    with open_output(output) as write:
        while window := list(islice(pairs, WINDOW_PAIRS)):
            scored = predictor.score([pair.source for pair in window], [pair.target for pair in window])
            for pair, found in zip(window, scored, strict=True):
                total, tokens, count = total + found.score, tokens + len(found.log_probabilities), count + 1
                if as_json:
                    line = {
                        "source": pair.source,
                        "target": pair.target,
                        "score": found.score,
                        "normalized_score": found.normalized_score,
                        "tokens": found.tokens,
                        "log_probabilities": found.log_probabilities,
                    }
                    write(json.dumps(line, ensure_ascii=False))
                else:
                    write(f"{found.normalized_score:.4f}\t{found.score:.4f}\t{pair.source}\t{pair.target}")
            if output is None:
                sys.stdout.flush()
    if skipped.skipped:
        print(f"seqtasks: {skipped.describe()}", file=sys.stderr)
    if tokens:
        mean = total / tokens
        print(f"{count:,} pairs, {tokens:,} tokens, perplexity {math.exp(-mean):.2f} a token", file=sys.stderr)
