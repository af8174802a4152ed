"""`seqtasks evaluate`: how good a model is."""

from __future__ import annotations

import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqtasks.cli.options import (
    ColumnOptions,
    DecodingOptions,
    EngineOption,
    LanguagePair,
    MaxInputLength,
    ModelArgument,
    Runtime,
    split_languages,
)
from seqtasks.cli.output import ensure_plottable, to_json, warn
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted, counted_phrase

MOST_LABELS = 30
"""The most labels for which the confusion matrix is printed."""
FLAGS = {
    "decoding": "a decoding option", "split": "--split", "languages": "--language-pair",
    "lowercase": "--lowercase/--cased", "confusion": "--confusion-matrix",
}  # fmt: skip
"""The options that not every task has, by their names in its `evaluation_options`."""

if TYPE_CHECKING:
    from seqtasks.metrics.evaluation import Evaluation


def evaluate(
    model: ModelArgument,
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA...",
            help="Translation: a file of pairs (.tsv, .csv, .jsonl, .tmx) or two parallel files. Captions: the folder "
            "of the images, and the file of captions unless it is in that folder. Other tasks: files in the formats "
            "of the training data.",
        ),
    ],
    *,
    decoding: DecodingOptions,
    lowercase: Annotated[
        bool | None,
        typer.Option(
            "--lowercase/--cased", help="Translation: whether to ignore case; default: as the model was trained."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    languages: LanguagePair = None,
    columns: ColumnOptions,
    split: Annotated[
        str | None,
        typer.Option(metavar="SPLIT", help="Captions: train, dev, test, or a file that lists images; default: all."),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric", metavar="NAME", help="An additional metric, such as chrf or one of your own; may be repeated."
        ),
    ] = None,
    confusion: Annotated[
        Path | None,
        typer.Option("--confusion-matrix", metavar="FILE.png", help="Classification: plot the confusion matrix."),
    ] = None,
    max_input_length: MaxInputLength = None,
    runtime: Runtime,
    engine: EngineOption = "torch",
) -> None:
    """Evaluate a model on labeled data.

    Translations are scored by BLEU, chrF and TER; captions by CIDEr-D, BLEU, ROUGE-L and METEOR; texts by loss,
    perplexity and bits per character; tagged words by accuracy, and F1 if the labels are those of spans; documents by
    accuracy, F1 and calibration error, next to the accuracy of the majority class. Scores come with their signatures;
    --json adds those of each label. Missing or broken examples are reported, counted by reason, and skipped; the exit
    code is then 1.

    \b
    Examples:
      seqtasks evaluate my-model test.en test.de
      seqtasks evaluate my-captioner photos/ captions.csv
      seqtasks evaluate my-captioner clips.jsonl
      seqtasks evaluate my-tagger test.conllu
      seqtasks evaluate my-classifier test.csv --confusion-matrix confusion.png
      seqtasks evaluate my-writer test.txt
    """
    ensure_plottable("--confusion-matrix", confusion)
    loaded = runtime.open([model], None, engine)
    from seqtasks.evaluation import evaluate_model, inapplicable_options
    from seqtasks.registry import kind_of
    from seqtasks.tasks.base import EvaluationRequest

    warnings.filterwarnings("ignore", module="PIL")
    request = EvaluationRequest(
        data=data,
        decoding=decoding.options(),
        split=split,
        languages=split_languages(languages),
        lowercase=lowercase,
        metrics=metrics or (),
        columns=columns.given(),
        max_input_length=max_input_length,
    )
    wrong = inapplicable_options(loaded.task, request)
    if confusion is not None and "confusion" not in loaded.task.evaluation_options:
        wrong.append("confusion")
    if wrong:
        kind = kind_of(loaded.task.config)
        raise typer.BadParameter(
            f"it does not apply to a model for {kind}",
            param_hint=FLAGS.get(wrong[0], f"--{wrong[0].replace('_', '-')}"),
        )
    found = evaluate_model(loaded, request, warn)
    if confusion is not None:
        plot(found, confusion)
    if as_json:
        print(format_json(found, {"model": model, "data": [str(file) for file in data], "split": split}))
    else:
        show(found)
    if found.skipped:
        raise typer.Exit(1)


def format_json(found: Evaluation, about: dict[str, Any]) -> str:
    """The whole evaluation as one JSON object, after `about`: what was evaluated."""
    from seqtasks.metrics.score import metric_name

    scores = [
        {"metric": metric_name(score.metric), "value": score.value, "signature": score.signature}
        for score in found.scores
    ]
    measured = {"examples": found.examples, "seconds": found.seconds, "decoding": found.decoding, "scores": scores}
    reasons = [asdict(each) for each in found.skipped]
    details: dict[str, Any] = {"skipped": {"examples": found.skipped_examples, "reasons": reasons}}
    if found.labels:
        details["labels"] = [label._asdict() for label in found.labels]
    if found.confusion is not None:
        details["confusion"] = asdict(found.confusion)
    return to_json(about | measured | details)


def show(found: Evaluation) -> None:
    """Prints the evaluation, human-readable."""
    from seqtasks.metrics.score import format_score, metric_name

    width = max(len(metric_name(score.metric)) for score in found.scores)
    for score in found.scores:
        print(f"{metric_name(score.metric):<{width}} {format_score(score.metric, score.value):>8}  {score.signature}")
    print(f"{counted(found.examples, found.unit)} in {found.seconds:.1f} s; decoding {found.decoding}")
    if found.skipped:
        reasons = (f"{counted_phrase(each.count, each.reason)} ({', '.join(each.places)})" for each in found.skipped)
        print(f"excluded from the scores: {found.skipped_examples:,}: {'; '.join(reasons)}")
    if found.labels and found.unit == "documents":
        show_classes(found)


def show_classes(found: Evaluation) -> None:
    """A row for each label, and the confusion matrix."""
    from seqtasks.visualization import confusion_table

    width = max(len(label.label) for label in found.labels)
    print(f"\n{'':<{width}} {'F1':>7} {'precision':>10} {'recall':>7} {'documents':>10}")
    for label in found.labels:
        print(
            f"{label.label:<{width}} {label.f1:7.2f} {label.precision:10.2f} {label.recall:7.2f} {label.expected:10,}"
        )
    if found.confusion is not None and len(found.confusion.labels) <= MOST_LABELS:
        print("", *confusion_table(found.confusion), sep="\n")


def plot(found: Evaluation, path: Path) -> None:
    """Draws the confusion matrix into a file.

    Raises:
        SeqtasksError: There is none, since documents may have several labels.
    """
    from seqtasks.visualization import plot_confusion_matrix

    if found.confusion is None:
        raise SeqtasksError("A multi-label model has no confusion matrix: nothing was plotted.")
    plot_confusion_matrix(found.confusion, path)
