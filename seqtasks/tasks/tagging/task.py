"""Tagging: a sentence is read, then each of its words gets a label."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field

from seqtasks.component import Settings, kind_of
from seqtasks.data.conll import Form, form_of, read_sentences, with_labels
from seqtasks.data.conllu import CONLLU, Sentence, conllu_place
from seqtasks.data.examples import SkipReport
from seqtasks.data.holdout import ValidationSplit, train_validation_split
from seqtasks.errors import SeqtasksError
from seqtasks.metrics.labels import LabelScore, label_scores, scores_by_label
from seqtasks.metrics.score import Score
from seqtasks.models import Loss, Tagged, Tagger
from seqtasks.tasks.base import Evaluation, Prepared, Sample, Task, fingerprint
from seqtasks.tasks.card import score_table
from seqtasks.tasks.labels import by_frequency, load_labels, require_known, save_labels
from seqtasks.tasks.tagging.batches import TaggedBatches
from seqtasks.tasks.tagging.sentence_tagger import SentenceTagger
from seqtasks.text.tokens import TokenReader, TokenSettings

BEST_FOR_SPANS = "span-f1"
"""The score to improve where labels are spans; else it is the accuracy."""
UNIVERSAL_TAGS = frozenset(
    ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ",
     "SYM", "VERB", "X")
)  # fmt: skip
"""The parts of speech of Universal Dependencies (Nivre et al. 2020)."""


class TaggedSource(Settings):
    """A file of sentences whose words have labels."""

    path: Path
    """The file."""
    column: str | int = "upos"
    """Where the labels stand: a column of CoNLL-U by name; of other files by number from 1, else the last one."""
    form: Form = "auto"
    """Format of the file; "auto" looks at its name and its lines."""


class TaggingData(Settings):
    """What to train on and what to validate on."""

    train: list[TaggedSource] = Field(min_length=1)
    """Sentences whose words have labels."""
    validation: list[TaggedSource] = Field(default=[])
    """Without any, a part of the training data is held out."""
    held_out: ValidationSplit = 0.1
    """Its share (below 1), or so many sentences (at most a tenth of all); equal sentences go together."""
    max_words: int = Field(default=256, gt=0)
    """Longer sentences are not trained on."""


@dataclass(frozen=True)
class TaggingEvaluation(Evaluation):
    """The scores, and those of each label or kind of span."""

    labels: tuple[LabelScore, ...] = ()


class TaggingTask(Task[Tagger, Tagged]):
    """Words in, a label for each out."""

    use = "tag --model {} text.txt"
    counted = "words"

    class Config(Settings):
        kind: Literal["tagging"] = "tagging"
        text: TokenSettings = TokenSettings()
        """How words become numbers."""
        data: TaggingData
        """What to train on and what to validate on."""
        model: Tagger.Config
        """The network."""

    def __init__(self, config: Config, reader: TokenReader, labels: Sequence[str]) -> None:
        self.config = config
        self.reader = reader
        self.labels = list(labels)
        self.train: list[Sentence] = []
        self.validation: list[Sentence] = []

    @classmethod
    def prepare(cls, config: Config, seed: int, processors: Path | None = None) -> Prepared[Self]:
        skipped, unread = SkipReport(), SkipReport()
        everything, validation = read_data(config.data, seed, skipped, unread)
        train = [sentence for sentence in everything if len(sentence.words) <= config.data.max_words]
        if not train:
            raise nothing_to_train_on(skipped)
        if not validation:
            raise SeqtasksError(
                "There is no sentence with labels to validate on.", "Give data.validation, or more training data."
            )
        counts = Counter(label for sentence in train for label in sentence.labels)
        if processors is None:
            words = (sentence.words for sentence in train)
            reader = TokenReader.fit(words, config.text, with_characters=config.model.characters is not None)
            task = cls(config, reader, by_frequency(counts))
        else:
            task = cls.load(config, processors)
            require_known(counts, task.labels)
        task.train, task.validation = train, validation
        total = counts.total()
        remarks = (
            f"training sentences: {len(train):,} with {total:,} words ({skipped.describe()}; "
            f"{len(everything) - len(train):,} over {config.data.max_words} words); "
            f"validation sentences: {len(validation):,}{unread.note}",
            f"vocabulary: {len(task.reader.words.tokens):,} words"
            + (f", {len(task.reader.characters.tokens):,} characters" if task.reader.characters is not None else "")
            + f"; labels: {len(task.labels):,}",
        )
        data = {
            "sentences": len(train), "words": total, "validation_sentences": len(validation),
            "fingerprint": fingerprint((*each.words, *each.labels) for each in (*train, *validation)),
        }  # fmt: skip
        return Prepared(task, remarks, data)

    @classmethod
    def load(cls, config: Config, processors: Path) -> Self:
        reader = TokenReader.load(processors, config.text, with_characters=config.model.characters is not None)
        return cls(config, reader, load_labels(processors))

    def save_processors(self, folder: Path) -> None:
        self.reader.save(folder)
        save_labels(self.labels, folder)

    @property
    def column(self) -> str:
        """The column of CoNLL-U that the labels belong in.

        It is the one that they were learned from; those of other files, and those of upos that are no universal parts
        of speech, go to xpos.
        """
        source = self.config.data.train[0]
        named = source.column
        if isinstance(named, int) and "conllu" in (source.form, form_of(str(source.path), "")):
            named = CONLLU[conllu_place(named)]
        if isinstance(named, str) and named.lower() != "upos":
            return named.lower()
        return "upos" if UNIVERSAL_TAGS.issuperset(self.labels) else "xpos"

    def build_model(self) -> Tagger:
        characters = 0 if self.reader.characters is None else self.reader.characters.size
        return Tagger(self.config.model, self.reader.words.size, characters, len(self.labels))

    def loss(self, model: Tagger, batch: Tagged) -> Loss:
        return model.loss(batch)

    def batches(self, batch_tokens: int, seed: int) -> TaggedBatches:
        numbers = {label: number for number, label in enumerate(self.labels)}
        return TaggedBatches(
            [self.reader.read(sentence.words) for sentence in self.train],
            [[numbers[label] for label in sentence.labels] for sentence in self.train],
            batch_tokens=batch_tokens,
            seed=seed,
        )

    def validate(self, model: Tagger) -> Evaluation:
        found = self.evaluate(model, self.validation)
        return replace(found, scores=tuple(sorted(found.scores, key=lambda score: score.metric != BEST_FOR_SPANS)))

    def evaluate(self, model: Tagger, sentences: Sequence[Sentence]) -> TaggingEvaluation:
        """Tags the sentences' words and compares with their labels."""
        tagger = SentenceTagger(model, self.reader, self.labels)
        started = time.perf_counter()
        found = [tagged.labels for tagged in tagger.tag([sentence.words for sentence in sentences])]
        seconds = time.perf_counter() - started
        expected = [sentence.labels for sentence in sentences]
        shown = range(0, len(sentences), max(1, len(sentences) // 3))[:3]
        return TaggingEvaluation(
            label_scores(found, expected),
            tuple(
                Sample(" ".join(sentences[row].words), " ".join(expected[row]), " ".join(found[row])) for row in shown
            ),
            "viterbi" if self.config.model.head == "crf" else "argmax",
            len(sentences),
            seconds,
            scores_by_label(found, expected),
        )

    def card(self, scores: tuple[Score, ...], data: dict[str, Any]) -> str:
        model = self.config.model
        reads = "" if model.characters is None else f", characters read by `{kind_of(model.characters)}`"
        validated = f"{data.get('validation_sentences', 0):,} validation sentences"
        labels = ", ".join(f"`{label}`" for label in self.labels[:50])
        return (
            f"# Labels for words\n\n"
            f"Encoder `{kind_of(model.encoder)}`{reads}, head `{model.head}`; trained with seqtasks on "
            f"{data.get('words', 0):,} words in {data.get('sentences', 0):,} sentences.\n\n"
            f"{len(self.labels):,} labels: {labels}{' and others' if len(self.labels) > 50 else ''}.\n\n"
            f"{score_table(validated, scores)}\n"
            'Use it: `echo "..." | seqtasks tag --model DIRECTORY`. `config.toml` trains it again.\n'
        )


def nothing_to_train_on(skipped: SkipReport) -> SeqtasksError:
    return SeqtasksError(
        f"There is no sentence with labels to train on: {skipped.describe()}.",
        "Look at the data files: .txt is text without labels, unless it has tabs; columns between blanks are .conll.",
    )


def read_data(
    data: TaggingData, seed: int, skipped: SkipReport, unread: SkipReport
) -> tuple[list[Sentence], list[Sentence]]:
    """Training and validation sentences, all of them with labels; `unread` is the report of the validation files."""

    def read(source: TaggedSource, report: SkipReport) -> Iterator[Sentence]:
        return with_labels(read_sentences(source.path, report, column=source.column, form=source.form), report)

    train = [replace(sentence, lines=()) for source in data.train for sentence in read(source, skipped)]
    if data.validation:
        return train, [sentence for source in data.validation for sentence in read(source, unread)]
    return train_validation_split(train, data.held_out, seed, groups=[sentence.words for sentence in train])
