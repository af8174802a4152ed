"""`seqtasks backtranslate`: training pairs out of text in the target language."""

from __future__ import annotations

from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqtasks.cli.options import DecodingOptions, ModelArgument, PairOutput, Runtime, Workers
from seqtasks.cli.output import warn
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted

if TYPE_CHECKING:
    from seqtasks.inference.translation import TranslationPipeline


def backtranslate(
    model: ModelArgument,
    texts: Annotated[list[Path], typer.Argument(metavar="TEXT...", help="Files of sentences, one per line.")],
    *,
    output: PairOutput,
    tag: Annotated[
        str,
        typer.Option(metavar="TOKEN", help='Tag before every translation, such as "<BT>", to mark synthetic sources.'),
    ] = "",
    sample: Annotated[bool, typer.Option("--sample", help="Sample translations instead of searching.")] = False,
    decoding: DecodingOptions,
    workers: Workers = 1,
    runtime: Runtime,
) -> None:
    """Make training pairs by back-translation: sentences with a model's translations as their sources.

    From German sentences, a model that translates German to English makes pairs to train English to German with
    (Sennrich et al. 2016). Sampled translations (--sample) are more varied and help more when there is much data
    (Edunov et al. 2018). Translations that are unfinished or say the same over and over are skipped, as are empty
    lines.

    \b
    Example:
      seqtasks backtranslate de-en german.txt.gz --output synthetic.tsv
    """
    output.check(texts)
    pipeline: TranslationPipeline = runtime.open([model], "translation").pipeline
    options = {**decoding.options(), "sample": sample, "nbest": 1}
    pipeline.decoding(**options)

    from seqtasks.cli.plain_text import warn_of_structure
    from seqtasks.data.text_io import read_lines, require_file
    from seqtasks.inference.bulk import translate_stream

    for path in texts:
        require_file(path)
    warn_of_structure(texts, read_lines(texts[0]))
    lines, sources = tee(line.strip() for path in texts for line in read_lines(path) if line.strip())
    written = left_out = 0
    with output.open() as write:
        translations = translate_stream(pipeline, sources, num_workers=workers, **options)
        for text, translation in zip(lines, translations, strict=True):
            if translation.finished and not translation.repetitive and translation.text:
                source = f"{tag} {translation.text}" if tag else translation.text
                write(source, text)
                written += 1
            else:
                left_out += 1
        if not written and left_out:
            raise SeqtasksError(
                f"None of the {counted(left_out, 'translations')} is finished without repeating itself over and over.",
                "Use another model.",
            )
        if not written:
            raise SeqtasksError(f"There are no sentences in {', '.join(map(str, texts))}.", "Check the files.")
    warn(f"wrote {counted(written, 'pairs')}" + (f"; translations left out: {left_out:,}" if left_out else ""))
