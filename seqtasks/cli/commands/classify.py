"""`seqtasks classify`: documents in, labels out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from seqtasks.cli.classify_lines import ClassifyLines, Entry
from seqtasks.cli.input import STANDARD_INPUT, TextInputs, open_inputs
from seqtasks.cli.options import Json, MaxInputLength, Output, Runtime, ensemble_option
from seqtasks.cli.output import (
    ensure_distinct_paths,
    open_output,
    report_skipped,
    warn,
)
from seqtasks.cli.ray_job import RayOptions, numbered, show_report
from seqtasks.cli.suffixes import ensure_form, ensure_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import is_dir
from seqtasks.version import __version__

if TYPE_CHECKING:
    from seqtasks.inference.line_batcher import ByteStream
    from seqtasks.inference.outputs import Classification

DEFAULT_CLASSIFIER: Final = "sentiment"
BATCH_DOCUMENTS, BATCH_BYTES = 1_000, 256 * 1024
"""Documents that are classified together: so many, or so many characters of them."""
SAMPLE = 2_000
"""Characters of a document that are looked at for whether it is one."""

Method = Literal["occlusion", "integrated-gradients"]


def classify(
    *,
    inputs: TextInputs,
    model: Annotated[list[str] | None, ensemble_option(DEFAULT_CLASSIFIER)] = None,
    as_json: Json = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Mark the words that count for or against the label.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--html-report", metavar="FILE.html", help="Write an HTML page with labels, probabilities and attributions."
        ),
    ] = None,
    method: Annotated[
        Method | None,
        typer.Option(help="How words are attributed.", show_default="occlusion"),
    ] = None,
    output: Output = None,
    max_input_length: MaxInputLength = None,
    ray: RayOptions,
    runtime: Runtime,
) -> None:
    """Classify documents. Prints the label of each, a tab and its probability.

    A FILE is one document, and its name is printed before the label; .tsv, .csv and .jsonl have one document per row;
    standard input and TEXT have one per line. With several labels they follow each other on the
    line, each with its probability; - means none. An empty line gives an empty line. Malformed rows and files that are
    not text are reported and skipped; the exit code is then 1.

    With --explain the text follows. Words for the label are blue in a color terminal, else [+marked]; words against it
    are orange and underlined, else [-marked]; strong ones are bold, or have two signs.

    \b
    Examples:
      echo "What a beautiful film." | seqtasks classify
      seqtasks classify --model my-classifier letter.txt reviews.csv
      seqtasks classify --explain --html-report why.html reviews.csv
    """
    files, texts = inputs.resolve()
    if method is not None and not (explain or report):
        raise typer.BadParameter("it is for --explain and --html-report", param_hint="--method")
    ray.check(output, files or texts, {"--explain": explain, "--html-report": report is not None})
    ensure_distinct_paths({"--output": output, "--html-report": report}, files)
    ensure_form(output, "jsonl" if as_json else "text", {"jsonl": "--json"})
    ensure_suffix("--html-report", report, ".html", ".htm")
    names = model or [DEFAULT_CLASSIFIER]
    from seqtasks.storage.batch_results import BatchResult

    with ExitStack() as stack:
        documents = Documents(files or [STANDARD_INPUT], texts, stack, inputs.text_column)
        task, pipeline = ray.here(runtime).open(names, "classification")
        if max_input_length is not None:
            pipeline.max_input_length = max_input_length
        process, total = ClassifyLines(as_json), BatchResult()
        batches = numbered(documents.read(task.config.data.train[0].text_column))
        attribution = "gradients" if method == "integrated-gradients" else "occlusion"
        page = None
        if ray.address is not None and output is not None:
            settings = {"max_input_length": pipeline.max_input_length}
            total = ray.run(
                process, batches, output, models=names, task="classification", runtime=runtime, pipeline=pipeline,
                settings=settings,
            )  # fmt: skip
            show_report(total)
            report_skipped(documents.skipped, documents.undecodable)
            if total.failed:
                raise typer.Exit(1)
            return
        if report is not None:
            from seqtasks.visualization import open_attribution_report

            page = stack.enter_context(open_attribution_report(report, [f"seqtasks {__version__}", *names]))
        write = stack.enter_context(open_output(output))

        unexplained: list[str] = []

        def line(entry: Entry, found: Classification) -> str:
            if not (explain or page):
                return process.line(entry, found)
            try:
                explanation = pipeline.explain(entry.text, label=found.label, method=attribution)
            except SeqtasksError as error:  # it is too long; the others go on
                unexplained.append(entry.place)
                warn(f"{entry.place or 'a document'} is not explained: {error.message}")
                return process.line(entry, found)
            if page is not None:
                page.add(entry.place, found.probabilities, explanation)
            return process.line(entry, found, explanation if explain else None)

        for batch in batches:
            result = process.result(pipeline, batch, line)
            write(result.lines)
            total.add_report(result)
    show_report(total)
    report_skipped(documents.skipped, documents.undecodable)
    if unexplained:
        raise typer.Exit(1)


class Documents:
    """Documents out of files and streams, some at a time."""

    def __init__(
        self, files: Sequence[Path], texts: Sequence[str], stack: ExitStack, column: str | None = None
    ) -> None:
        from seqtasks.data.examples import ReadReport

        self.files = files if column is None else [STANDARD_INPUT]
        self.skipped = ReadReport()
        self.undecodable = 0
        self.streams: list[ByteStream] = []
        if column is not None:
            self.streams += open_inputs(files, texts, stack, column)
            return
        for file in files:
            if file != STANDARD_INPUT:
                require_file(file)
        if STANDARD_INPUT in files:
            self.streams += open_inputs([], [line for text in texts for line in text.split("\n")], stack)

    def read(self, column: str | int | None) -> Iterator[list[Entry]]:
        """Documents that are classified together: what came before a pause, or as many as go together."""
        from seqtasks.cli.plain_text import checked
        from seqtasks.inference.line_batcher import LineBatcher, plain

        for piped, files in groupby(self.files, STANDARD_INPUT.__eq__):
            if piped:
                batches = LineBatcher(self.streams, lines=BATCH_DOCUMENTS, size=BATCH_BYTES)
                yield from ([Entry(plain(line)) for line in batch.items] for batch in checked(batches))
                self.undecodable += batches.undecodable
                continue
            entries: list[Entry] = []
            for entry in chain.from_iterable(self.read_file(file, column) for file in files):
                entries.append(entry)
                if len(entries) >= BATCH_DOCUMENTS or sum(len(each.text) for each in entries) >= BATCH_BYTES:
                    yield entries
                    entries = []
            if entries:
                yield entries

    def read_file(self, file: Path, column: str | int | None) -> Iterator[Entry]:
        """A document a row of a table, whose columns are called as in the training data; else a file as one."""
        from seqtasks.cli.plain_text import warn_of_structure
        from seqtasks.data.documents.readers import DocumentSource, is_table, read_documents
        from seqtasks.data.text_io import NoTextError, read_file

        if is_table(file):
            source = DocumentSource(path=file, text_column=column)
            for document in read_documents(source, self.skipped):
                yield Entry(document.text, document.place)
            return
        self.skipped.reach(str(file), 1)
        try:
            text = read_file(file)
        except NoTextError:
            self.skipped.skip("file that is not UTF-8 text")
            return
        if text.strip():
            warn_of_structure([file], text[:SAMPLE].split("\n"))
            yield Entry(text, str(file), whole=True)
        else:
            self.skipped.skip("empty text")


def require_file(file: Path) -> None:
    """Reports what cannot be read before anything is classified."""
    from seqtasks.data.text_io import require_file

    if is_dir(file):
        raise SeqtasksError(f"{file} is a folder.", f"Give its files, such as {file / '*.txt'}.")
    require_file(file)
