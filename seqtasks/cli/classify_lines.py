"""What becomes of documents that are classified, wherever that is done: lines of text, or of JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from seqtasks.cli.output import IN_PARTS, as_cell, to_json
from seqtasks.cli.ray_job import failed_result

if TYPE_CHECKING:
    from seqtasks.inference.attribution import Explanation
    from seqtasks.inference.bulk import Batch
    from seqtasks.inference.classification import ClassificationPipeline
    from seqtasks.inference.outputs import Classification
    from seqtasks.storage.batch_results import BatchResult


class Entry(NamedTuple):
    """A document to classify."""

    text: str
    place: str = ""
    """Its file, and the line in it; empty for a line of standard input."""
    whole: bool = False
    """It is a whole file."""


@dataclass(frozen=True)
class ClassifyLines:
    """What becomes of documents, wherever they are classified."""

    as_json: bool

    def result(
        self, pipeline: ClassificationPipeline, batch: Batch[Entry], line: Callable[[Entry, Classification], str]
    ) -> BatchResult:
        """What is written and told of a batch; `line` is what is written of a document that is not empty."""
        from seqtasks.storage.batch_results import BatchResult

        answers = pipeline.classify([entry.text for entry in batch.items if entry.text.strip()])
        found = iter(answers)
        # a model that was trained with windows always reads in them
        in_parts = 0 if pipeline.window else sum(each.parts > 1 for each in answers)
        lines = [
            line(entry, next(found)) if entry.text.strip() else self.line(entry, None, None) for entry in batch.items
        ]
        return BatchResult(lines, Counter({IN_PARTS: in_parts}))

    def line(self, entry: Entry, found: Classification | None, explanation: Explanation | None = None) -> str:
        """What is written of a document."""
        return (format_json if self.as_json else format_text)(entry, found, explanation)

    def __call__(self, pipeline: ClassificationPipeline, batch: Batch[Entry]) -> BatchResult:
        """The result of a batch."""
        return self.result(pipeline, batch, self.line)

    def failed(self, batch: Batch[Entry], reason: str) -> BatchResult:
        """What is written of empty documents."""
        return failed_result(batch, reason, lambda entry: self.line(entry, None), "document")


def format_text(entry: Entry, found: Classification | None, explanation: Explanation | None) -> str:
    """A line: the place of a whole file, labels with their probabilities, and the text with marked words."""
    if found is None:
        return ""
    pairs = [f"{label}\t{found.probabilities[label]:.4f}" for label in found.labels] or ["-"]
    marked = [] if explanation is None else [highlighted(explanation)]
    return "\t".join([*([as_cell(entry.place)] if entry.whole else []), *pairs, *marked])


def format_json(entry: Entry, found: Classification | None, explanation: Explanation | None) -> str:
    """A JSON object; null and nothing where there was nothing to classify."""
    fields: dict[str, Any] = {"place": entry.place} if entry.place else {}
    if found is None:
        fields |= {"label": None, "probability": None, "labels": [], "probabilities": {}, "unknown": [], "parts": 1}
    else:
        probabilities = {label: round(probability, 6) for label, probability in found.probabilities.items()}
        fields |= {"label": found.label, "probability": round(found.probability, 6), "labels": found.labels}
        fields |= {"probabilities": probabilities, "unknown": found.unknown, "parts": found.parts}
    if explanation is not None:
        fields["explanation"] = explanation_fields(explanation)
    return to_json(fields)


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
