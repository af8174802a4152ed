"""`seqtasks translate`: text in, text out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqtasks.cli.document_translation import DocumentOptions
from seqtasks.cli.input import TextInputs, open_inputs
from seqtasks.cli.options import (
    DEFAULT_MODEL,
    EngineOption,
    HypothesisOptions,
    Json,
    MaxInputLength,
    Output,
    Runtime,
    Stop,
    Workers,
    ensemble_option,
    split_languages,
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
    to_json,
    warn,
    warn_count,
)
from seqtasks.cli.ray_job import RayOptions, failed_result, show_report
from seqtasks.cli.suffixes import ensure_form
from seqtasks.cli.term_options import TermOptions
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.inference.bulk import Batch
    from seqtasks.inference.outputs import Translation
    from seqtasks.inference.translation import TranslationPipeline
    from seqtasks.storage.batch_results import BatchResult

FOUND = "terms of the glossary in the text"
UNMET = "terms of the glossary that are not in their translation"


@dataclass(frozen=True)
class TranslateLines:
    """What becomes of a batch of lines, wherever it is translated."""

    options: dict[str, Any]
    """Those of `TranslationPipeline.translate`."""
    target_prefix: bool
    as_json: bool
    nbest: bool

    def translate(self, pipeline: TranslationPipeline, batch: Batch[str], **options: Any) -> list[Translation]:
        """A translation for each line."""
        from seqtasks.inference.bulk import translate_batch

        return translate_batch(pipeline, batch, {**self.options, **options}, target_prefix=self.target_prefix)

    def result(self, batch: Batch[str], translations: Sequence[Translation]) -> BatchResult:
        """What is written and told of the translations of a batch."""
        from seqtasks.storage.batch_results import BatchResult

        counts = Counter(
            {
                f"translations {CUT}": sum(not each.finished for each in translations),
                f"translations {REPETITIVE}": sum(each.repetitive for each in translations),
                UNKNOWN: sum(bool(each.unknown) for each in translations),
                FOUND: sum(len(each.terms) for each in translations),
                UNMET: sum(not term.is_met(each.text) for each in translations for term in each.terms),
            }
        )
        return BatchResult(
            [line for number, each in enumerate(translations, batch.first + 1) for line in self.lines(number, each)],
            counts,
        )

    def lines(self, number: int, translation: Translation) -> Iterator[str]:
        """The lines for a translation, of the line of this number."""
        source: dict[str, Any] = {"source": translation.source}
        of = number if self.nbest else None
        if "glossary" in self.options:
            source["terms"] = [{**term._asdict(), "met": term.is_met(translation.text)} for term in translation.terms]
        text = " ".join(translation.text.splitlines())
        return format_outputs(translation, source, text, as_json=self.as_json, nbest_of=of)

    def __call__(self, pipeline: TranslationPipeline, batch: Batch[str]) -> BatchResult:
        """The result of a batch."""
        return self.result(batch, self.translate(pipeline, batch))

    def failed(self, batch: Batch[str], reason: str) -> BatchResult:
        """Empty lines, so that those behind them keep their numbers; objects with the reason in JSON."""
        return failed_result(
            batch, reason, lambda text: to_json({"source": text, "error": reason}) if self.as_json else ""
        )


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
        typer.Option("--plot-attention", metavar="FILE.png", help="Plot the attention of the first line."),
    ] = None,
    decoding: HypothesisOptions,
    documents: DocumentOptions,
    output: Output = None,
    workers: Workers = 1,
    ray: RayOptions,
    runtime: Runtime,
    max_input_length: MaxInputLength = None,
    stop: Stop = "",
    no_split: Annotated[bool, typer.Option("--no-split", help="Read each line as one sentence.")] = False,
    engine: EngineOption = "torch",
    languages: Annotated[
        str | None,
        typer.Option("--language-pair", metavar="FROM-TO", help="Languages of a model that does not name them: en-de."),
    ] = None,
    terms: TermOptions,
) -> None:
    """Translate text, line by line, and in each line sentence by sentence; or whole documents.

    A line is read as one sentence with --no-split, --target-prefix or --nbest above 1, and for --plot-attention.

    \b
    Examples:
      seqtasks translate "How are you?"
      echo "A dog runs." | seqtasks translate
      seqtasks translate --model my-model input.txt --output output.txt
      seqtasks translate page.html --output seite.html
    """
    files, texts = inputs.resolve()
    pair = split_languages(languages)
    if formats := documents.formats(files, texts, inputs.text_column):

        def opened() -> tuple[TranslationPipeline, dict[str, Any]]:
            found: TranslationPipeline = runtime.open(model or [DEFAULT_MODEL], "translation", engine).pipeline
            name_languages(found, pair)
            found.max_input_length = max_input_length or found.max_input_length
            terms.check(found.decoding(**decoding.options()))
            return found, decoding.options() | terms.options(found.languages)

        of_lines = {
            "--json": as_json, "--target-prefix": prefix, "--plot-attention": attention is not None,
            "--nbest": decoding.nbest is not None, "--workers": workers > 1, "--ray": ray.address is not None,
            "--no-split": no_split, "--stop": bool(stop),
        }  # fmt: skip
        documents.translate(formats, output, inputs.text_column, of_lines, opened)
        return
    torch_only = {"--workers": workers > 1, "--target-prefix": prefix, "--plot-attention": attention is not None}
    for option, given in torch_only.items():
        if given and engine != "torch":
            raise typer.BadParameter(f"it needs the engine torch, not {engine}", param_hint=option)
    ray.check(output, files or texts, {"--workers": workers > 1, "--plot-attention": attention is not None})
    ensure_distinct_paths({"--output": output, "--plot-attention": attention}, [*files, *terms.files])
    ensure_form(output, "jsonl" if as_json else "text", {"jsonl": "--json"})
    with ExitStack() as stack:
        streams = open_inputs(files, texts, stack, inputs.text_column)
        if workers > 1:
            if runtime.device not in ("auto", "cpu"):
                raise SeqtasksError("Several workers run on the CPU only.", "Leave out --workers or --device.")
            runtime = replace(runtime, device="cpu", threads=1)
        ensure_plottable("--plot-attention", attention)
        pipeline: TranslationPipeline = ray.here(runtime).open(model or [DEFAULT_MODEL], "translation", engine).pipeline
        name_languages(pipeline, pair)
        for option, given in torch_only.items():
            if given and not pipeline.models:
                raise SeqtasksError(f"{option}: the engine of this model cannot do that.", "Leave it out.")
        if max_input_length is not None:
            pipeline.max_input_length = max_input_length
        terms.check(pipeline.decoding(**decoding.options()))
        options = (
            decoding.options() | terms.options(pipeline.languages) | {"split_sentences": not no_split, "stop": stop}
        )

        from seqtasks.cli.plain_text import checked
        from seqtasks.inference.bulk import Batch, map_batches
        from seqtasks.inference.line_batcher import WORKER_BATCH_BYTES, WORKER_BATCH_LINES, LineBatcher
        from seqtasks.storage.batch_results import BatchResult

        process = TranslateLines(options, prefix, as_json, decoding.nbest is not None)
        sizes = {"lines": WORKER_BATCH_LINES, "size": WORKER_BATCH_BYTES} if workers > 1 or ray.address else {}
        batches = LineBatcher(streams, **sizes)
        plain = batches if inputs.text_column else checked(batches, files, tabs=prefix)
        total = BatchResult()
        sentences = 0
        left_out: tuple[str, ...] = ()
        to_plot = attention
        if ray.address is not None and output is not None:
            total = ray.run(
                process, plain, output, models=model or [DEFAULT_MODEL], task="translation", runtime=runtime,
                pipeline=pipeline, engine=engine,
                settings={"max_input_length": pipeline.max_input_length, "languages": pipeline.languages},
            )  # fmt: skip
            warn_count(UNDECODABLE, batches.undecodable)
            show_report(total)
            if total.failed:
                raise typer.Exit(1)
            return
        with open_output(output) as write:
            for batch, translations in map_batches(process.translate, pipeline, plain, num_workers=workers):
                result = process.result(batch, translations)
                write(result.lines)
                total.add_report(result)
                sentences += sum(bool(each.tokens) for each in translations)
                place = next((place for place, each in enumerate(translations) if each.tokens), None)
                if to_plot is not None and place is not None:
                    from seqtasks.visualization import plot_translation_attention

                    first = Batch(batch.first + place, batch.items[place : place + 1])
                    [with_attention] = process.translate(pipeline, first, attention=True)
                    plot_translation_attention(with_attention, to_plot)
                    to_plot, left_out = None, with_attention.unknown
        warn_count(UNDECODABLE, batches.undecodable)
        show_report(total)
        if attention is not None and sentences > 1:
            warn(f"--plot-attention: {attention} shows the first of {sentences:,} sentences.")
        if left_out:
            warn(f"--plot-attention: {attention} leaves out what the model does not know: {', '.join(left_out)}.")
        if to_plot is not None:
            raise SeqtasksError(f"There was no sentence to plot: {attention} was not written.")


def name_languages(pipeline: TranslationPipeline, languages: tuple[str, str] | None) -> None:
    """Tells a pipeline its languages where its model does not name them.

    Raises:
        SeqtasksError: The model translates between others.
    """
    if languages is None:
        return
    own = pipeline.languages
    if any(known not in ("xx", given) for known, given in zip(own, languages, strict=True)):
        raise SeqtasksError(
            f"--language-pair {'-'.join(languages)}: the model translates {'-'.join(own)}.", "Leave it out."
        )
    pipeline.languages = languages
