"""`seqtasks classify`: documents in, labels out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple

import typer

from seqtasks.cli.input import STANDARD_INPUT, files_or_texts, open_inputs
from seqtasks.cli.options import Code, Device, Dtype, Output, Precision, Threads, open_model
from seqtasks.cli.output import open_output, require_apart, tell_skipped, tell_undecodable
from seqtasks.errors import SeqtasksError
from seqtasks.version import __version__

if TYPE_CHECKING:
    from seqtasks.inference.attribution import Explanation
    from seqtasks.inference.classification import ClassificationPipeline
    from seqtasks.inference.line_batcher import ByteStream
    from seqtasks.inference.outputs import Classification
    from seqtasks.visualization import AttributionReport

DEFAULT_CLASSIFIER: Final = "sentiment"
BATCH_DOCUMENTS, BATCH_BYTES = 1_000, 256 * 1024
"""Documents that are classified together: so many, or so many characters of them."""


class Method(StrEnum):
    occlusion = "occlusion"
    gradients = "integrated-gradients"


class Entry(NamedTuple):
    """A document to classify."""

    text: str
    place: str = ""
    """Its file, and the line in it; empty for a line of standard input."""
    whole: bool = False
    """It is a whole file."""


def classify(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE | TEXT]...",
            help="Files with one document each, .tsv, .csv and .jsonl with one per row, or texts; else standard input, "
            "one document per line.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME_OR_DIR",
            help="Model name or directory; repeat the option for an ensemble.",
            show_default=DEFAULT_CLASSIFIER,
        ),
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="One document per line, where it could be taken for a file.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write a JSON object per line, with the probabilities of all labels.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Mark the decisive words.")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--html-report", metavar="FILE.html", help="Write a page that shows the decisive words."),
    ] = None,
    method: Annotated[
        Method | None,
        typer.Option(help="How words are attributed.", show_default="occlusion"),
    ] = None,
    output: Output = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Classify documents: for each its label, a tab and the probability.

    The name of a FILE that is one document comes before its label. With several labels they follow each other on the
    line, each with its probability; - means none. An empty line gives an empty line. Malformed rows and files that are
    not text are reported and skipped; the exit code is then 1.

    With --explain the text follows. Words for the label are blue in a color terminal, else [+marked]; words against it
    are orange and underlined, or [-marked]; strong ones are bold, or have two signs.

    \b
    Examples:
      echo "What a beautiful film." | seqtasks classify
      seqtasks classify --model my-classifier letter.txt reviews.csv
      seqtasks classify --explain --html-report why.html reviews.csv
    """
    files, texts = files_or_texts(inputs or [], text)
    if method is not None and not (explain or report):
        raise typer.BadParameter("it is for --explain and --html-report", param_hint="--method")
    require_apart({"--output": output, "--html-report": report}, files)
    with ExitStack() as stack:
        documents = Documents(files or [STANDARD_INPUT], texts, stack)
        task, predictor = open_model(
            model or [DEFAULT_CLASSIFIER], "classification", code=code, device=device, dtype=dtype, threads=threads
        )
        names = [f"seqtasks {__version__}", *(model or [DEFAULT_CLASSIFIER])]
        explainer = Explainer(
            predictor, explain, stack, report, names, "gradients" if method == Method.gradients else "occlusion"
        )
        write = stack.enter_context(open_output(output))
        present = format_json if as_json else format_text
        for entries in documents.read(task.config.data.train[0].text_column):
            found = iter(predictor.classify([entry.text for entry in entries if entry.text.strip()]))
            for entry in entries:
                if not entry.text.strip():
                    write(present(entry, None, None))
                    continue
                classification = next(found)
                write(present(entry, classification, explainer.explain(entry, classification)))
                if explain and output is None:
                    sys.stdout.flush()
            if output is None:
                sys.stdout.flush()
    documents.tell()


class Explainer:
    """Says which words decided, where that was asked for, and writes it into the report."""

    def __init__(
        self,
        predictor: ClassificationPipeline,
        shown: bool,
        stack: ExitStack,
        report: Path | None,
        origin: Sequence[str],
        method: Literal["occlusion", "gradients"],
    ) -> None:
        self.predictor = predictor
        self.shown = shown
        self.method = method
        self.report: AttributionReport | None = None
        if report is not None:
            from seqtasks.visualization import open_attribution_report

            self.report = stack.enter_context(open_attribution_report(report, origin))

    def explain(self, entry: Entry, found: Classification) -> Explanation | None:
        """What to show beside the label."""
        if not self.shown and self.report is None:
            return None
        explanation = self.predictor.explain(entry.text, label=found.label, method=self.method)
        if self.report is not None:
            self.report.add(entry.place, found.probabilities, explanation)
        return explanation if self.shown else None


