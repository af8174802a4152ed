"""The protocol of tasks: plain Python around a model."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, get_args

from torch import Tensor, nn
from typing_extensions import TypeVar

from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError
from seqtasks.inference.base import Pipeline
from seqtasks.metrics.evaluation import Evaluation, Skipped
from seqtasks.metrics.score import Score, score_table
from seqtasks.models import Loss
from seqtasks.registry import Component, ConfigModel, fields_of, kind_of, unwrapped
from seqtasks.tasks.data_loader import BatchT, DataLoader
from seqtasks.tasks.tbptt import TBPTTState
from seqtasks.text import Tokenizer
from seqtasks.text.normalize import is_normalized_otherwise

Warn = Callable[[str], object]
"""Takes a sentence about data that are left out."""

BatchTensors = tuple[Tensor | None, ...]
"""The tensors of a batch, the rows first in each; None for what this batch does not need."""

ModelT = TypeVar("ModelT", bound=nn.Module, default=Any)


@dataclass(frozen=True)
class EvaluationRequest:
    """The data to evaluate on, and the options of it; None for those that are not given."""

    data: Sequence[Path]
    decoding: Mapping[str, Any] = field(default_factory=dict)
    """Decoding options."""
    split: str | None = None
    languages: tuple[str, str] | None = None
    lowercase: bool | None = None
    metrics: Sequence[str] = ()
    """Further ones than those that the task always has."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """Which columns of a table hold what, by the keys of a source: `text_column`, `header` and so on."""
    max_input_length: int | None = None
    """Tokens that are read at once."""


TaskT_co = TypeVar("TaskT_co", bound="Task", covariant=True, default=Any)


@dataclass(frozen=True)
class PreparedTask(Generic[TaskT_co]):
    """A task whose processors are fitted, and what was found in the data."""

    task: TaskT_co
    remarks: tuple[str, ...]
    """For people, a line each: how many examples, what was skipped and why."""
    data: dict[str, Any] = field(default_factory=dict)
    """For the manifest: how many examples, and a fingerprint that changes when they do."""
    warnings: tuple[str, ...] = ()
    """What makes it doubtful that a training on these data is of use, a sentence each without its full stop."""


class Task(Component, ABC, Generic[ModelT, BatchT]):
    """Reads data, fits processors, makes batches, scores a model. The trainer sees no more than this.

    A subclass names the type of its model and that of its batches: `class TaggingTask(Task[Tagger, Tagged])`.
    `Config` is the run configuration's share of the task: its `kind` is the key `task` of the TOML file.
    """

    config: Any
    """The member's own `Config`; its field `model` holds the settings of the model."""
    usage: ClassVar[str] = "info {}"
    """The command that uses a model of the task, without the program's name; {} is the model."""
    card_usage: ClassVar[str] = ""
    """Such a command with the program's name, for model cards that show another one."""
    examples: ClassVar[str] = "examples"
    """What its examples are called."""
    unit: ClassVar[str] = "tokens"
    """What the counts of its losses count."""
    example_data: ClassVar[str] = ""
    """What files for `preset` may be called, for messages; empty for a task without presets."""
    evaluation_options: ClassVar[tuple[str, ...]] = ()
    """What of an `EvaluationRequest` applies beside the data; "confusion" where there is a confusion matrix."""
    carried: TBPTTState | None = None
    """What the objective carries from batch to batch, once training begins, where it goes over streams."""

    @classmethod
    @abstractmethod
    def prepare(cls, config: Any, seed: int, processors: Path | None = None) -> PreparedTask[Self]:
        """Reads the training and validation data; fits the processors, or reads them from the folder `processors`."""

    @classmethod
    @abstractmethod
    def load(cls, config: Any, processors: Path) -> Self:
        """The task of a trained model: its processors without any data."""

    @abstractmethod
    def build_model(self) -> ModelT:
        """A new model."""

    def initialize(self, model: ModelT) -> None:
        """Gives a new model the parts that others have trained. One that starts from a bundle has them already."""

    def on_train_start(self, model: ModelT) -> Sequence[str]:
        """Does what has to be done before the first batch, such as to compute what never changes in training.

        Returns remarks for people, a line each.
        """
        return ()

    def loss(self, model: Any, batch: BatchT) -> Loss:
        """The training objective on one of the `batches`: that of the model, unless a task has another."""
        loss: Loss = model.loss(batch)
        return loss

    def describe_loss(self) -> str:
        """What the training loss is, for people."""
        unit = self.unit.removesuffix("s")
        if getattr(self.config, "self_critical", None) is not None:
            return f"log-probability of samples weighted by their advantage, per {unit}, dropout on"
        smoothing = getattr(self.config.model, "label_smoothing", 0.0)
        return f"nats per {unit}, dropout on" + (f", label smoothing {smoothing:g} included" if smoothing else "")

    def is_newly_initialized(self, name: str) -> bool:
        """Whether a model that this training starts from may lack the tensor that is called so."""
        return False

    def state_dict(self) -> dict[str, Tensor]:
        """What the objective carries from batch to batch, for a training that is stopped and goes on."""
        return {} if self.carried is None else self.carried.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Goes on with what `state_dict` gave."""
        if self.carried is not None:
            self.carried.load_state_dict(state)

    @abstractmethod
    def batches(self, batch_tokens: int, seed: int) -> DataLoader[BatchT]:
        """The training data in batches of at most `batch_tokens` padded tokens on the longer side."""

    @abstractmethod
    def validate(self, model: ModelT) -> Evaluation:
        """Decodes the validation data and scores it, as a user would see it."""

    @classmethod
    def preset(cls, data: Sequence[Path], settings: Mapping[str, str]) -> dict[str, Any]:
        """The run configuration that suits the data.

        Args:
            data: Files or folders.
            settings: What is set by dotted name, such as {"model.encoder.kind": "lstm"}: other settings follow from it.
        """
        kind = cls.Config.model_fields["kind"].default
        raise SeqtasksError(f"The task {kind} has no presets.", "Train it from a run configuration.")

    def pipeline(self, models: Sequence[Any]) -> Pipeline:
        """What takes trained models, in evaluation mode, from raw input to results."""
        raise SeqtasksError(
            f"The task {kind_of(self.config)} has no pipeline: nothing here predicts with its models.",
            "Update seqtasks, or give the task a method `pipeline`.",
        )

    def evaluate(self, pipeline: Any, request: EvaluationRequest, warn: Warn) -> Evaluation:
        """Reads data files as those of the training, and measures on them what `pipeline` gave.

        Args:
            warn: Is told what is left out, a sentence each.
        """
        skipped = ReadReport()
        examples = list(self.read(request, skipped))
        if not examples:
            files = ", ".join(map(str, request.data))
            raise SeqtasksError(
                f"There are no {self.examples} to evaluate on in {files} ({skipped.describe()}).",
                "Look at the data files.",
            )
        warn_skipped(skipped, warn)
        options = {} if request.lowercase is None else {"lowercase": request.lowercase}
        found: Evaluation = pipeline.evaluate(examples, **options, **request.decoding)
        return replace(found, skipped=skipped_in(skipped))

    def read(self, request: EvaluationRequest, skipped: ReadReport) -> Iterable[Any]:
        """The examples to evaluate on; `skipped` counts what is left out."""
        raise SeqtasksError(f"The task {kind_of(self.config)} cannot be evaluated on files.")

    @classmethod
    def source_options(cls) -> Mapping[str, Any]:
        """The keys of a source of the training data."""
        data = unwrapped(fields_of(cls.Config).get("data"))
        sources = unwrapped(fields_of(data).get("train"))
        return fields_of(get_args(sources)[0]) if sources is not None else {}

    def sources(self, files: Sequence[Path], columns: Mapping[str, Any]) -> list[Any]:
        """Files as sources that are read as the first one of the training data, but for the `columns` given."""
        return [self.config.data.train[0].model_copy(update={**columns, "path": path}) for path in files]

    @abstractmethod
    def save_processors(self, folder: Path) -> None:
        """Writes what `load` reads."""

    def model_card(self, scores: tuple[Score, ...], data: dict[str, Any]) -> str:
        """The model card, in Markdown: what it is, trained on what, how good, how to use it."""
        known = defaultdict(int, data)
        title, *paragraphs = self.describe(known)
        validated = f"{known[f'validation_{self.examples}']:,} validation {self.examples}"
        parts = [f"# {title}", *paragraphs, score_table(validated, scores)]
        use = (self.card_usage or f"seqtasks {self.usage}").format("DIRECTORY")
        return "\n\n".join(parts) + f"\nUse it: `{use}`. `config.toml` trains it again.\n"

    def describe(self, data: Mapping[str, Any]) -> Sequence[str]:
        """The title of the model card and its first paragraphs; `data` has 0 for what was not counted."""
        return (f"A model for {kind_of(self.config)}",)


def warn_skipped(skipped: ReadReport, warn: Warn) -> None:
    """Tells what was left out, if anything was."""
    if skipped.skipped:
        warn(skipped.describe())


def skipped_in(*reports: ReadReport) -> tuple[Skipped, ...]:
    """What was left out by any of the reports, for an evaluation."""
    return tuple(
        Skipped(reason, omission.count, tuple(omission.places))
        for report in reports
        for reason, omission in report.omissions.items()
    )


def require_validation(validation: Sequence[Any], example: str, more: str) -> None:
    """Raises SeqtasksError where nothing is left to validate on."""
    if not validation:
        raise SeqtasksError(f"There is no {example} to validate on.", f"Give data.validation, or more training {more}.")


def load_tokenizer(folder: Path, name: str, settings: ConfigModel) -> Tokenizer:
    """The text processor of a trained model that was saved under this name."""
    kind = Tokenizer.of(settings)
    return kind.load(folder / f"{name}{kind.extension}", settings)


def fingerprint(examples: Iterable[Sequence[str]]) -> str:
    """A digest of the examples' texts that any change of them, of their order, or of what is read out of them changes.

    Texts that are normalized as in version 0.1 have the fingerprint that they had there.
    """
    digest = hashlib.sha256()
    otherwise = False
    for texts in examples:
        joined = "\0".join([*texts, "\n"])
        otherwise = otherwise or is_normalized_otherwise(joined)
        digest.update(joined.encode(errors="surrogatepass"))
    if otherwise:
        digest.update(b"normalized as in 0.2")
    return digest.hexdigest()
