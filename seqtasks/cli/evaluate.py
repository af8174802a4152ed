"""`seqtasks evaluate`: how good a model is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from seqtasks.cli.options import (
    Beam,
    Chosen,
    Code,
    Device,
    Dtype,
    LanguagePair,
    ModelArgument,
    Precision,
    Threads,
    decoding_options,
    open_models,
    split_languages,
)


def evaluate(
    model: ModelArgument,
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="A file of pairs (.tsv, .csv, .jsonl, .tmx) or two parallel files."),
    ],
    beam: Beam = None,
    lowercase: Annotated[
        bool | None, typer.Option("--lowercase/--cased", help="Ignore case or not; else as the model was trained.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    languages: LanguagePair = None,
    chosen: Chosen = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Measure a model: BLEU, chrF and TER, with signatures.

    The sources of DATA are translated and compared with its targets.

    \b
    Example:
      seqtasks evaluate my-model test.en test.de
    """
    from seqtasks.cli.data import data_sources
    from seqtasks.cli.scores import metric_name

    sources = data_sources(data)
    options = decoding_options(chosen, beam=beam)
    predictor = open_models([model], code=code, device=device, dtype=dtype, threads=threads)

    from seqtasks.data.examples import SkipReport
    from seqtasks.data.readers import read_pairs

    skipped = SkipReport()
    named = split_languages(languages) or predictor.languages
    pairs = [pair for each in sources for pair in read_pairs(each, skipped, languages=named)]
    if skipped.skipped:
        print(f"seqtasks: {skipped.describe()}", file=sys.stderr)
    found = predictor.evaluate(pairs, lowercase=lowercase, **options)
    if as_json:
        scores = [
            {"metric": metric_name(score.metric), "value": score.value, "signature": score.signature}
            for score in found.scores
        ]
        result = {
            "model": model,
            "data": [str(file) for file in data],
            "examples": found.examples,
            "seconds": found.seconds,
            "decoding": found.decoding,
            "scores": scores,
        }
        print(json.dumps(result, ensure_ascii=False))
        return
    for score in found.scores:
        print(f"{metric_name(score.metric):<5} {score.value:6.2f}  {score.signature}")
    print(f"{found.examples:,} sentences in {found.seconds:.1f} s; decoding {found.decoding}")
