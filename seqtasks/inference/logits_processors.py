"""A user's own rules on the next token."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any

from jaxtyping import Float, Int
from pydantic import BeforeValidator
from torch import Tensor

from seqtasks.decoding import DecodingConfig
from seqtasks.registry import Component, ConfigModel, PolymorphicField


class LogitsProcessor(Component, ABC):
    """A rule on the next token in every search; `[decoding] logits_processors = [{kind = "own"}]` takes it.

    The `Config` of a member is a subclass of this one.

    Args:
        config: The settings of the rule's own kind: its nested `Config`.
    """

    class Config(ConfigModel):
        def __call__(self) -> LogitsProcessor:
            """The rule with these settings; search asks for one a batch."""
            return LogitsProcessor.of(self)(self)

    def __init__(self, config: Any) -> None:
        self.config = config

    @abstractmethod
    def __call__(
        self, log_probabilities: Float[Tensor, "rows hyps vocab"], history: Int[Tensor, "rows hyps position"]
    ) -> Float[Tensor, "rows hyps vocab"]:
        """The log-probabilities of the tokens after `history`; -inf forbids one, and none may be above 0."""


def parse_logits_processors(options: Any) -> Any:
    """Decoding options whose processors are the options of components."""
    if isinstance(options, Mapping) and isinstance(tables := options.get("logits_processors"), list | tuple):
        return {**options, "logits_processors": tuple(map(PolymorphicField(LogitsProcessor).parse, tables))}
    return options


ParsedDecodingConfig = Annotated[DecodingConfig, BeforeValidator(parse_logits_processors)]
"""Decoding options as they are written: a processor is a table with its kind."""
