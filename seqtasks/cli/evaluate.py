"""`seqtasks evaluate`: how good a model is."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqtasks.cli.options import (
    Beam,
    Chosen,
    Code,
    Device,
    Dtype,
    LanguagePair,
    ModelArgument,
    Precision,
    Threads,
    decoding_options,
    open_predictor,
    split_languages,
)

if TYPE_CHECKING:
    from seqtasks.predictor import CaptioningPredictor, Predictor, TaggingPredictor, TranslationPredictor
    from seqtasks.tasks.base import Evaluation


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
    beam: Beam = None,
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
    chosen: Chosen = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Measure a model, with signatures: BLEU, chrF and TER; CIDEr-D, BLEU, ROUGE-L and METEOR of captions; accuracy of
    labels and, where they are those of spans, F1.

    The sources of DATA are translated and compared with its targets, its pictures are described and compared with
    their captions, its words are labelled and compared with their labels (each label's own scores are in --json).
    Pictures that are missing or broken are told and left out.

    \b
    Examples:
      seqtasks evaluate my-model test.en test.de
      seqtasks evaluate my-captioner photos/ captions.csv
      seqtasks evaluate my-captioner clips.jsonl
      seqtasks evaluate my-tagger test.conllu
    """
    options = decoding_options(chosen, beam=beam)
    predictor = open_predictor([model], code=code, device=device, dtype=dtype, threads=threads)
    from seqtasks.predictor import CaptioningPredictor, TaggingPredictor

    if isinstance(predictor, TaggingPredictor):
        others = {"--beam": beam, "--lowercase/--cased": lowercase, "--languages": languages, "--split": split}
        refuse(predictor, {**others, "--set": chosen or None})
        found, of = evaluate_labels(predictor, data), "sentences"
    elif isinstance(predictor, CaptioningPredictor):
        refuse(predictor, {"--lowercase/--cased": lowercase, "--languages": languages})
        from seqtasks.data.clips import holds_clips

        if len(data) == 1 and holds_clips(data[0]):
            found, of = evaluate_clips(predictor, data[0], split, options), "frames"
        else:
            found, of = evaluate_captions(predictor, data, split, options), "pictures"
    else:
        refuse(predictor, {"--split": split})
        found, of = evaluate_translations(predictor, data, split_languages(languages), lowercase, options), "sentences"
    if as_json:
        print(as_object(found, {"model": model, "data": [str(file) for file in data], "split": split}))
    else:
        show(found, of)


def refuse(predictor: Predictor, given: dict[str, Any]) -> None:
    """Tells of an option that is for models of other tasks."""
    for name, value in given.items():
        if value is not None:
            raise typer.BadParameter(f"it does not apply to a model for {predictor.kind}", param_hint=name)


def evaluate_translations(
    predictor: TranslationPredictor,
    data: Sequence[Path],
    languages: tuple[str, str] | None,
    lowercase: bool | None,
    options: dict[str, Any],
) -> Evaluation:
    """Reads the pairs, tells what is no pair, translates."""
    from seqtasks.cli.data import data_sources
    from seqtasks.data.examples import SkipReport
    from seqtasks.data.readers import read_pairs

    skipped = SkipReport()
    named = languages or predictor.languages
    pairs = [pair for each in data_sources(data) for pair in read_pairs(each, skipped, languages=named)]
    if skipped.skipped:
        print(f"seqtasks: {skipped.describe()}", file=sys.stderr)
    return predictor.evaluate(pairs, lowercase=lowercase, **options)


def evaluate_captions(
    predictor: CaptioningPredictor, data: Sequence[Path], split: str | None, options: dict[str, Any]
) -> Evaluation:
    """Reads the captions, describes the pictures, tells what is no picture and why there is no METEOR."""
    from seqtasks.cli.data import caption_source
    from seqtasks.data.captions import CaptionReport, read_captioned_images
    from seqtasks.metrics.meteor import without_meteor

    warnings.filterwarnings("ignore", module="PIL")
    skipped = CaptionReport()
    images = read_captioned_images(caption_source(data, split), skipped)
    found = predictor.evaluate(images, skipped=skipped, **options)
    if skipped.skipped or skipped.pictures_skipped:
        print(f"seqtasks: {skipped.describe()}", file=sys.stderr)
    if missing := without_meteor():
        print(f"seqtasks: {missing}", file=sys.stderr)
    return found


def evaluate_clips(
    predictor: CaptioningPredictor, path: Path, split: str | None, options: dict[str, Any]
) -> Evaluation:
    """Reads the clips, describes their frames, as far apart as in training, and tells which clips cannot be read."""
    from seqtasks.data.clips import ClipSource, read_captioned_clips
    from seqtasks.data.examples import SkipReport
    from seqtasks.tasks.video import VideoData, opened

    skipped = SkipReport()
    clips = read_captioned_clips(ClipSource(path=path, split=split), skipped)
    files, broken = opened(clips, getattr(predictor.task.config.data, "every", VideoData.model_fields["every"].default))
    if skipped.skipped:
        print(f"seqtasks: {skipped.describe()}", file=sys.stderr)
    for reason in broken:
        print(f"seqtasks: {reason}", file=sys.stderr)
    return predictor.evaluate_clips(files, **options)


def evaluate_labels(predictor: TaggingPredictor, data: Sequence[Path]) -> Evaluation:
    """Reads the sentences as those that the model was trained on, tells which are broken, labels their words."""
    from seqtasks.data.conll import read_sentences, with_labels
    from seqtasks.data.examples import SkipReport

    skipped = SkipReport()
    trained_on = predictor.task.config.data.train[0]
    sentences = [
        sentence
        for file in data
        for sentence in with_labels(
            read_sentences(file, skipped, column=trained_on.column, form=trained_on.form), skipped
        )
    ]
    if skipped.skipped:
        print(f"seqtasks: {skipped.describe()}", file=sys.stderr)
    return predictor.evaluate(sentences)


def as_object(found: Evaluation, about: dict[str, Any]) -> str:
    from seqtasks.cli.scores import metric_name
    from seqtasks.tasks.tagging import TaggingEvaluation

    scores = [
        {"metric": metric_name(score.metric), "value": score.value, "signature": score.signature}
        for score in found.scores
    ]
    measured = {"examples": found.examples, "seconds": found.seconds, "decoding": found.decoding, "scores": scores}
    labels = [label._asdict() for label in found.labels] if isinstance(found, TaggingEvaluation) else None
    return json.dumps({**about, **measured, **({"labels": labels} if labels else {})}, ensure_ascii=False)


def show(found: Evaluation, of: str) -> None:
    """For people; `of` is what the examples are."""
    from seqtasks.cli.scores import metric_name

    width = max(len(metric_name(score.metric)) for score in found.scores)
    for score in found.scores:
        print(f"{metric_name(score.metric):<{width}} {score.value:8.2f}  {score.signature}")
    print(f"{found.examples:,} {of} in {found.seconds:.1f} s; decoding {found.decoding}")
