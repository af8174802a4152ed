"""What the pipelines of all tasks share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any, TypeVar

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from seqtasks.data.batch_sampler import sorted_batches
from seqtasks.decoding import DecodingConfig, Ensemble, Stepper
from seqtasks.device import forks, release_freed_memory, single_thread
from seqtasks.errors import SeqtasksError
from seqtasks.inference.logits_processors import ParsedDecodingConfig
from seqtasks.plurals import counted
from seqtasks.version import __version__

OPTIONS = TypeAdapter(ParsedDecodingConfig)
"""Validates decoding options; made once, since making it takes as long as a short sentence."""

BATCH_TOKENS = 10_000
"""Tokens a batch: more gives nothing on a CPU."""

Result = TypeVar("Result")


class Pipeline:
    """A trained model, or an ensemble, with all that it takes from raw input to results. `seqtasks.load` makes one.

    Args:
        models: One model, or the members of an ensemble, in evaluation mode, on one device; none where another engine
            has the model, which runs on the CPU.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        self.models: Sequence[nn.Module] = list(models)

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return next(self.models[0].parameters()).device if self.models else torch.device("cpu")

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the weights."""
        return next(self.models[0].parameters()).dtype if self.models else torch.float32

    def to_device(self, tensor: Tensor) -> Tensor:
        """An input of the models on their device. Warns, once, in a forked process that has lost its threads."""
        forks.warn()
        return tensor.to(self.device)

    @property
    def precision(self) -> str:
        """What computes, and how exactly, as signatures have it."""
        return f"dtype={str(self.dtype).removeprefix('torch.')}"

    def signature(self, decoding: str) -> str:
        """The signature of all that outputs depend on, from that of the decoding."""
        members = f"|models={len(self.models)}" if len(self.models) > 1 else ""
        return f"{decoding}{members}|{self.precision}|v={__version__}"


class DecodingPipeline(Pipeline):
    """A pipeline whose models write.

    Args:
        models: One model, or the members of an ensemble.
        decoding: The options that hold where a call gives no others.
    """

    def __init__(self, models: Sequence[nn.Module], decoding: DecodingConfig) -> None:
        super().__init__(models)
        self.default_decoding = decoding

    def decoding(self, **options: Any) -> DecodingConfig:
        """The pipeline's own decoding options, but for those given; None keeps the pipeline's own.

        A beam that is not given is as wide as `nbest` needs it; greedy search and sampling switch the model's own
        consensus and coverage penalty off.

        Raises:
            SeqtasksError: An unknown option, or a value that makes no sense.
        """
        own = dataclasses.asdict(self.default_decoding)
        given = {name: value for name, value in options.items() if value is not None}
        unknown = given.keys() - own.keys()
        if unknown:
            raise SeqtasksError(
                f"Unknown decoding option {', '.join(sorted(unknown))}.", f"Available: {', '.join(own)}."
            )
        if "beam_size" not in given and isinstance(given.get("nbest"), int):
            given["beam_size"] = max(own["beam_size"], given["nbest"])
        if given.get("beam_size") == 1 or given.get("sample"):
            own["mbr_samples"], own["coverage_penalty"] = 0, 0.0
        texts = {name: str(value) for name, value in given.items() if isinstance(own[name], str)}
        try:
            return OPTIONS.validate_python({**own, **given, **texts})
        except ValidationError as error:
            detail = error.errors()[0]
            where = "".join(f"{part}: " for part in detail["loc"])
            raise SeqtasksError(f"Decoding: {where}{detail['msg'].removeprefix('Value error, ')}") from error


def ensemble(steppers: Sequence[Stepper]) -> Stepper:
    """What decodes for all models, which are bound to the same input."""
    return steppers[0] if len(steppers) == 1 else Ensemble(steppers)


def in_sorted_batches(
    process: Callable[[list[int]], Iterable[Result]],
    lengths: Sequence[int],
    budget: int,
    *,
    long: Sequence[bool] | None = None,
) -> list[Result]:
    """Runs a function over inputs in batches of about equal length.

    Args:
        process: Takes the numbers of some inputs and gives a result for each, in their order.
        lengths: The length of each input, in tokens.
        budget: The longest input of a batch times the number of its inputs is at most this.
        long: Marks the pieces of long inputs: they come apart from the others, which they cannot hold up or change, and
            on a single thread.

    Returns:
        A result for each input, in their order.
    """
    results: dict[int, Result] = {}
    marks = np.zeros(len(lengths), dtype=np.bool_) if long is None else np.array(long, dtype=np.bool_)
    for mark, threads in ((False, nullcontext()), (True, single_thread)):
        numbers = np.flatnonzero(marks == mark)
        if not len(numbers):
            continue
        with threads:
            for batch in sorted_batches(np.array(lengths, dtype=np.int64)[numbers], budget):
                rows = numbers[batch].tolist()
                results.update(zip(rows, process(rows), strict=True))
                release_freed_memory()
    return [results[row] for row in range(len(lengths))]


def require_single(models: Sequence[nn.Module], verb: str) -> None:
    """Raises SeqtasksError for an ensemble."""
    if len(models) > 1:
        raise SeqtasksError(f"{len(models)} models cannot {verb} together.", "Give one of them.")


def require_list(texts: Sequence[Any], name: str) -> None:
    """Raises SeqtasksError for one text where there have to be several."""
    if isinstance(texts, str):
        raise SeqtasksError(f"{name} is one text, not a list of texts.", f"Write [{texts[:20]!r}].")


def require_equal(count: int, name: str, texts: int) -> None:
    """Raises SeqtasksError unless there is one for each text."""
    if count != texts:
        raise SeqtasksError(f"Got {counted(count, name)} for {counted(texts, 'texts')}.", "Give one for each.")
