"""Where a text ends: before a string that may span several tokens, or several pieces of a text that comes in them.

As in transformers (`stop_strings`), an output is complete with the token that completes the string: only the end
follows, which costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from jaxtyping import Int
from torch import Tensor

from seqtasks.decoding import DecodingConfig
from seqtasks.decoding.logits_processor import ProcessLogits
from seqtasks.errors import SeqtasksError
from seqtasks.incremental_state import NextLogits
from seqtasks.inference.outputs import Caption, Translation
from seqtasks.special_tokens import END

Output = TypeVar("Output", Translation, Caption)
Item = TypeVar("Item")


def kept(items: Iterable[Item], taken: list[Item]) -> Iterator[Item]:
    """The same items; those that were taken are noted."""
    for each in items:
        taken.append(each)
        yield each


def stop_at(pieces: Iterable[str], stop: str) -> Iterator[str]:
    """The text of the pieces before `stop`, as soon as it is certain that `stop` does not begin there."""
    waiting = ""
    for piece in pieces:
        waiting += piece
        if stop and stop in waiting:
            yield waiting.partition(stop)[0]
            return
        certain = len(waiting) - overlap(waiting, stop)
        if certain:
            yield waiting[:certain]
        waiting = waiting[certain:]
    if waiting:
        yield waiting


def overlap(text: str, stop: str) -> int:
    """Characters at the end of the text that may be the beginning of `stop`."""
    return next((size for size in range(min(len(text), len(stop) - 1), 0, -1) if stop.startswith(text[-size:])), 0)


def with_stop(
    decoding: DecodingConfig, stop: str, read: Callable[[Sequence[int]], str], *, force_words: object = None
) -> DecodingConfig:
    """The options of a search whose outputs are complete with `stop`; `read` gives the text of tokens.

    Raises:
        SeqtasksError: There are words that have to come, too.
    """
    if not stop:
        return decoding
    if force_words:
        raise SeqtasksError("What has to be in an output could come after its stop string.", "Leave out one of them.")
    rule = end_after(stop, read)
    return replace(decoding, logits_processors=(*decoding.logits_processors, lambda: rule))


def end_after(stop: str, read: Callable[[Sequence[int]], str]) -> ProcessLogits:
    """The rule that only the end follows `stop`."""

    def process(log_probabilities: NextLogits, history: Int[Tensor, "rows hyps position"]) -> NextLogits:
        outputs = [[tokens[: [*tokens, END].index(END)] for tokens in row] for row in history.tolist()]
        complete = torch.tensor([[stop in read(tokens) for tokens in row] for row in outputs])
        complete = complete.to(log_probabilities.device)
        log_probabilities.masked_fill_(complete.unsqueeze(2), -torch.inf)
        log_probabilities[..., END].masked_fill_(complete, 0.0)
        return log_probabilities

    return process


def before_stop(output: Output, stop: str) -> Output:
    """The output and its alternatives without what their texts have from `stop` on."""
    if not stop:
        return output
    others = tuple(before_stop(each, stop) for each in output.alternatives)
    if stop not in output.text:
        return replace(output, alternatives=others)
    return replace(output, text=output.text.partition(stop)[0], finished=True, alternatives=others)
