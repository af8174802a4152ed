"""What the predictors of all tasks have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError

from seqtasks.component import kind_of
from seqtasks.decoding import Decoding
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.base import Evaluation
from seqtasks.version import __version__

OPTIONS = TypeAdapter(Decoding)
"""Checks options of decoding; made once, for making it takes as long as a short sentence."""


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

    @property
    def precision(self) -> str:
        """What computes, and how exactly, as signatures have it."""
        return f"dtype={str(self.dtype).removeprefix('torch.')}"

    def signed(self, evaluation: Evaluation) -> Evaluation:
        """The evaluation with the signature of all that the outputs depend on."""
        members = f"|models={len(self.models)}" if len(self.models) > 1 else ""
        signature = f"{evaluation.decoding}{members}|{self.precision}|v={__version__}"
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
            return OPTIONS.validate_python({**own, **given, **texts})
        except ValidationError as error:
            detail = error.errors()[0]
            where = "".join(f"{part}: " for part in detail["loc"])
            raise SeqtasksError(f"Decoding: {where}{detail['msg'].removeprefix('Value error, ')}") from error


def require_list(texts: Sequence[Any], name: str) -> None:
    if isinstance(texts, str):
        raise SeqtasksError(f"{name} is one text, not a list of texts.", f"Write [{texts[:20]!r}].")
