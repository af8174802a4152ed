"""Tagging: a sentence is read, then each of its words gets a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field

from seqtasks.data.examples import ReadReport
from seqtasks.data.holdout import ValidationSplit, train_validation_split
from seqtasks.data.mixing import MixRatio, describe_mix, mix_weight
from seqtasks.data.tagging.conllu import CONLLU, Sentence, column_of
from seqtasks.data.tagging.readers import TaggedSource, detect_format, nothing_to_train_on, read_tagged
from seqtasks.errors import SeqtasksError
from seqtasks.inference.tagging import TaggingPipeline
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models import Tagger, TaggingBatch
from seqtasks.plurals import counted
from seqtasks.registry import ConfigModel, kind_of
from seqtasks.tasks.base import EvaluationRequest, PreparedTask, Task
from seqtasks.tasks.data_reports import fingerprint, require_validation
from seqtasks.tasks.data_warnings import doubtful_labels, few_examples, other_language, seen_in_training, unknown_labels
from seqtasks.tasks.label_vocabulary import LABELS, by_frequency, require_known
from seqtasks.tasks.presets import chosen_kinds, source_options
from seqtasks.tasks.tagging.collate import TaggingLoader
from seqtasks.tasks.tagging.presets import tagging_preset
from seqtasks.text.vocabulary import Vocabulary
from seqtasks.text.word_indexer import WordIndexer, WordIndexerConfig

BEST_FOR_SPANS = "span-f1"
"""The score to improve where labels are spans; else it is the accuracy."""
UNIVERSAL_TAGS = frozenset(
    ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ",
     "SYM", "VERB", "X")
)  # fmt: skip

"""The parts of speech of Universal Dependencies (Nivre et al. 2020)."""


class TaggingData(ConfigModel):
    """What to train on and what to validate on."""

    train: list[TaggedSource] = Field(min_length=1)
    """Sentences whose words have labels."""
    validation: list[TaggedSource] = Field(default=[])
    """By default, a part of the training data is held out."""
    validation_split: ValidationSplit = 0.1
    """A share (below 1) or a number of sentences (at most a tenth of all); equal sentences stay together."""
    mix: list[TaggedSource] = Field(default=[])
    """Old sentences that are trained on beside the new ones, so that a model keeps what it knew; none are held out."""
    mix_ratio: MixRatio = 1.0
    """Examples of `mix` for each new one in an epoch, at most each of them once."""
    max_words: int = Field(default=256, gt=0)
    """Sentences with more words are not trained on."""


class TaggingTask(Task[Tagger, TaggingBatch]):
    """Words in, a label for each out."""

    usage = "tag --model {} text.txt"
    card_usage = 'echo "..." | seqtasks tag --model {}'
    unit = "words"
    examples = "sentences"
    evaluation_options = ("max_input_length",)
    inherited_options = ("label_column",)
    example_data = "train.conllu"

    class Config(ConfigModel):
        kind: Literal["tagging"] = "tagging"
        text: WordIndexerConfig = WordIndexerConfig()
        """How words become numbers."""
        data: TaggingData
        """What to train on and what to validate on."""
        model: Tagger.Config
        """The network."""

    config: Config

    def __init__(self, config: Config, reader: WordIndexer, labels: Sequence[str]) -> None:
        self.config = config
        self.reader = reader
        self.labels = list(labels)
        self.train: list[Sentence] = []
        self.weights: list[float] = []
        self.validation: list[Sentence] = []

    @classmethod
    def prepare(cls, config: Config, seed: int, processors: Path | None = None) -> PreparedTask[Self]:
        """Reads sentences; those of more than `max_words` words are not trained on."""
        skipped, unread = ReadReport(), ReadReport()
        everything, validation = read_data(config.data, seed, skipped, unread)
        new = len(everything)
        everything += [replace(each, lines=()) for source in config.data.mix for each in read_tagged(source, skipped)]
        share = mix_weight(new, len(everything) - new, config.data.mix_ratio)
        fitting = [len(sentence.words) <= config.data.max_words for sentence in everything]
        train = list(compress(everything, fitting))
        if everything and not train:
            longest = max(len(sentence.words) for sentence in everything)
            raise SeqtasksError(
                f"All {len(everything):,} sentences have more than {counted(config.data.max_words, 'words')}, up to "
                f"{longest:,}.",
                "Separate sentences with empty lines, or raise data.max_words.",
            )
        if not train:
            raise nothing_to_train_on(skipped)
        require_validation(validation, "labeled sentence", "data")
        counts = Counter(label for sentence in train for label in sentence.labels)
        if processors is None:
            words = (sentence.words for sentence in train)
            reader = WordIndexer.train(words, config.text, with_characters=config.model.char_encoder is not None)
            task = cls(config, reader, by_frequency(counts))
        else:
            task = cls.load(config, processors)
            require_known(counts, task.labels)
        task.train, task.validation = train, validation
        task.weights = list(compress([1.0] * new + [share] * (len(everything) - new), fitting))
        total = counts.total()
        remarks = (
            f"training sentences: {len(train):,} with {counted(total, 'words')} ({skipped.describe()}; "
            f"{len(everything) - len(train):,} over {counted(config.data.max_words, 'words')}); "
            f"validation sentences: {len(validation):,}{unread.note}",
            f"vocabulary: {len(task.reader.words.tokens):,} words"
            + (f", {len(task.reader.characters.tokens):,} characters" if task.reader.characters is not None else "")
            + f"; labels: {len(task.labels):,}",
            *describe_mix(len(everything) - new, share, "sentences"),
        )
        data = {
            "sentences": len(train), "words": total, "validation_sentences": len(validation),
            "fingerprint": fingerprint((*each.words, *each.labels) for each in (*train, *validation)),
        }  # fmt: skip
        warnings = (
            *few_examples(len(train), 100, "sentences"),
            *doubtful_labels(counts, {label for sentence in validation for label in sentence.labels}),
            *seen_in_training((each.words for each in train), (each.words for each in validation), "sentences"),
            *other_language(config.text, [" ".join(each.words) for each in train], "sentences"),
        )
        return PreparedTask(task, remarks, data, warnings, (*skipped.columns, *unread.columns))

    @classmethod
    def load(cls, config: Config, processors: Path) -> Self:
        """Reads the vocabularies of words and characters, and the names of the labels."""
        reader = WordIndexer.load(processors, config.text, with_characters=config.model.char_encoder is not None)
        return cls(config, reader, Vocabulary.load(processors / LABELS).tokens)

    def save_processors(self, folder: Path) -> None:
        """Writes the vocabularies of words and characters, and the names of the labels."""
        self.reader.save(folder)
        Vocabulary(self.labels).save(folder / LABELS)

    @property
    def column(self) -> str:
        """The column of CoNLL-U that the labels belong in.

        It is the one that they were learned from; those of other files, and those of upos that are no universal parts
        of speech, go to xpos.
        """
        source = self.config.data.train[0]
        named = source.label_column
        if isinstance(named, int) and "conllu" in (source.format, detect_format(str(source.path), "")):
            named = CONLLU[column_of(named)]
        if isinstance(named, str) and named.lower() in CONLLU and named.lower() != "upos":
            return named.lower()
        return "upos" if UNIVERSAL_TAGS.issuperset(self.labels) else "xpos"

    def build_model(self) -> Tagger:
        """A tagger for the vocabularies and the labels of the data."""
        characters = 0 if self.reader.characters is None else self.reader.characters.size
        return Tagger(self.config.model, self.reader.words.size, characters, len(self.labels))

    def batches(self, batch_tokens: int, seed: int) -> TaggingLoader:
        """Sentences of similar lengths."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        return TaggingLoader(
            [self.reader.index(sentence.words) for sentence in self.train],
            [[numbers[label] for label in sentence.labels] for sentence in self.train],
            batch_tokens=batch_tokens,
            seed=seed,
            weights=self.weights,
        )

    @classmethod
    def preset(cls, data: Sequence[Path], settings: Mapping[str, str]) -> dict[str, Any]:
        """Encoders of words and characters by the amount of data; see `tagging_preset`."""
        kinds = chosen_kinds(settings, "model.encoder", "model.char_encoder")
        sources = [
            TaggedSource(path=path, **source_options(settings, number, TaggedSource))
            for number, path in enumerate(data)
        ]
        return tagging_preset(sources, **kinds)

    def pipeline(self, models: Sequence[Tagger]) -> TaggingPipeline:
        """Tags texts that are cut by the rules of the model's language."""
        language = self.config.text.language
        return TaggingPipeline(models, self.reader, self.labels, language=language, column=self.column)

    def validate(self, model: Tagger) -> Evaluation:
        """Tags the validation sentences; where labels are spans, their F1 comes first."""
        found = self.pipeline([model]).evaluate(self.validation)
        return replace(found, scores=tuple(sorted(found.scores, key=lambda score: score.metric != BEST_FOR_SPANS)))

    def read(self, request: EvaluationRequest, skipped: ReadReport) -> Iterator[Sentence]:
        """Labeled sentences, of any length."""
        return (
            sentence
            for source in self.sources(request.data, request.columns)
            for sentence in read_tagged(source, skipped)
        )

    def data_warnings(self, examples: Sequence[Sentence]) -> Iterator[str]:
        """Tells of labels that the model does not have."""
        return unknown_labels(Counter(label for each in examples for label in each.labels), self.labels, "words")

    def describe(self, data: Mapping[str, Any]) -> Sequence[str]:
        """Names the encoders and the labels."""
        model = self.config.model
        reads = "" if model.char_encoder is None else f", characters read by `{kind_of(model.char_encoder)}`"
        labels = ", ".join(f"`{label}`" for label in self.labels[:50])
        return (
            "Labels for words",
            f"Encoder `{kind_of(model.encoder)}`{reads}, head `{model.head}`; trained with seqtasks on "
            f"{counted(data['words'], 'words')} in {counted(data['sentences'], 'sentences')}.",
            f"{counted(len(self.labels), 'labels')}: {labels}{' and others' if len(self.labels) > 50 else ''}.",
        )


def read_data(
    data: TaggingData, seed: int, skipped: ReadReport, unread: ReadReport
) -> tuple[list[Sentence], list[Sentence]]:
    """Training and validation sentences, all of them with labels; `unread` is the report of the validation files."""
    train = [replace(sentence, lines=()) for source in data.train for sentence in read_tagged(source, skipped)]
    if data.validation:
        return train, [sentence for source in data.validation for sentence in read_tagged(source, unread)]
    return train_validation_split(train, data.validation_split, seed, groups=[sentence.words for sentence in train])
