"""Classification: a document is read whole, then it gets a label, or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from seqtasks.data.documents.readers import Document, DocumentSource, read_documents, with_labels
from seqtasks.data.examples import ReadReport
from seqtasks.data.holdout import ValidationSplit, train_validation_split
from seqtasks.data.mixing import MixRatio, describe_mix, mix_weight
from seqtasks.errors import SeqtasksError
from seqtasks.inference.classification import ClassificationPipeline
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models import ClassificationBatch, Classifier, Loss
from seqtasks.plurals import counted
from seqtasks.registry import ConfigModel, PolymorphicField, kind_of
from seqtasks.tasks import fine_tuning as transfer
from seqtasks.tasks.base import EvaluationRequest, PreparedTask, Task, load_tokenizer
from seqtasks.tasks.classification.adversarial import adversarial_loss
from seqtasks.tasks.classification.collate import ClassificationLoader
from seqtasks.tasks.classification.presets import classification_preset
from seqtasks.tasks.data_reports import fingerprint, require_validation
from seqtasks.tasks.data_warnings import doubtful_labels, few_examples, other_language, seen_in_training, unknown_labels
from seqtasks.tasks.label_vocabulary import LABELS, by_frequency, require_classes, require_known
from seqtasks.tasks.presets import chosen_kinds, source_options
from seqtasks.text import SubwordTokenizer, Tokenizer, normalize
from seqtasks.text.vocabulary import Vocabulary

ClassWeights = Literal["none", "balanced"] | dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]


class ClassificationData(ConfigModel):
    """What to train on and what to validate on."""

    train: list[DocumentSource] = Field(min_length=1)
    """Documents and their labels."""
    validation: list[DocumentSource] = Field(default=[])
    """By default, a part of the training data is held out."""
    validation_split: ValidationSplit = 0.1
    """A share (below 1) or a number of documents (at most a tenth of all), stratified by label; equal texts stay
    together."""
    mix: list[DocumentSource] = Field(default=[])
    """Old documents that are trained on beside the new ones, so that a model keeps what it knew; none are held out."""
    mix_ratio: MixRatio = 1.0
    """Examples of `mix` for each new one in an epoch, at most each of them once."""
    max_length: int = Field(default=0, ge=0)
    """Tokens that are read at once: longer documents are read in overlapping windows of this size. 0 = documents are
    read whole."""

    @model_validator(mode="after")
    def windows_overlap(self) -> ClassificationData:
        """Refuses windows of one token."""
        if self.max_length == 1:
            raise ValueError("max_length = 1 cannot overlap: set 2 or more, or 0 to read documents whole")
        return self


class ClassificationTask(Task[Classifier, ClassificationBatch]):
    """A document in, its labels and how probable they are out."""

    usage = "classify --model {} document.txt"
    card_usage = 'seqtasks classify --model {} --text "..."'
    unit = examples = "documents"
    example_data = "reviews.csv"
    evaluation_options = ("confusion", "max_input_length")

    class Config(ConfigModel):
        kind: Literal["classification"] = "classification"
        text: Annotated[ConfigModel, PolymorphicField(Tokenizer)] = SubwordTokenizer.Config()
        """How documents become tokens."""
        data: ClassificationData
        """What to train on and what to validate on."""
        model: Classifier.Config
        """The network."""
        class_weights: ClassWeights = "none"
        """Weights of the documents in training: equal, balanced so that all labels have the same total, or a table by
        label; labels that are not in it have weight 1."""
        adversarial_epsilon: float = Field(default=0.0, ge=0, lt=1)
        """Norm of the adversarial perturbation of the embeddings, as a share of the norm of all embeddings of the text
        (Miyato et al. 2017); training takes twice as long then. 0 = not at all."""
        unfreeze_steps: int = Field(default=0, ge=0)
        """Updates after which the next pretrained part is unfrozen, from the top down; 0 = all parts learn from the
        beginning."""
        layerwise_lr_decay: float = Field(default=1.0, gt=0, le=1)
        """Learning rate of each pretrained part, as a multiple of that of the part above it."""

        @model_validator(mode="after")
        def one_label_is_weighed(self) -> ClassificationTask.Config:
            """Refuses weights of classes where several labels may hold."""
            if self.model.multi_label and self.class_weights != "none":
                raise ValueError("class_weights are for documents of one label each, not for model.multi_label = true")
            return self

        @model_validator(mode="after")
        def only_a_start_is_unfrozen(self) -> ClassificationTask.Config:
            """Refuses settings of gradual unfreezing without a language model to start from."""
            if self.init_from is None and (self.unfreeze_steps or self.layerwise_lr_decay != 1):
                raise ValueError(
                    "unfreeze_steps and layerwise_lr_decay are for model.encoder.init_from = a language model"
                )
            return self

        @property
        def init_from(self) -> str | None:
            """The language model that the encoder starts from."""
            return getattr(self.model.encoder, "init_from", None)

        @property
        def init_modules(self) -> str:
            """What is taken of it."""
            return getattr(self.model.encoder, "init_modules", "encoder")

    config: Config

    def __init__(self, config: Config, processor: Tokenizer, labels: Sequence[str]) -> None:
        self.config = config
        self.processor = processor
        self.labels = list(labels)
        self.train: list[Document] = []
        self.draws: list[float] = []
        self.validation: list[Document] = []

    @classmethod
    def prepare(cls, config: Config, seed: int, processors: Path | None = None) -> PreparedTask[Self]:
        """Reads documents; holds some out, of every label, where no validation data are given."""
        skipped, unread = ReadReport(), ReadReport()
        train, validation = read_data(config, seed, skipped, unread)
        new = len(train)
        train += read_labeled(config, config.data.mix, skipped)
        share = mix_weight(new, len(train) - new, config.data.mix_ratio)
        counts = Counter(label for document in train for label in document.labels)
        require_classes(counts, len(train), skipped)
        require_validation(validation, "labeled document", "data")
        if processors is None:
            task = cls(config, make_processor(config, train), by_frequency(counts))
        else:
            task = cls.load(config, processors)
            require_known(counts, task.labels)
        if isinstance(config.class_weights, dict) and (unknown := sorted(config.class_weights.keys() - counts.keys())):
            raise SeqtasksError(
                f"class_weights: no document has the label {unknown[0]!r}.",
                f"The labels are {', '.join(task.labels[:20])}.",
            )
        task.train, task.validation, task.draws = train, validation, [1.0] * new + [share] * (len(train) - new)
        commonest = by_frequency(counts)[0]
        remarks = (
            f"training documents: {len(train):,} ({skipped.describe()}); "
            f"validation documents: {len(validation):,}{unread.note}",
            f"vocabulary: {task.processor.size:,}; labels: {len(task.labels):,}, from {counts[commonest]:,} "
            f"documents of {commonest} to {min(counts.values()):,}",
            *describe_mix(len(train) - new, share, "documents"),
        )
        data = {
            "documents": len(train), "validation_documents": len(validation),
            "label_counts": {label: counts[label] for label in task.labels},
            "fingerprint": fingerprint((each.text, *each.labels) for each in (*train, *validation)),
        }  # fmt: skip
        warnings = (
            *skipped.warnings,
            *unread.warnings,
            *few_examples(len(train), 50, "documents"),
            *(["all training documents have the same label"] if len(counts) == 1 else []),
            *doubtful_labels(counts, {label for each in validation for label in each.labels}, single="document"),
            *seen_in_training((each.text for each in train), (each.text for each in validation), "documents"),
            *other_language(config.text, [each.text for each in train], "documents"),
        )
        return PreparedTask(task, remarks, data, warnings, (*skipped.columns, *unread.columns))

    @classmethod
    def load(cls, config: Config, processors: Path) -> Self:
        """Reads the processor of texts and the names of the labels."""
        return cls(config, load_tokenizer(processors, "text", config.text), Vocabulary.load(processors / LABELS).tokens)

    def save_processors(self, folder: Path) -> None:
        """Writes the processor of texts and the names of the labels."""
        self.processor.save(folder / f"text{self.processor.extension}")
        Vocabulary(self.labels).save(folder / LABELS)

    def build_model(self) -> Classifier:
        """A classifier for the vocabulary and the labels of the data."""
        return Classifier(self.config.model, self.processor.size, len(self.labels))

    def initialize(self, model: Classifier) -> None:
        """Takes over what `init_from` names of a language model (Howard & Ruder 2018)."""
        if self.config.init_from is not None:
            transfer.copy_pretrained(model, transfer.language_model(self.config.init_from), self.config.init_modules)

    def on_train_start(self, model: Classifier) -> Sequence[str]:
        """Freezes what comes from a language model, to be unfrozen by layers (Howard & Ruder 2018, section 3.3)."""
        if self.config.init_from is not None:
            encoder = model.encoder
            parts = transfer.layer_groups(encoder) if self.config.init_modules == "encoder" else [[encoder.embedding]]
            transfer.unfreeze_gradually(parts, self.config.unfreeze_steps, self.config.layerwise_lr_decay)
        return ()

    def loss(self, model: Classifier, batch: ClassificationBatch) -> Loss:
        """That of the model, or with `adversarial_epsilon` also that of disturbed embeddings (Miyato et al. 2017)."""
        distance = self.config.adversarial_epsilon
        return adversarial_loss(model, batch, distance) if distance else model.loss(batch)

    def batches(self, batch_tokens: int, seed: int) -> ClassificationLoader:
        """Documents, or windows of them, weighed as `class_weights` says."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        labels = np.zeros((len(self.train), len(self.labels)))
        for row, document in zip(labels, self.train, strict=True):
            row[[numbers[label] for label in document.labels]] = 1
        return ClassificationLoader(
            self.processor,
            [document.text for document in self.train],
            labels,
            labels @ self.weights() if not self.config.model.multi_label else np.ones(len(self.train)),
            window=self.config.data.max_length,
            batch_tokens=batch_tokens,
            seed=seed,
            draws=self.draws,
        )

    def weights(self) -> np.ndarray[Any, Any]:
        """How much a document of each label counts; balanced: documents / (labels * documents of the label)."""
        if isinstance(self.config.class_weights, dict):
            return np.array([self.config.class_weights.get(label, 1.0) for label in self.labels])
        if self.config.class_weights == "none":
            return np.ones(len(self.labels))
        counts = Counter(label for document in self.train for label in document.labels)
        return np.array([len(self.train) / (len(counts) * counts[label]) if counts[label] else 1.0
                         for label in self.labels])  # fmt: skip

    @classmethod
    def preset(cls, data: Sequence[Path], settings: Mapping[str, str]) -> dict[str, Any]:
        """An encoder and a processor by the amount of data; see `classification_preset`."""
        sources = [
            DocumentSource(path=path, **source_options(settings, number, DocumentSource))
            for number, path in enumerate(data)
        ]
        kinds = chosen_kinds(settings, "text", "model.encoder")
        return classification_preset(sources, **kinds, init_from=settings.get("model.encoder.init_from"))

    def pipeline(self, models: Sequence[Classifier]) -> ClassificationPipeline:
        """Classifies texts in the windows of the training."""
        return ClassificationPipeline(models, self.processor, self.labels, window=self.config.data.max_length)

    def validate(self, model: Classifier) -> Evaluation:
        """Classifies the validation documents."""
        return self.pipeline([model]).evaluate(self.validation)

    def read(self, request: EvaluationRequest, skipped: ReadReport) -> Iterator[Document]:
        """Documents that have as many labels as the model gives."""
        return read_labeled(self.config, self.sources(request.data, request.columns), skipped)

    def data_warnings(self, examples: Sequence[Document]) -> Iterator[str]:
        """Tells of labels that the model does not have."""
        return unknown_labels(Counter(label for each in examples for label in each.labels), self.labels, "documents")

    def describe(self, data: Mapping[str, Any]) -> Sequence[str]:
        """Names the encoder and the labels, with how many documents of the training have each."""
        model = self.config.model
        counts = data["label_counts"] or {}
        named = ", ".join(f"`{label}` ({counts.get(label, 0):,})" for label in self.labels[:50])
        several = "A document can have several labels. " if model.multi_label else ""
        return (
            "Labels for documents",
            f"Encoder `{kind_of(model.encoder)}`, {model.pooling} pooling, vocabulary of {self.processor.size:,}; "
            f"trained with seqtasks on {counted(data['documents'], 'documents')}.",
            f"{several}{counted(len(self.labels), 'labels')}, with their training documents: {named}"
            f"{' and others' if len(self.labels) > 50 else ''}.",
        )


def read_data(
    config: ClassificationTask.Config, seed: int, skipped: ReadReport, unread: ReadReport
) -> tuple[list[Document], list[Document]]:
    """Training and validation documents, all of them labeled; `unread` is the report of the validation data."""
    train = list(read_labeled(config, config.data.train, skipped))
    if config.data.validation:
        return train, list(read_labeled(config, config.data.validation, unread))
    texts = [normalize(document.text) for document in train]
    labels = [document.labels for document in train]
    return train_validation_split(train, config.data.validation_split, seed, groups=texts, labels=labels)


def read_labeled(
    config: ClassificationTask.Config, sources: Sequence[DocumentSource], skipped: ReadReport
) -> Iterator[Document]:
    """The documents of some sources that have as many labels as the model gives."""
    documents = (document for source in sources for document in read_documents(source, skipped))
    return with_labels(documents, skipped, multi_label=config.model.multi_label)


def make_processor(config: ClassificationTask.Config, documents: Sequence[Document]) -> Tokenizer:
    """The text processor of the language model to start from, else one that is learned from the documents."""
    if config.init_from is None:
        return Tokenizer.of(config.text).train((document.text for document in documents), config.text)
    return transfer.text_processor(transfer.language_model(config.init_from), config.text)
