"""Text generation: texts that a trained language model writes, and how probable it finds others."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, overload

import numpy as np
import torch

from seqtasks.decoding import DecodingConfig, LengthLimit, LengthPenalty, SampledToken, decode, stream
from seqtasks.errors import SeqtasksError
from seqtasks.inference.base import DecodingPipeline, require_list, require_single
from seqtasks.inference.constraints.stop_strings import kept, stop_at
from seqtasks.inference.outputs import Continuation
from seqtasks.inference.perplexity import likelihood
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.metrics.perplexity import likelihood_scores
from seqtasks.models import LanguageModel
from seqtasks.special_tokens import BEGIN, END, UNKNOWN
from seqtasks.text import Tokenizer
from seqtasks.text.tokenizers.base import FIRST_BYTE
from seqtasks.text.tokenizers.document import (
    BYTES,
    DocumentTokenizer,
    IncrementalDetokenizer,
    marked,
    normalize_document,
)
from seqtasks.text.tokenizers.word import MARKS

PLAIN = {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "−": "-"}
"""Replacements for characters that Unicode does not decompose."""
SAMPLING = ("temperature", "top_k", "top_p")
"""Options that apply to sampling alone."""


class TextGenerationPipeline(DecodingPipeline):
    """Generates text from prompts, and measures how probable it finds texts.

    Args:
        models: One language model.
        processor: The text processor that it was trained with.
    """

    models: list[LanguageModel]

    def __init__(
        self,
        models: Sequence[LanguageModel],
        processor: Tokenizer,
        *,
        decoding: DecodingConfig = DecodingConfig(),  # noqa: B008
    ) -> None:
        require_single(models, "write")
        super().__init__(models, decoding)
        self.layout = DocumentTokenizer(processor)

    @property
    def model(self) -> LanguageModel:
        """The one language model."""
        return self.models[0]

    def decoding(self, *, max_new_tokens: int | None = None, **options: Any) -> DecodingConfig:
        """The pipeline's own decoding options, but for those given.

        A beam searches where the model would sample; a `temperature`, `top_k` or `top_p` samples where it would search.

        Args:
            max_new_tokens: The most tokens to generate.
            **options: Those of `DecodingConfig`.

        Raises:
            SeqtasksError: An unknown option, a value that makes no sense, or sampling asked for together with a beam.
        """
        sampling = [name for name in SAMPLING if options.get(name) is not None]
        if options.get("sample") is None and (sampling or options.get("beam_size") is not None):
            options["sample"] = options.get("beam_size") is None
        if max_new_tokens is not None:
            options["max_length"] = str(max_new_tokens)
        decoding = super().decoding(**options)
        if sampling and not (decoding.sample or decoding.mbr_samples):
            raise SeqtasksError(
                f"Decoding: {sampling[0]} is for sampling, but beam search looks for the most likely text.",
                "Leave out one of them.",
            )
        return decoding

    @overload
    def generate(self, prompts: str = "", *, stop: str = ..., **options: Any) -> Continuation: ...
    @overload
    def generate(self, prompts: Sequence[str], *, stop: str = ..., **options: Any) -> list[Continuation]: ...

    def generate(
        self, prompts: str | Sequence[str] = "", *, num_return_sequences: int = 1, stop: str = "", **options: Any
    ) -> Continuation | list[Continuation]:
        """A text that follows the prompt, or one for each of a list of prompts.

        Args:
            prompts: Characters that the model does not know are replaced as `replaced` says.
            num_return_sequences: Texts for each prompt, of a beam the best ones; `alternatives` hold all but the first.
            stop: A text ends before this comes in it.
            **options: Those of `decoding`: max_new_tokens, temperature, top_k, top_p, seed, beam_size and so on.

        Returns:
            A continuation for each prompt, in their order.
        """
        if isinstance(prompts, str):
            return self.generate([prompts], num_return_sequences=num_return_sequences, stop=stop, **options)[0]
        decoding = self.decoding(**{"nbest": num_return_sequences, **options})
        return [self.generate_one(prompt, decoding, stop) for prompt in prompts]

    __call__ = generate

    def generate_one(self, prompt: str, decoding: DecodingConfig, stop: str) -> Continuation:
        """`decoding.nbest` texts: samples, or the best ones of a beam."""
        found = self.found(self.read(prompt), decoding, range(decoding.nbest))
        first, *others = [self.continuation(prompt, tokens, decoding, stop) for tokens in found]
        return replace(first, alternatives=tuple(others), unknown=self.layout.processor.unknown(prompt))

    def found(
        self, read: Sequence[int], decoding: DecodingConfig, numbers: Iterable[int]
    ) -> Iterable[Iterable[SampledToken]]:
        """The samples with these numbers, or the best texts of a beam."""
        if not decoding.sample and decoding.beam_size > 1:
            return self.best(read, decoding)
        return (self.drawn(read, decoding, number) for number in numbers)

    def stream(self, prompt: str = "", *, number: int = 0, stop: str = "", **options: Any) -> Iterator[str]:
        """The text number `number` of those that `generate` gives, in pieces, as soon as they are certain.

        Args:
            prompt: What the text follows.
            number: Which of the samples, from 0.
            stop: The text ends before this comes in it.
            **options: As in `generate`; with a beam all pieces come at once.
        """
        tokens = next(iter(self.found(self.read(prompt), replace(self.decoding(**options), nbest=1), [number])))
        return stop_at(self.spoken(prompt, tokens), stop)

    def evaluate(self, texts: Sequence[str], *, lanes: int = 1) -> Evaluation:
        """How probable the texts are, read one after the other as one text: loss, perplexity, bits a character.

        Args:
            texts: In the order in which they are read.
            lanes: Parts that are read side by side, as in `likelihood`.

        Returns:
            Scores in nats a token and bits a character; `examples` counts tokens.

        Raises:
            SeqtasksError: There is nothing to read.
        """
        require_list(texts, "texts")
        tidied = [normalize_document(text) for text in texts]
        encoded = [marked(self.layout.encode(text)) for text in tidied]
        if not encoded:
            raise SeqtasksError("There is no text to measure on.", "Check the data.")
        tokens = np.concatenate(encoded)
        started = time.perf_counter()
        found = likelihood(self.model, tokens, lanes=lanes)
        characters = None if (tokens == UNKNOWN).any() else sum(map(len, tidied))
        scores = likelihood_scores(found.nats, found.tokens, characters, found.reading)
        return Evaluation(
            scores, (), self.signature("forced"), found.tokens, time.perf_counter() - started,
            unit="tokens", lower_is_better=True,
        )  # fmt: skip

    @cached_property
    def characters(self) -> frozenset[str]:
        """Those that the model knows by themselves or in words."""
        pieces = self.layout.processor.pieces(range(FIRST_BYTE + BYTES, self.layout.processor.size))
        return frozenset("".join(piece for piece in pieces if piece not in MARKS)) | {" ", "\n", "\t"}

    def replaced(self, prompt: str) -> dict[str, str]:
        """The characters of a prompt that training did not show, and what is read in their place; maybe nothing.

        Where the vocabulary does not say what training showed, characters without a plainer form are spelled in bytes.
        """
        unknown = dict.fromkeys(
            character for character in normalize_document(prompt) if character not in self.characters
        )
        plain = {character: nearest(character, self.characters) for character in unknown}
        told = self.layout.processor.known_characters is not None
        return {character: other for character, other in plain.items() if other or told}

    def read(self, prompt: str) -> list[int]:
        """The tokens of a prompt: BEGIN and what follows it.

        A blank at its end is left to the next word where blanks belong to words.
        """
        text = self.known(prompt)
        return [BEGIN, *self.layout.encode(text[:-1] if self.leaves_blank(text) else text)]

    def known(self, prompt: str) -> str:
        """A prompt in characters that the model knows."""
        replaced = self.replaced(prompt)
        return "".join(replaced.get(character, character) for character in normalize_document(prompt))

    def leaves_blank(self, text: str) -> bool:
        """Whether the text ends in a blank that belongs to the next word."""
        return not self.layout.has_space_tokens and text.endswith(" ") and text[-2:-1] not in ("", " ", "\n", "\t")

    def continuation(
        self, prompt: str, tokens: Iterable[SampledToken], decoding: DecodingConfig, stop: str
    ) -> Continuation:
        """The text of generated tokens, up to `stop`.

        Args:
            prompt: What they follow.
            tokens: Are taken as far as they are needed: generation ends with the text.
            decoding: Says which length penalty the score is divided by.
            stop: Where the text ends; it does not belong to it. Empty for nowhere.
        """
        taken, pieces = list[SampledToken](), list[str]()
        spoken = self.spoken(prompt, kept(tokens, taken))
        text = "".join(stop_at(kept(spoken, pieces), stop))
        score = sum(each.log_probability for each in taken)
        return Continuation(
            prompt=prompt,
            text=text,
            score=score,
            normalized_score=score / LengthPenalty.parse(decoding.length_penalty)(max(1, len(taken))),
            tokens=tuple(self.layout.processor.pieces([each.token for each in taken if each.token != END])),
            log_probabilities=tuple(each.log_probability for each in taken),
            finished=len(text) < len("".join(pieces)) or any(each.token == END for each in taken),
        )

    def spoken(self, prompt: str, tokens: Iterable[SampledToken]) -> Iterator[str]:
        """The text of tokens that follow a prompt, in pieces; a blank that the prompt ends with does not come again."""
        reading = IncrementalDetokenizer(self.layout)
        reading.skip(self.read(prompt))
        dropping = normalize_document(prompt).endswith(" ") and self.leaves_blank(self.known(prompt))
        for piece in reading.pieces(each.token for each in tokens):
            yield piece.removeprefix(" ") if dropping else piece
            dropping = dropping and not piece

    def counted(self, read: Sequence[int], decoding: DecodingConfig) -> DecodingConfig:
        """Lengths as numbers; in a rule such as "2x" the prompt is what counts."""
        prompt = torch.tensor([len(read) - 1])
        longest, shortest = (
            str(int(LengthLimit.parse(rule)(prompt))) for rule in (decoding.max_length, decoding.min_length)
        )
        return replace(decoding, max_length=longest, min_length=shortest)

    def room(self, read: Sequence[int]) -> tuple[Sequence[int], int | None]:
        """What to read of what there is, and how many tokens can follow then; None where there is no limit.

        What fills the context of a model is read from its second half on.
        """
        context = self.model.encoder.context
        if context is None:
            return read, None
        if len(read) >= context:
            read = read[-max(1, context // 2) :]
        return read, context - len(read) + 1

    def unread(self, prompt: str) -> int:
        """Tokens at the beginning of a prompt that are not read, since it fills the context of the model."""
        read = self.read(prompt)
        return len(read) - len(self.room(read)[0])

    def drawn(self, read: Sequence[int], decoding: DecodingConfig, number: int) -> Iterator[SampledToken]:
        """Tokens one by one, in as many parts as the context of the model needs."""
        decoding, written = self.counted(read, decoding), list[int]()
        length = int(decoding.max_length)
        while len(written) < length:
            begun, room = self.room([*read, *written])
            left = length - len(written)
            stepper = self.model.make_stepper(self.to_device(torch.tensor([begun])))
            part = left if room is None else min(left, room)
            for each in stream(stepper, options=decoding, length=part, number=number, before=written.copy()):
                written.append(each.token)
                yield each
                if each.token == END:
                    return

    def best(self, read: Sequence[int], decoding: DecodingConfig) -> list[list[SampledToken]]:
        """What beam search finds; it ends where the context of the model is full."""
        begun, room = self.room(read)
        decoding = self.counted(read, decoding)
        length = int(decoding.max_length)
        decoding = replace(decoding, max_length=str(length if room is None else min(length, room)))
        stepper = self.model.make_stepper(self.to_device(torch.tensor([begun])))
        [found] = decode(stepper, source_lengths=torch.zeros(1, dtype=torch.long), options=decoding)
        return [
            list(map(SampledToken, [*each.tokens, *[END] * each.finished], each.log_probabilities)) for each in found
        ]


def nearest(character: str, known: frozenset[str]) -> str:
    """What to read in place of a character: a plainer one, without accents, in the other case; else nothing."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each))
    candidates = (PLAIN.get(character, ""), bare, bare.swapcase(), character.swapcase(), character.casefold())
    return next((each for each in candidates if each and known.issuperset(each)), "")
