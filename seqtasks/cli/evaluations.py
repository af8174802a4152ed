"""What `seqtasks evaluate` does for the models of each task: read the data, tell what is wrong with it, measure."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from seqtasks.cli.output import tell_skipped

if TYPE_CHECKING:
    from seqtasks.predictor import (
        CaptioningPredictor,
        ClassificationPredictor,
        GenerationPredictor,
        Predictor,
        TaggingPredictor,
        TranslationPredictor,
    )
    from seqtasks.tasks.base import Evaluation


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line; None for what was not."""

    data: Sequence[Path]
    decoding: dict[str, Any]
    """Options of decoding."""
    split: str | None = None
    languages: tuple[str, str] | None = None
    lowercase: bool | None = None


class Measurement(NamedTuple):
    """How models of a task are measured."""

    measure: Callable[[Any, Asked], Evaluation]
    of: str
    """What the examples are called."""
    options: tuple[str, ...]
    """What can be asked for beside the data; decoding stands for all its options."""


def measurement(predictor: Predictor, data: Sequence[Path]) -> Measurement:
    """The one that suits the model and the data."""
    from seqtasks.data.clips import holds_clips
    from seqtasks.predictor import (
        CaptioningPredictor,
        ClassificationPredictor,
        GenerationPredictor,
        TaggingPredictor,
    )

    if isinstance(predictor, ClassificationPredictor):
        return Measurement(evaluate_documents, "documents", ("confusion",))
    if isinstance(predictor, GenerationPredictor):
        return Measurement(evaluate_texts, "tokens", ())
    if isinstance(predictor, TaggingPredictor):
        return Measurement(evaluate_labels, "sentences", ())
    if isinstance(predictor, CaptioningPredictor):
        if len(data) == 1 and holds_clips(data[0]):
            return Measurement(evaluate_clips, "frames", ("decoding", "split"))
        return Measurement(evaluate_captions, "pictures", ("decoding", "split"))
    return Measurement(evaluate_translations, "sentences", ("decoding", "languages", "lowercase"))


def evaluate_translations(predictor: TranslationPredictor, asked: Asked) -> Evaluation:
    """Reads the pairs, tells what is no pair, translates."""
    from seqtasks.cli.data import data_sources
    from seqtasks.data.examples import SkipReport
    from seqtasks.data.readers import read_pairs

    skipped = SkipReport()
    named = asked.languages or predictor.languages
    pairs = [pair for each in data_sources(asked.data) for pair in read_pairs(each, skipped, languages=named)]
    tell_skipped(skipped)
    return predictor.evaluate(pairs, lowercase=asked.lowercase, **asked.decoding)


def evaluate_captions(predictor: CaptioningPredictor, asked: Asked) -> Evaluation:
    """Reads the captions, describes the pictures, tells what is no picture and why there is no METEOR."""
    from seqtasks.cli.data import caption_source
    from seqtasks.data.captions import CaptionReport, read_captioned_images
    from seqtasks.metrics.meteor import without_meteor

    warnings.filterwarnings("ignore", module="PIL")
    skipped = CaptionReport()
    images = read_captioned_images(caption_source(asked.data, asked.split), skipped)
    found = predictor.evaluate(images, skipped=skipped, **asked.decoding)
    if skipped.skipped or skipped.pictures_skipped:
        print(f"seqtasks: {skipped.describe()}", file=sys.stderr)
    if missing := without_meteor():
        print(f"seqtasks: {missing}", file=sys.stderr)
    return found


def evaluate_clips(predictor: CaptioningPredictor, asked: Asked) -> Evaluation:
    """Reads the clips, describes their frames, as far apart as in training, and tells which clips cannot be read."""
    from seqtasks.data.clips import ClipSource, read_captioned_clips
    from seqtasks.data.examples import SkipReport
    from seqtasks.tasks.video.task import VideoData, opened

    skipped = SkipReport()
    clips = read_captioned_clips(ClipSource(path=asked.data[0], split=asked.split), skipped)
    files, broken = opened(clips, getattr(predictor.task.config.data, "every", VideoData.model_fields["every"].default))
    tell_skipped(skipped)
    for reason in broken:
        print(f"seqtasks: {reason}", file=sys.stderr)
    return predictor.evaluate_clips(files, **asked.decoding)


def evaluate_labels(predictor: TaggingPredictor, asked: Asked) -> Evaluation:
    """Reads the sentences as those that the model was trained on, tells which are broken, labels their words."""
    from seqtasks.data.conll import read_sentences, with_labels
    from seqtasks.data.examples import SkipReport

    skipped = SkipReport()
    trained_on = predictor.task.config.data.train[0]
    sentences = [
        sentence
        for file in asked.data
        for sentence in with_labels(
            read_sentences(file, skipped, column=trained_on.column, form=trained_on.form), skipped
        )
    ]
    tell_skipped(skipped)
    return predictor.evaluate(sentences)


def evaluate_documents(predictor: ClassificationPredictor, asked: Asked) -> Evaluation:
    """Reads the documents as those that the model was trained on, tells which are broken, finds their labels."""
    from seqtasks.data.documents import read_documents, with_labels
    from seqtasks.data.examples import SkipReport

    skipped = SkipReport()
    trained_on = predictor.task.config.data.train[0]
    several = predictor.task.config.model.multi_label
    documents = [
        document
        for path in asked.data
        for document in with_labels(
            read_documents(trained_on.model_copy(update={"path": path}), skipped), skipped, multi_label=several
        )
    ]
    tell_skipped(skipped)
    return predictor.evaluate(documents)


def evaluate_texts(predictor: GenerationPredictor, asked: Asked) -> Evaluation:
    """Reads the texts, tells which are broken, and how probable the model finds them as one text."""
    from seqtasks.data.examples import SkipReport
    from seqtasks.data.text_stream import read_texts

    skipped = SkipReport()
    trained_on = predictor.task.config.data.train[0]
    sources = [trained_on.model_copy(update={"path": path}) for path in asked.data]
    texts = [text for source in sources for text in read_texts(source, skipped)]
    tell_skipped(skipped)
    return predictor.evaluate(texts)
