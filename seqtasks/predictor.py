"""Trained models, ready to use: `load("en-de").translate(["A dog runs."])`."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from PIL import Image
from pydantic import TypeAdapter, ValidationError

import seqtasks
from seqtasks.bundle import find_model, read_bundle
from seqtasks.component import kind_of
from seqtasks.data.captions import CaptionedImage, CaptionReport
from seqtasks.data.conllu import Sentence
from seqtasks.data.examples import Pair
from seqtasks.data.playing import Playing
from seqtasks.decoding import Decoding
from seqtasks.errors import SeqtasksError
from seqtasks.hardware import choose_device, choose_dtype, prepare
from seqtasks.loading import load_model, load_task, require_same_processors
from seqtasks.models import Generator, Tagger
from seqtasks.tasks import CaptioningTask, TaggingTask, Task, TranslationTask
from seqtasks.tasks.base import Evaluation
from seqtasks.tasks.captioner import Caption, Captioner, Picture
from seqtasks.tasks.clip_captioner import ClipCaptioner, evaluate_clips
from seqtasks.tasks.sentence_tagger import SentenceTagger, TaggedSentence
from seqtasks.tasks.tagging import TaggingEvaluation
from seqtasks.tasks.translator import Translation, Translator
from seqtasks.text import clean
from seqtasks.text.cutting import cutter
from seqtasks.text.sentences import Token, split_sentences
from seqtasks.vision.images import ImageError
from seqtasks.vision.video import Frame

Precision = Literal["auto", "float32", "bfloat16"]


def load(
    model: str | Path, *others: str | Path, device: str = "auto", dtype: Precision = "auto", threads: int = 0
) -> Any:
    """Opens a model, or several as an ensemble: names of models that ship, model directories, training directories.

    Returns a TranslationPredictor, a CaptioningPredictor or a TaggingPredictor, as the model's task is. `dtype` is the
    precision of the weights in memory; "auto" is bfloat16 where the device is fast at it. `threads` on a CPU; 0 = all
    cores. Raises SeqtasksError for what is no model, a damaged one, or members of an ensemble that do not share their
    processors.
    """
    bundles = [read_bundle(find_model(name)) for name in (model, *others)]
    require_same_processors(bundles)
    prepare(threads)
    chosen_device = choose_device(device)
    chosen_dtype = choose_dtype(dtype, chosen_device)
    tasks = [load_task(bundle) for bundle in bundles]
    kinds: dict[type[Task], type[Predictor]] = {
        TranslationTask: TranslationPredictor,
        CaptioningTask: CaptioningPredictor,
        TaggingTask: TaggingPredictor,
    }
    kind = next((predictor for task, predictor in kinds.items() if isinstance(tasks[0], task)), None)
    if kind is None:
        raise SeqtasksError(f"{bundles[0].path} is a model for {bundles[0].task}: nothing here predicts with it.")
    models = [
        load_model(task, bundle).to(chosen_device, chosen_dtype) for task, bundle in zip(tasks, bundles, strict=True)
    ]
    return kind(tasks[0], models)


class Predictor:
    """What the predictors of all tasks have in common. See `load`."""

    def __init__(self, task: Any, models: Sequence[Any]) -> None:
        self.task = task
        self.models = list(models)

    @property
    def kind(self) -> str:
        """The kind of the task."""
        return kind_of(self.task.config)

    @property
    def device(self) -> torch.device:
        """Where the model works."""
        device: torch.device = next(self.models[0].parameters()).device
        return device

    @property
    def dtype(self) -> torch.dtype:
        """The precision that the model works in."""
        dtype: torch.dtype = next(self.models[0].parameters()).dtype
        return dtype

    def signed(self, evaluation: Evaluation) -> Evaluation:
        """The evaluation with the signature of all that the outputs depend on."""
        members = f"|models={len(self.models)}" if len(self.models) > 1 else ""
        precision = str(self.dtype).removeprefix("torch.")
        signature = f"{evaluation.decoding}{members}|dtype={precision}|v={seqtasks.__version__}"
        return dataclasses.replace(evaluation, decoding=signature)


class WritingPredictor(Predictor):
    """Searches for what to write."""

    def decoding(self, **options: Any) -> Decoding:
        """The model's own options of decoding, but for those given; None keeps the model's own.

        A beam that is not given is as wide as `nbest` needs it; greedy search and sampling switch the model's own
        consensus off. Raises SeqtasksError for values that make no sense.
        """
        own = dataclasses.asdict(self.task.config.decoding)
        given = {name: value for name, value in options.items() if value is not None}
        unknown = given.keys() - own.keys()
        if unknown:
            raise SeqtasksError(
                f"There is no option {', '.join(sorted(unknown))} of decoding.", f"There are {', '.join(own)}."
            )
        if "beam" not in given and isinstance(given.get("nbest"), int):
            given["beam"] = max(own["beam"], given["nbest"])
        if given.get("beam") == 1 or given.get("sample"):
            own["consensus"] = 0
        texts = {name: str(value) for name, value in given.items() if isinstance(own[name], str)}
        try:
            return TypeAdapter(Decoding).validate_python({**own, **given, **texts})
        except ValidationError as error:
            detail = error.errors()[0]
            where = "".join(f"{part}: " for part in detail["loc"])
            raise SeqtasksError(f"Decoding: {where}{detail['msg'].removeprefix('Value error, ')}") from error


class TranslationPredictor(WritingPredictor):
    """Translates, scores translations and measures how good it is at it. See `load`."""

    task: TranslationTask

    def __init__(self, task: TranslationTask, models: Sequence[Generator]) -> None:
        super().__init__(task, models)
        self.translator = Translator(self.models, task.source, task.target)

    @property
    def languages(self) -> tuple[str, str]:
        """Codes of the source and the target language; "xx" where they are not known."""
        return self.task.config.languages.source, self.task.config.languages.target

    def translate(
        self,
        texts: Sequence[str],
        *,
        prefixes: Sequence[str] | None = None,
        attention: bool = False,
        first_number: int = 0,
        **options: Any,
    ) -> list[Translation]:
        """One translation for each text, in their order; `alternatives` hold the others of `nbest`.

        `options` are those of `Decoding`: beam, nbest, penalty, sample, temperature and so on. `prefixes`, one a
        text, are what the translations have to begin with. `attention` adds where the model looked. `first_number`
        is the number of the first text in a longer input that comes in parts: samples depend on it. An empty text
        stays empty.
        """
        require_list(texts, "texts")
        if prefixes is not None:
            require_list(prefixes, "prefixes")
            require_equal(len(prefixes), "prefixes", len(texts))
        return self.translator.translate(
            texts, self.decoding(**options), prefixes=prefixes, first_number=first_number, attention=attention
        )

    def score(self, texts: Sequence[str], translations: Sequence[str]) -> list[Translation]:
        """How probable each of the given translations is, token by token (forced scoring)."""
        require_list(texts, "texts")
        require_list(translations, "translations")
        require_equal(len(translations), "translations", len(texts))
        return self.translator.score(texts, translations, penalty=self.task.config.decoding.penalty)

    def evaluate(self, pairs: Sequence[Pair], *, lowercase: bool | None = None, **options: Any) -> Evaluation:
        """Translates the pairs' sources and compares with their targets: BLEU, chrF, TER.

        `lowercase` ignores case; None is what the model was trained to ignore. The evaluation's `decoding` is the
        signature of all that the outputs depend on.
        """
        return self.signed(self.task.evaluate(self.models, pairs, self.decoding(**options), lowercase=lowercase))


class CaptioningPredictor(WritingPredictor):
    """Says what pictures show, and measures how good it is at it. See `load`."""

    task: CaptioningTask

    def __init__(self, task: CaptioningTask, models: Sequence[Generator]) -> None:
        super().__init__(task, models)
        self.captioner = Captioner(self.models, task.config.images, task.processor)

    def caption(
        self, pictures: Sequence[Picture], *, attention: bool = False, first_number: int = 0, **options: Any
    ) -> list[Caption]:
        """One caption for each picture (a path, bytes, an open file, a Pillow image), in their order.

        `options` are those of `Decoding`: beam, nbest, penalty, sample, temperature and so on; `alternatives` hold
        the others of `nbest`. `attention` adds where the model looked. `first_number` is the number of the first
        picture in a longer input that comes in parts: samples depend on it. Raises ImageError for what is no picture;
        `captions` tells of those and goes on.
        """
        found = list(self.captions(pictures, attention=attention, first_number=first_number, **options))
        for each in found:
            if isinstance(each, ImageError):
                raise each
        return [each for each in found if isinstance(each, Caption)]

    def captions(
        self, pictures: Sequence[Picture], *, attention: bool = False, first_number: int = 0, **options: Any
    ) -> Iterator[Caption | ImageError]:
        """As `caption`, as they are made; for a picture that cannot be read, the reason."""
        if isinstance(pictures, str | bytes):
            raise SeqtasksError("pictures is one picture, not a list of pictures.", "Put it into a list.")
        return self.captioner.caption(
            pictures, self.decoding(**options), first_number=first_number, attention=attention
        )

    def frames(
        self, frames: Iterable[Frame], *, together: int | None = None, **options: Any
    ) -> Iterator[tuple[Frame, Caption]]:
        """Each frame of a clip with its caption, as they come; `seqtasks.vision.video.open_clip` gives frames.

        Models that were trained on clips know the frames before. `together` frames are taken before the first of them
        is described: 1 for a live stream, else what is fast. `options` as in `caption`.
        """
        waiting: deque[Frame] = deque()

        def pictures() -> Iterator[Image.Image]:
            for frame in frames:
                waiting.append(frame)
                yield frame.picture

        describer = ClipCaptioner(self.captioner)
        for caption in describer.describe(pictures(), self.decoding(**options), together=together):
            yield waiting.popleft(), caption

    def evaluate_clips(self, clips: Sequence[Playing], **options: Any) -> Evaluation:
        """Describes the frames of the clips and compares with what people said of them."""
        return self.signed(evaluate_clips(self.captioner, clips, self.decoding(**options)))

    def evaluate(
        self, images: Sequence[CaptionedImage], *, skipped: CaptionReport | None = None, **options: Any
    ) -> Evaluation:
        """Describes the pictures and compares with their captions: CIDEr-D, BLEU, ROUGE-L, METEOR, how different.

        Pictures that cannot be read are left out and counted in `skipped`.
        """
        return self.signed(self.task.evaluate(self.models, images, self.decoding(**options), skipped=skipped))


class TaggingPredictor(Predictor):
    """Labels words, and measures how good it is at it. See `load`."""

    task: TaggingTask

    def __init__(self, task: TaggingTask, models: Sequence[Tagger]) -> None:
        if len(models) > 1:
            raise SeqtasksError(f"{len(models)} models cannot tag together.", "Give one of them.")
        super().__init__(task, models)
        self.tagger = SentenceTagger(self.models[0], task.reader, task.labels)

    @property
    def labels(self) -> list[str]:
        """All labels that it knows, the commonest of its training data first."""
        return self.task.labels

    def tag(self, sentences: Sequence[str | Sequence[str]]) -> list[TaggedSentence]:
        """A label for each word of each sentence, in their order.

        A sentence is a list of words, or a text that is cut into words by spaCy's rules for the model's language.
        `sentences` finds the sentences in a longer text.
        """
        require_list(sentences, "sentences")
        return self.tagger.tag([self.words(each) if isinstance(each, str) else each for each in sentences])

    def words(self, text: str) -> list[str]:
        """The words of a text."""
        return [word for sentence in self.sentences(text) for word, _ in sentence]

    def sentences(self, text: str) -> list[list[Token]]:
        """The sentences of a text by rule: the words of each, and whether a blank stands before them."""
        cleaned = clean(text)
        return list(split_sentences(cutter(self.task.config.text.language).cut(cleaned))) if cleaned else []

    def evaluate(self, sentences: Sequence[Sentence]) -> TaggingEvaluation:
        """Tags the sentences' words and compares with their labels: accuracy and, where labels are spans, their F1."""
        found = self.signed(self.task.evaluate(self.models[0], sentences))
        assert isinstance(found, TaggingEvaluation)
        return found


def require_list(texts: Sequence[Any], name: str) -> None:
    if isinstance(texts, str):
        raise SeqtasksError(f"{name} is one text, not a list of texts.", f"Write [{texts[:20]!r}].")


def require_equal(count: int, name: str, texts: int) -> None:
    if count != texts:
        raise SeqtasksError(f"There are {count} {name} for {texts} texts.", "Give one for each.")
