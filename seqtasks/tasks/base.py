"""The protocol of tasks: plain Python around a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, get_args

from torch import Tensor, nn
from typing_extensions import TypeVar

from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError
from seqtasks.inference.base import Pipeline
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.metrics.score import Score, score_table
from seqtasks.models import Loss
from seqtasks.plurals import counted, singular
from seqtasks.registry import Component, ConfigModel, fields_of, kind_of, unwrapped
from seqtasks.tasks.data_loader import BatchT, DataLoader
from seqtasks.tasks.data_reports import Warn, skipped_in, warn_skipped
from seqtasks.tasks.tbptt import TBPTTState
from seqtasks.text import Tokenizer

BatchTensors = tuple[Tensor | None, ...]
"""The tensors of a batch, the rows first in each; None for what this batch does not need."""

ModelT = TypeVar("ModelT", bound=nn.Module, default=Any)
TaskT_co = TypeVar("TaskT_co", bound="Task", covariant=True, default=Any)


@dataclass(frozen=True, kw_only=True)
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


@dataclass(frozen=True)
class PreparedTask(Generic[TaskT_co]):
    """A task whose processors are fitted, and what was found in the data."""

    task: TaskT_co
    remarks: tuple[str, ...]
    """Human-readable, one per line: how many examples, what was skipped and why."""
    data: dict[str, Any] = field(default_factory=dict)
    """For the manifest: how many examples, and a fingerprint that changes when they do."""
    warnings: tuple[str, ...] = ()
    """Reasons to doubt that training on these data is useful, a sentence each without its full stop."""
    columns: tuple[str, ...] = ()
    """Human-readable, one per file: which columns of a table, or keys of JSON, were taken."""


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
    validation_key: ClassVar[str] = ""
    """Where `PreparedTask.data` counts the validation examples, unless that is `validation_` and `examples`."""
    unit: ClassVar[str] = "tokens"
    """What the counts of its losses count."""
    example_data: ClassVar[str] = ""
    """What files for `preset` may be called, for messages; empty for a task without presets."""
    evaluation_options: ClassVar[tuple[str, ...]] = ()
    """What of an `EvaluationRequest` applies beside the data; "confusion" where there is a confusion matrix."""
    inherited_options: ClassVar[tuple[str, ...]] = ()
    """Options of a source that data to fine-tune a model on have as its own training data, unless they are given."""
    carried: TBPTTState | None = None
    """What the objective carries from batch to batch, once training begins, where it goes over streams."""

    @classmethod
    @abstractmethod
    def prepare(cls, config: Any, seed: int, processors: Path | None = None) -> PreparedTask[Self]:
        """Reads the training and validation data and fits the processors.

        Args:
            config: The member's own `Config`.
            seed: Of whatever is drawn here, such as the hold-out.
            processors: A folder of fitted processors that are taken instead, as `save_processors` wrote it.

        Returns:
            The task, and what was found in the data.

        Raises:
            SeqtasksError: The data cannot be read, or nothing in them can be trained or validated on.
        """

    @classmethod
    @abstractmethod
    def load(cls, config: Any, processors: Path) -> Self:
        """The task of a trained model: its processors without any data.

        Args:
            config: The member's own `Config`, as the model was trained with it.
            processors: The folder that `save_processors` wrote.

        Raises:
            SeqtasksError: A file of a processor is missing or damaged.
        """

    @abstractmethod
    def build_model(self) -> ModelT:
        """A new model."""

    def initialize(self, model: ModelT) -> None:
        """Gives a new model the parts that others have trained. One that starts from a bundle has them already."""

    def on_train_start(self, model: ModelT) -> Sequence[str]:
        """Does what has to be done before the first batch, such as to compute what never changes in training.

        Args:
            model: The model that is trained, with its first weights, on its device.

        Returns:
            Human-readable remarks, one per line.
        """
        return ()

    def loss(self, model: Any, batch: BatchT) -> Loss:
        """The training objective: that of the model, unless a task has another.

        Args:
            model: The model that is trained, in training mode.
            batch: One of the `batches`, on the device of the model.

        Returns:
            The sum over the batch, and what it is to be divided by: a count of `unit`.
        """
        loss: Loss = model.loss(batch)
        return loss

    def describe_loss(self) -> str:
        """A human-readable description of the training loss."""
        unit = singular(self.unit)
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
        """The training data, epoch after epoch without end.

        Args:
            batch_tokens: The most padded tokens of a batch, on the longer side.
            seed: Of the order and of all else that is random; the same seed gives the same batches.
        """

    @abstractmethod
    def validate(self, model: ModelT) -> Evaluation:
        """Decodes the validation data and scores it, as a user would see it.

        Args:
            model: The model with the weights that would be kept, in evaluation mode.

        Returns:
            Scores, of which the first says which model is best unless the configuration names another one.
        """

    @classmethod
    def preset(cls, data: Sequence[Path], settings: Mapping[str, str]) -> dict[str, Any]:
        """The run configuration that suits the data.

        Args:
            data: Files or folders.
            settings: What is set by dotted name, such as {"model.encoder.kind": "lstm"}: other settings follow from it.

        Returns:
            Tables and keys, nested as in the TOML file.

        Raises:
            SeqtasksError: The data cannot be read, or the task has no presets.
        """
        kind = cls.Config.model_fields["kind"].default
        raise SeqtasksError(f"The task {kind} has no presets.", "Train it from a run configuration.")

    @classmethod
    def check_data(cls, config: Any) -> None:
        """Raises SeqtasksError where data to fine-tune a model on contradict its configuration, before all is read."""

    def pipeline(self, models: Sequence[Any]) -> Pipeline:
        """What takes models from raw input to results.

        Args:
            models: Trained models in evaluation mode, several of them as an ensemble.

        Raises:
            SeqtasksError: The task predicts nothing.
        """
        raise SeqtasksError(
            f"The task {kind_of(self.config)} has no pipeline: it cannot be used for prediction.",
            "Update seqtasks, or define `pipeline` in the task.",
        )

    def evaluate(self, pipeline: Any, request: EvaluationRequest, warn: Warn) -> Evaluation:
        """Reads data files as those of the training, and measures on them.

        Args:
            pipeline: What `pipeline` gave.
            request: The files, and the options that `evaluation_options` names.
            warn: Called with a sentence about data that are skipped, or doubtful.

        Raises:
            SeqtasksError: There is no example to evaluate on.
        """
        skipped = ReadReport()
        examples = list(self.read(request, skipped))
        if not examples:
            files = f"{', '.join(map(str, request.data))} ({skipped.describe()})"
            raise SeqtasksError(f"There are no {self.examples} to evaluate on in {files}.", "Check the data files.")
        warn_skipped(skipped, warn)
        for warning in (*skipped.warnings, *self.data_warnings(examples)):
            warn(warning)
        options = {} if request.lowercase is None else {"lowercase": request.lowercase}
        found: Evaluation = pipeline.evaluate(examples, **options, **request.decoding)
        return replace(found, skipped=skipped_in(skipped))

    def data_warnings(self, examples: Sequence[Any]) -> Iterable[str]:
        """Reasons to doubt that scores on these examples mean anything, a sentence each without its full stop."""
        return ()

    def read(self, request: EvaluationRequest, skipped: ReadReport) -> Iterable[Any]:
        """The examples to evaluate on.

        Args:
            request: The files, and the columns that were asked for.
            skipped: Counts what is left out.

        Raises:
            SeqtasksError: The task cannot be evaluated on files.
        """
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
        validated = counted(known[self.validation_key or f"validation_{self.examples}"], f"validation {self.examples}")
        parts = [f"# {title}", *paragraphs, score_table(validated, scores)]
        use = (self.card_usage or f"seqtasks {self.usage}").format("DIRECTORY")
        return "\n\n".join(parts) + f"\nUse it: `{use}`. Train it again with `config.toml`.\n"

    def describe(self, data: Mapping[str, Any]) -> Sequence[str]:
        """The title of the model card and its first paragraphs, in Markdown.

        Args:
            data: What `prepare` counted in the data; 0 for what was not counted.
        """
        return (f"A model for {kind_of(self.config)}",)


def load_tokenizer(folder: Path, name: str, settings: ConfigModel) -> Tokenizer:
    """The text processor of a trained model that was saved under this name."""
    kind = Tokenizer.of(settings)
    return kind.load(folder / f"{name}{kind.extension}", settings)
