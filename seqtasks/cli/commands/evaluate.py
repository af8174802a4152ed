"""`seqtasks evaluate`: how good a model is."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqtasks.cli.options import (
    Code,
    Device,
    Dtype,
    Engine,
    EngineOption,
    LanguagePair,
    ModelArgument,
    Precision,
    Threads,
    blamed_on,
    load_own_code,
    split_languages,
    takes_decoding,
)
from seqtasks.errors import SeqtasksError

MOST_LABELS = 30
"""Labels up to which a table says what was taken for what."""

if TYPE_CHECKING:
    from seqtasks.metrics.evaluation import ClassificationEvaluation, Evaluation


@takes_decoding()
def evaluate(
    model: ModelArgument,
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA...",
            help="A file of pairs (.tsv, .csv, .jsonl, .tmx) or two parallel files; "
            "for captions the folder of the pictures, and the file of captions where it is not found there; "
            "for labels files as those it was trained on.",
        ),
    ],
    *,
    decoding: dict[str, Any],
    lowercase: Annotated[
        bool | None,
        typer.Option("--lowercase/--cased", help="Translation: ignore case or not; else as the model was trained."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    languages: LanguagePair = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="SPLIT", help="Captions: train, dev, test, or a file that lists pictures; else all."),
    ] = None,
    confusion: Annotated[
        Path | None,
        typer.Option("--confusion-matrix", metavar="FILE.png", help="Classification: plot the confusion matrix."),
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="A further score, such as chrf or one of your own; repeatable."),
    ] = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
    engine: EngineOption = Engine.torch,
) -> None:
    """Measure a model, with signatures: BLEU, chrF and TER; CIDEr-D, BLEU, ROUGE-L and METEOR of captions; accuracy of
    labels and, where they are those of spans, F1; accuracy, F1 and calibration of documents' labels, beside what the
    commonest label would get.

    The sources of DATA are translated and compared with its targets, its pictures are described and compared with
    their captions, its words or its documents are labelled and compared with their labels (each label's own scores are
    in --json). What is missing or broken is told and left out.

    \b
    Examples:
      seqtasks evaluate my-model test.en test.de
      seqtasks evaluate my-captioner photos/ captions.csv
      seqtasks evaluate my-captioner clips.jsonl
      seqtasks evaluate my-tagger test.conllu
      seqtasks evaluate my-classifier test.csv --confusion-matrix confusion.png
      seqtasks evaluate my-writer test.txt
    """
    if confusion is not None:
        from seqtasks.visualization.matplotlib_support import require_matplotlib

        with blamed_on("--confusion-matrix"):
            require_matplotlib(confusion)
    load_own_code([model], code)
    from seqtasks.evaluation import evaluate_model
    from seqtasks.loading import open_models
    from seqtasks.registry import kind_of
    from seqtasks.tasks.base import EvaluationRequest

    warnings.filterwarnings("ignore", module="PIL")
    loaded = open_models([model], device=device, dtype=dtype.value, threads=threads, engine=engine.value)
    given = {
        "a decoding option": ("decoding", decoding or None), "--split": ("split", split),
        "--language-pair": ("languages", languages), "--lowercase/--cased": ("lowercase", lowercase),
        "--confusion-matrix": ("confusion", confusion),
    }  # fmt: skip
    for name, (option, value) in given.items():
        if value is not None and option not in loaded.task.evaluation_options:
            kind = kind_of(loaded.task.config)
            raise typer.BadParameter(f"it does not apply to a model for {kind}", param_hint=name)
    found = evaluate_model(
        loaded,
        EvaluationRequest(data, decoding, split, split_languages(languages), lowercase, metrics or ()),
        lambda message: print(f"seqtasks: {message}", file=sys.stderr),
    )
    if confusion is not None:
        draw(found, confusion)
    if as_json:
        print(as_object(found, {"model": model, "data": [str(file) for file in data], "split": split}))
    else:
        show(found)


def as_object(found: Evaluation, about: dict[str, Any]) -> str:
    from seqtasks.cli.scores import metric_name
    from seqtasks.metrics.evaluation import ClassificationEvaluation, TaggingEvaluation

    scores = [
        {"metric": metric_name(score.metric), "value": score.value, "signature": score.signature}
        for score in found.scores
    ]
    measured = {"examples": found.examples, "seconds": found.seconds, "decoding": found.decoding, "scores": scores}
    details: dict[str, Any] = {}
    if isinstance(found, TaggingEvaluation):
        details["labels"] = [label._asdict() for label in found.labels]
    if isinstance(found, ClassificationEvaluation) and found.confusion is not None:
        details["confusion"] = asdict(found.confusion)
    return json.dumps({**about, **measured, **details}, ensure_ascii=False)


def show(found: Evaluation) -> None:
    """For people."""
    from seqtasks.cli.scores import metric_name
    from seqtasks.metrics.evaluation import ClassificationEvaluation
    from seqtasks.metrics.score import format_score

    width = max(len(metric_name(score.metric)) for score in found.scores)
    for score in found.scores:
        print(f"{metric_name(score.metric):<{width}} {format_score(score.metric, score.value):>8}  {score.signature}")
    print(f"{found.examples:,} {found.unit} in {found.seconds:.1f} s; decoding {found.decoding}")
    if isinstance(found, ClassificationEvaluation):
        show_classes(found)


def show_classes(found: ClassificationEvaluation) -> None:
    """A row for each label, and what was taken for what."""
    from seqtasks.visualization import confusion_table

    width = max(len(label.label) for label in found.labels)
    print(f"\n{'':<{width}} {'F1':>7} {'precision':>10} {'recall':>7} {'documents':>10}")
    for label in found.labels:
        print(
            f"{label.label:<{width}} {label.f1:7.2f} {label.precision:10.2f} {label.recall:7.2f} {label.expected:10,}"
        )
    if found.confusion is not None and len(found.confusion.labels) <= MOST_LABELS:
        print("", *confusion_table(found.confusion), sep="\n")


def draw(found: Evaluation, path: Path) -> None:
    """Draws what was taken for what."""
    from seqtasks.metrics.evaluation import ClassificationEvaluation
    from seqtasks.visualization import plot_confusion_matrix

    if not isinstance(found, ClassificationEvaluation) or found.confusion is None:
        raise SeqtasksError("Where several labels may hold, none is taken for another: nothing was drawn.")
    plot_confusion_matrix(found.confusion, path)
