"""`seqtasks translate`: text in, text out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqtasks.cli.input import TextInputs, open_inputs
from seqtasks.cli.options import (
    DEFAULT_MODEL,
    EngineOption,
    HypothesisOptions,
    Json,
    MaxInputLength,
    Output,
    Runtime,
    Workers,
    ensemble_option,
)
from seqtasks.cli.output import (
    CUT,
    REPETITIVE,
    UNDECODABLE,
    UNKNOWN,
    ensure_distinct_paths,
    ensure_plottable,
    format_outputs,
    open_output,
    warn,
    warn_count,
)
from seqtasks.cli.suffixes import ensure_form
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.inference.outputs import Translation
    from seqtasks.inference.translation import TranslationPipeline


def translate(
    *,
    inputs: TextInputs,
    model: Annotated[list[str] | None, ensemble_option(DEFAULT_MODEL)] = None,
    prefix: Annotated[
        bool, typer.Option("--target-prefix", help="Lines are TEXT<tab>PREFIX; the translation begins with PREFIX.")
    ] = False,
    as_json: Json = False,
    attention: Annotated[
        Path | None,
        typer.Option("--plot-attention", metavar="FILE.png", help="Plot the attention of the first sentence."),
    ] = None,
    decoding: HypothesisOptions,
    output: Output = None,
    workers: Workers = 1,
    runtime: Runtime,
    max_input_length: MaxInputLength = None,
    engine: EngineOption = "torch",
) -> None:
    """Translate text, one sentence per line.

    \b
    Examples:
      seqtasks translate "How are you?"
      echo "A dog runs." | seqtasks translate
      seqtasks translate --model my-model input.txt --output output.txt
    """
    files, texts = inputs.resolve()
    torch_only = {"--workers": workers > 1, "--target-prefix": prefix, "--plot-attention": attention is not None}
    for option, given in torch_only.items():
        if given and engine != "torch":
            raise typer.BadParameter(f"it needs the engine torch, not {engine}", param_hint=option)
    ensure_distinct_paths({"--output": output, "--plot-attention": attention}, files)
    ensure_form(output, "jsonl" if as_json else "text", {"jsonl": "--json"})
    with ExitStack() as stack:
        streams = open_inputs(files, texts, stack)
        if workers > 1:
            if runtime.device not in ("auto", "cpu"):
                raise SeqtasksError("Several workers run on the CPU only.", "Leave out --workers or --device.")
            runtime = replace(runtime, device="cpu", threads=1)
        ensure_plottable("--plot-attention", attention)
        pipeline: TranslationPipeline = runtime.open(model or [DEFAULT_MODEL], "translation", engine).pipeline
        for option, given in torch_only.items():
            if given and not pipeline.models:
                raise SeqtasksError(f"{option}: the engine of this model cannot do that.", "Leave it out.")
        if max_input_length is not None:
            pipeline.max_input_length = max_input_length
        options = decoding.options()
        pipeline.decoding(**options)

        from seqtasks.cli.plain_text import checked
        from seqtasks.inference.bulk import Batch, map_batches, translate_batch
        from seqtasks.inference.line_batcher import WORKER_BATCH_BYTES, WORKER_BATCH_LINES, LineBatcher

        def lines(number: int, translation: Translation) -> Iterator[str]:
            source, of = {"source": translation.source}, number if decoding.nbest else None
            return format_outputs(translation, source, translation.text, as_json=as_json, nbest_of=of)

        sizes = {} if workers == 1 else {"lines": WORKER_BATCH_LINES, "size": WORKER_BATCH_BYTES}
        batches = LineBatcher(streams, **sizes)
        plain = checked(batches, files, tabs=prefix)
        process = partial(translate_batch, options=options, target_prefix=prefix)
        unfinished = repetitive = unknown = sentences = 0
        left_out: tuple[str, ...] = ()
        to_plot = attention
        with open_output(output) as write:
            for batch, translations in map_batches(process, pipeline, plain, num_workers=workers):
                write(line for number, each in enumerate(translations, batch.first + 1) for line in lines(number, each))
                unfinished += sum(not each.finished for each in translations)
                repetitive += sum(each.repetitive for each in translations)
                unknown += sum(bool(each.unknown) for each in translations)
                sentences += sum(bool(each.tokens) for each in translations)
                place = next((place for place, each in enumerate(translations) if each.tokens), None)
                if to_plot is not None and place is not None:
                    from seqtasks.visualization import plot_translation_attention

                    first = Batch(batch.first + place, batch.items[place : place + 1])
                    with_attention = process(pipeline, first, options={**options, "attention": True})
                    plot_translation_attention(with_attention[0], to_plot)
                    to_plot, left_out = None, with_attention[0].unknown
        warn_count(UNDECODABLE, batches.undecodable)
        warn_count(f"translations {CUT}", unfinished)
        warn_count(f"translations {REPETITIVE}", repetitive)
        warn_count(UNKNOWN, unknown)
        if attention is not None and sentences > 1:
            warn(f"--plot-attention: {attention} shows the first of {sentences:,} sentences.")
        if left_out:
            warn(f"--plot-attention: {attention} leaves out what the model does not know: {', '.join(left_out)}.")
        if to_plot is not None:
            raise SeqtasksError(f"There was no sentence to plot: {attention} was not written.")
