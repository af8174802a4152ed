"""`seqtasks translate`: text in, text out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqtasks.cli.input import files_or_texts, open_inputs
from seqtasks.cli.options import (
    DEFAULT_MODEL,
    Code,
    Device,
    Dtype,
    Engine,
    EngineOption,
    Output,
    Precision,
    Threads,
    blamed_on,
    decoding_options,
    open_pipeline,
    takes_decoding,
)
from seqtasks.cli.output import open_output, require_apart, tell_undecodable
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.inference.line_batcher import ByteStream
    from seqtasks.inference.outputs import Translation
    from seqtasks.inference.translation import TranslationPipeline


@takes_decoding()
def translate(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE | TEXT]...", help="Files with one sentence per line, or sentences; else standard input."
        ),
    ] = None,
    *,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME_OR_DIR",
            help="Model name or directory; repeat the option for an ensemble.",
            show_default=DEFAULT_MODEL,
        ),
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A sentence, where it could be taken for a file.")
    ] = None,
    nbest: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="N-best list for each line: its number, normalized score and text, separated by tabs.",
        ),
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Sample outputs instead of searching.")] = False,
    prefix: Annotated[
        bool, typer.Option("--target-prefix", help="Lines are TEXT<tab>PREFIX: how the translation has to begin.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write a JSON object per line, with scores and tokens.")
    ] = False,
    attention: Annotated[
        Path | None,
        typer.Option("--plot-attention", metavar="FILE.png", help="Plot the attention of the first sentence."),
    ] = None,
    decoding: dict[str, Any],
    output: Output = None,
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Worker processes of one thread each.")] = 1,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
    engine: EngineOption = Engine.torch,
) -> None:
    """Translate text, line by line.

    \b
    Examples:
      seqtasks translate "How are you?"
      echo "A dog runs." | seqtasks translate
      seqtasks translate --model my-model input.txt --output output.txt
    """
    files, texts = files_or_texts(inputs or [], text)
    torch_only = {"--workers": workers > 1, "--target-prefix": prefix, "--plot-attention": attention is not None}
    for option, given in torch_only.items():
        if given and engine != Engine.torch:
            raise typer.BadParameter(f"it needs the engine torch, not {engine.value}", param_hint=option)
    require_apart({"--output": output, "--plot-attention": attention}, files)
    options = decoding_options(None, nbest=nbest, sample=sample or None) | decoding
    with ExitStack() as stack:
        streams = open_inputs(files, texts, stack)
        if workers > 1:
            device, threads = ("cpu" if device == "auto" else device), 1
            if device != "cpu":
                raise SeqtasksError("Several workers need the CPU.", "Leave out --workers or --device.")
        if attention is not None:
            from seqtasks.visualization.matplotlib_support import require_matplotlib

            with blamed_on("--plot-attention"):
                require_matplotlib(attention)
        predictor: TranslationPipeline = open_pipeline(
            model or [DEFAULT_MODEL],
            "translation",
            code=code,
            device=device,
            dtype=dtype,
            threads=threads,
            engine=engine,
        )
        predictor.decoding(**options)
        present = format_json if as_json else format_nbest if nbest else format_text
        run(predictor, streams, options, present, prefix, attention, output, workers)


def run(
    predictor: TranslationPipeline,
    streams: Sequence[ByteStream],
    options: dict[str, Any],
    present: Callable[[int, Translation], Iterator[str]],
    prefixed: bool,
    attention: Path | None,
    output: Path | None,
    workers: int,
) -> None:
    from seqtasks.inference.bulk import Batch, map_batches, translate_batch
    from seqtasks.inference.line_batcher import WORKER_BATCH_BYTES, WORKER_BATCH_LINES, LineBatcher

    sizes = {} if workers == 1 else {"lines": WORKER_BATCH_LINES, "size": WORKER_BATCH_BYTES}
    batches = LineBatcher(streams, **sizes)
    process = partial(translate_batch, options=options, target_prefix=prefixed)
    unfinished = 0
    drawn = attention is None
    with open_output(output) as write:
        for batch, translations in map_batches(process, predictor, batches, num_workers=workers):
            for number, translation in enumerate(translations, batch.first + 1):
                unfinished += not translation.finished
                for line in present(number, translation):
                    write(line)
            if output is None:
                sys.stdout.flush()
            if not drawn and attention is not None:
                place = next((place for place, each in enumerate(translations) if each.source.strip()), None)
                if place is not None:
                    from seqtasks.visualization import plot_translation_attention

                    first = Batch(batch.first + place, batch.items[place : place + 1])
                    with_attention = process(predictor, first, options={**options, "attention": True})
                    plot_translation_attention(with_attention[0], attention)
                    drawn = True
    tell_undecodable(batches.undecodable)
    if unfinished:
        print(f"seqtasks: translations that were cut at the length limit: {unfinished:,}", file=sys.stderr)
    if not drawn:
        raise SeqtasksError(f"There was no sentence to plot: {attention} was not written.")


def format_text(number: int, translation: Translation) -> Iterator[str]:
    yield translation.text


def format_nbest(number: int, translation: Translation) -> Iterator[str]:
    for each in (translation, *translation.alternatives):
        yield f"{number}\t{each.normalized_score:.4f}\t{each.text}"


def format_json(number: int, translation: Translation) -> Iterator[str]:
    from seqtasks.inference.outputs import json_fields

    yield json.dumps(
        {
            "source": translation.source,
            **json_fields(translation),
            "alternatives": [json_fields(each) for each in translation.alternatives],
        },
        ensure_ascii=False,
    )