class Documents:
    """Documents out of files and streams, some at a time."""

    def __init__(self, files: Sequence[Path], texts: Sequence[str], stack: ExitStack) -> None:
        from seqtasks.data.examples import ReadReport

        self.files = files
        self.skipped = ReadReport()
        self.undecodable = 0
        self.streams: list[ByteStream] = []
        for file in files:
            if file != STANDARD_INPUT:
                require_file(file)
        if STANDARD_INPUT in files:
            self.streams += open_inputs([], [line for text in texts for line in text.split("\n")], stack)

    def read(self, column: str | int | None) -> Iterator[list[Entry]]:
        """Documents that are classified together: what came before a pause, or as many as go together."""
        entries: list[Entry] = []
        size = 0
        for file in self.files:
            for entry in self.read_lines() if file == STANDARD_INPUT else self.read_file(file, column):
                if entry is not None:
                    entries.append(entry)
                    size += len(entry.text)
                if entries and (entry is None or len(entries) >= BATCH_DOCUMENTS or size >= BATCH_BYTES):
                    yield entries
                    entries, size = [], 0
        if entries:
            yield entries

    def read_lines(self) -> Iterator[Entry | None]:
        """A document a line; None where the input pauses."""
        from seqtasks.inference.line_batcher import LineBatcher, plain

        batches = LineBatcher(self.streams, lines=BATCH_DOCUMENTS, size=BATCH_BYTES)
        for batch in batches:
            yield from (Entry(plain(line)) for line in batch.items)
            if batch.pause:
                yield None
        self.undecodable += batches.undecodable

    def read_file(self, file: Path, column: str | int | None) -> Iterator[Entry]:
        """A document a row of a table, whose columns are called as in the training data; else a file as one."""
        from seqtasks.data.documents.readers import DocumentSource, is_table, read_documents
        from seqtasks.data.text_io import read_file

        if is_table(file):
            source = DocumentSource(path=file, text_column=column)
            for document in read_documents(source, self.skipped):
                yield Entry(document.text, document.place)
            return
        self.skipped.reach(str(file), 1)
        text = read_file(file)
        if text is None or not text.strip():
            self.skipped.skip("file that is not UTF-8 text" if text is None else "empty text")
        else:
            yield Entry(text, str(file), whole=True)

    def tell(self) -> None:
        """Says on standard error what was wrong with the input; an exit code of 1 where something was left out."""
        tell_undecodable(self.undecodable)
        tell_skipped(self.skipped)
        if self.skipped.skipped:
            raise typer.Exit(1)


def require_file(file: Path) -> None:
    """Tells what cannot be read before anything is classified."""
    from seqtasks.data.text_io import open_bytes

    if file.is_dir():
        raise SeqtasksError(f"{file} is a folder.", f"Give its files, such as {file / '*.txt'}.")
    open_bytes(file).close()


def format_text(entry: Entry, found: Classification | None, explanation: Explanation | None) -> str:
    if found is None:
        return ""
    pairs = [f"{label}\t{found.probabilities[label]:.4f}" for label in found.labels] or ["-"]
    marked = [] if explanation is None else [highlighted(explanation)]
    return "\t".join([*([entry.place] if entry.whole else []), *pairs, *marked])


def format_json(entry: Entry, found: Classification | None, explanation: Explanation | None) -> str:
    fields: dict[str, Any] = {"place": entry.place} if entry.place else {}
    if found is None:
        fields |= {"label": None, "probability": None, "labels": [], "probabilities": {}}
    else:
        probabilities = {label: round(probability, 6) for label, probability in found.probabilities.items()}
        fields |= {"label": found.label, "probability": round(found.probability, 6), "labels": found.labels}
        fields |= {"probabilities": probabilities}
    if explanation is not None:
        fields["explanation"] = explanation_fields(explanation)
    return json.dumps(fields, ensure_ascii=False)


def highlighted(explanation: Explanation) -> str:
    """The text with its decisive words marked, in color where standard output is a terminal and NO_COLOR is not set."""
    from rich.console import Console

    from seqtasks.visualization import highlight_words

    console = Console()
    return highlight_words(explanation, None if console.no_color or not console.is_terminal else console.color_system)


def explanation_fields(explanation: Explanation) -> dict[str, Any]:
    """For JSON: what was explained, how, and each word with its blank and its value."""
    return {
        "label": explanation.label,
        "method": explanation.method,
        "log_odds": round(explanation.log_odds, 6),
        "hidden_log_odds": round(explanation.hidden_log_odds, 6),
        "words": [[" " * word.blank_before + word.text, round(word.value, 6)] for word in explanation.words],
    }
