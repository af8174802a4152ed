"""What the callable classes for `ray.data` share: columns of a batch in, columns added.

A row that fails has the reason in the column of errors, and empty results; the rows beside it have theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import ray

from seqtasks.errors import SeqtasksError
from seqtasks.integrations.ray.halving import process_by_halves
from seqtasks.integrations.ray.models import SharedModel, open_model

Columns = Mapping[str, Any]
Model = SharedModel | str | Path | Sequence[str | Path]
Result = TypeVar("Result")
PipelineType = TypeVar("PipelineType")


class Predictor(Generic[PipelineType, Result]):
    """What the callable classes share. A process of Ray makes one object, which opens the model.

    Args:
        model: Of `put_model`, so that each node gets it from the cluster; or a name or a directory on every node, or
            several for an ensemble.
        column: The column that is read.
        output: The column of the results. The names of further columns begin with it: see the class.
        device: As for `seqtasks.load`. A GPU has to be asked for: `map_batches(..., num_gpus=1)`.
        dtype: As for `seqtasks.load`.
        threads: As for `seqtasks.load`; None = as many as Ray gives the process (`num_cpus`).
        **options: Those of the pipeline's method, such as `beam_size`.

    Raises:
        SeqtasksError: The model cannot be opened, or is for another task; an option is unknown.
    """

    task: ClassVar[str]
    results: ClassVar[dict[str, tuple[Callable[[Any], Any], Any]]]
    """What follows the name of the output column in that of each column: how a value is made, and that of a failure."""

    def __init__(
        self,
        model: Model,
        *,
        column: str,
        output: str,
        device: str = "auto",
        dtype: str = "auto",
        threads: int | None = None,
        **options: Any,
    ) -> None:
        if threads is None:
            threads = max(1, int(ray.get_runtime_context().get_assigned_resources().get("CPU", 1)))
        opened = open_model(model, self.task, device=device, dtype=dtype, threads=threads)
        self.pipeline: PipelineType = opened.pipeline  # type: ignore[assignment]  # it is that of the task
        self.column = column
        self.output = output
        self.options = options
        self.check()

    def check(self) -> None:
        """Raises SeqtasksError for options that the pipeline does not have."""

    def item(self, value: Any) -> Any:
        """A value of the column as the pipeline takes it. Raises SeqtasksError where it cannot."""
        if not isinstance(value, str):
            raise SeqtasksError(f"{'null' if value is None else type(value).__name__} is not text.")
        return value

    def predict(self, items: Sequence[Any]) -> Sequence[Result | SeqtasksError]:
        """A result for each item, or why there is none."""
        raise NotImplementedError

    def __call__(self, batch: Columns) -> dict[str, Any]:
        """The columns of a batch, and those of the results.

        Raises:
            SeqtasksError: The batch does not have the column, or has one of those that are added.
        """
        added = {f"{self.output}{suffix}": suffix for suffix in (*self.results, "_error")}
        if self.column not in batch or not added.keys().isdisjoint(batch):
            raise SeqtasksError(
                f"The columns are {', '.join(batch)}: {self.column} is read, {', '.join(added)} are added.",
                "Choose others: column=..., output=...",
            )
        found = self.answers(list(batch[self.column]))
        columns = dict(batch)
        for suffix, (value_of, nothing) in self.results.items():
            values = [nothing if isinstance(each, SeqtasksError) else value_of(each) for each in found]
            columns[f"{self.output}{suffix}"] = as_column(values)
        columns[f"{self.output}_error"] = as_column(
            [str(each) if isinstance(each, SeqtasksError) else "" for each in found]
        )
        return columns

    def answers(self, values: Sequence[Any]) -> list[Result | SeqtasksError]:
        """A result for each value; where something fails, the halves are tried, down to the values that fail."""

        def predict(span: range) -> Sequence[Result | SeqtasksError]:
            return self.predict([self.item(values[place]) for place in span])

        def failed(_: range, error: Exception) -> Sequence[Result | SeqtasksError]:
            return [error if isinstance(error, SeqtasksError) else SeqtasksError(f"{type(error).__name__}: {error}")]

        return [*chain.from_iterable(process_by_halves(range(len(values)), predict, failed))]


def as_column(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """The values as they are, lists of any lengths among them."""
    if values and not isinstance(values[0], list | str):
        return np.array(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
