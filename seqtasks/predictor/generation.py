"""Texts that a trained language model writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from seqtasks.decoding import Decoding
from seqtasks.errors import SeqtasksError
from seqtasks.models import LanguageModel
from seqtasks.predictor.base import WritingPredictor, require_list
from seqtasks.tasks import GenerationTask
from seqtasks.tasks.base import Evaluation
from seqtasks.tasks.generation.text_writer import TextWriter, Writing

DRAWING = ("temperature", "top_k", "top_p")
"""Options that mean something where texts are drawn at random."""


class GenerationPredictor(WritingPredictor):
    """Goes on with texts, and measures how probable it finds others. See `load`."""

    task: GenerationTask

    def __init__(self, task: GenerationTask, models: Sequence[LanguageModel]) -> None:
        if len(models) > 1:
            raise SeqtasksError(f"{len(models)} models cannot write together.", "Give one of them.")
        super().__init__(task, models)
        self.writer = TextWriter(self.models[0], task.processor)

    def decoding(self, *, length: int | None = None, **options: Any) -> Decoding:
        """The model's own options of decoding, but for those given; `length` is the most tokens to write.

        A `beam` searches where the model would sample; a `temperature`, `top_k` or `top_p` samples where it would
        search.
        """
        drawing = [name for name in DRAWING if options.get(name) is not None]
        if options.get("sample") is None and (drawing or options.get("beam") is not None):
            options["sample"] = options.get("beam") is None
        if length is not None:
            options["max_length"] = str(length)
        decoding = super().decoding(**options)
        if drawing and not (decoding.sample or decoding.consensus):
            raise SeqtasksError(
                f"Decoding: {drawing[0]} is for drawing at random, and a beam searches for the likeliest text.",
                "Leave out one of them.",
            )
        return decoding

    def generate(self, prompt: str = "", *, count: int = 1, stop: str = "", **options: Any) -> list[Writing]:
        """`count` texts that follow the prompt, up to where they say `stop`; with a beam the best ones, best first.

        `options` are those of `decoding`: length, temperature, top_k, top_p, seed, beam and so on. Characters that the
        model does not know are replaced as `replaced` says.
        """
        return self.writer.write(prompt, self.decoding(**{"nbest": count, **options}), stop=stop)

    def stream(self, prompt: str = "", *, number: int = 0, stop: str = "", **options: Any) -> Iterator[str]:
        """The text number `number` (from 0) of those that `generate` gives, in pieces as it is made."""
        return self.writer.stream(prompt, self.decoding(**options), number=number, stop=stop)

    def replaced(self, prompt: str) -> dict[str, str]:
        """The characters of a prompt that training did not show, and what is read in their place; maybe nothing."""
        return self.writer.replaced(prompt)

    def evaluate(self, texts: Sequence[str]) -> Evaluation:
        """How probable the texts are, read one after the other as one text: loss, perplexity, bits a character."""
        require_list(texts, "texts")
        return self.signed(self.task.evaluate(self.models[0], texts))
