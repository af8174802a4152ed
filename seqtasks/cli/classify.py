"""`seqtasks classify`: documents in, labels out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from seqtasks.cli.input import STANDARD_INPUT, open_inputs
from seqtasks.cli.options import Code, Device, Dtype, Output, Precision, Threads, open_predictor
from seqtasks.cli.output import open_output, require_apart, tell_skipped, tell_undecodable
from seqtasks.errors import SeqtasksError
from seqtasks.version import __version__

if TYPE_CHECKING:
    from seqtasks.inference.line_batcher import ByteStream
    from seqtasks.predictor import ClassificationPredictor
    from seqtasks.tasks.classification.document_classifier import Classification
    from seqtasks.tasks.classification.explanation import Explanation
    from seqtasks.visualization import AttributionReport

DEFAULT_CLASSIFIER = "sentiment"
BATCH_DOCUMENTS, BATCH_BYTES = 1_000, 256 * 1024
"""Documents that are classified together: so many, or so many characters of them."""


class Method(StrEnum):
    occlusion = "occlusion"
    gradients = "gradients"


class Entry(NamedTuple):
    """A document to classify."""

    text: str
    place: str = ""
    """Its file, and the line in it; empty for a line of standard input."""
    whole: bool = False
    """It is a whole file."""


def classify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="A document each; a document a row in .tsv, .csv and .jsonl; else standard input, a document a line.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", "-m", metavar="NAME_OR_DIR", help="Again for an ensemble.", show_default=DEFAULT_CLASSIFIER
        ),
    ] = None,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="A document a line, instead of files.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON object a line, with the probabilities of all labels.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Mark the words that decided.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="A page that shows the words that decided.")
    ] = None,
    method: Annotated[
        Method | None,
        typer.Option(help="What a word does: hidden alone, or as all words come in.", show_default="occlusion"),
    ] = None,
    output: Output = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Say what documents are: a label, a tab and its probability for each.

    The name of a FILE that is one document stands before its label. Where several labels hold they follow each other
    on the line, each with its probability; - stands for none. An empty line gives an empty line. Rows that are broken
    and files that are no text are told and left out; the exit code is then 1.

    With --explain the text follows. Words that speak for the label are blue where there is colour, else [+marked];
    those against it are orange and underlined, or [-marked]; strong ones are bold, or have two signs.

    \b
    Examples:
      echo "What a beautiful film." | seqtasks classify
      seqtasks classify --model my-classifier letter.txt reviews.csv
      seqtasks classify --explain --report why.html reviews.csv
    """
    if text is not None and files:
        raise typer.BadParameter("give either files or --text", param_hint="--text")
    if method is not None and not (explain or report):
        raise typer.BadParameter("it is for --explain and --report", param_hint="--method")
    require_apart({"--output": output, "--report": report}, files or [])
    with ExitStack() as stack:
        inputs = Inputs(files or [STANDARD_INPUT], text, stack)
        predictor: ClassificationPredictor = open_predictor(
            model or [DEFAULT_CLASSIFIER], "classification", code=code, device=device, dtype=dtype, threads=threads
        )
        names = [f"seqtasks {__version__}", *(model or [DEFAULT_CLASSIFIER])]
        explainer = Explainer(predictor, explain, stack, report, names, (method or Method.occlusion).value)
        write = stack.enter_context(open_output(output))
        present = as_object if as_json else as_text
        for entries in inputs.read(predictor):
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
    inputs.tell()


class Explainer:
    """Says which words decided, where that was asked for, and writes it into the report."""

    def __init__(
        self,
        predictor: ClassificationPredictor,
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


class Inputs:
    """Documents out of files and streams, some at a time."""

    def __init__(self, files: Sequence[Path], text: str | None, stack: ExitStack) -> None:
        from seqtasks.data.examples import SkipReport

        self.files = files
        self.skipped = SkipReport()
        self.undecodable = 0
        self.streams: list[ByteStream] = []
        for file in files:
            if file != STANDARD_INPUT:
                require_file(file)
        if text is not None:
            self.streams.append(io.BytesIO(text.encode(errors="surrogateescape")))
        elif STANDARD_INPUT in files:
            self.streams += open_inputs([], None, stack)

    def read(self, predictor: ClassificationPredictor) -> Iterator[list[Entry]]:
        """Documents that are classified together: what came before a pause, or as many as go together."""
        entries: list[Entry] = []
        size = 0
        for file in self.files:
            for entry in self.read_lines() if file == STANDARD_INPUT else self.read_file(file, predictor):
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

    def read_file(self, file: Path, predictor: ClassificationPredictor) -> Iterator[Entry]:
        """A document a row of a table, whose columns are called as in the training data; else a file as one."""
        from seqtasks.data.documents import DocumentSource, is_table, read_documents
        from seqtasks.data.lines import read_file

        if is_table(file):
            source = DocumentSource(path=file, text=predictor.task.config.data.train[0].text)
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
    from seqtasks.data.lines import open_bytes

    if file.is_dir():
        raise SeqtasksError(f"{file} is a folder.", f"Give its files, such as {file / '*.txt'}.")
    open_bytes(file).close()


def as_text(entry: Entry, found: Classification | None, explanation: Explanation | None) -> str:
    if found is None:
        return ""
    pairs = [f"{label}\t{found.probabilities[label]:.4f}" for label in found.labels] or ["-"]
    marked = [] if explanation is None else [highlighted(explanation)]
    return "\t".join([*([entry.place] if entry.whole else []), *pairs, *marked])


def as_object(entry: Entry, found: Classification | None, explanation: Explanation | None) -> str:
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
