"""Text generation: texts that a trained language model writes, and how probable it finds others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, overload

import torch

from seqtasks.decoding import DecodingConfig, LengthPenalty, SampledToken, decode, stream
from seqtasks.decoding.lexical_constraints.phrases import Forms
from seqtasks.errors import SeqtasksError
from seqtasks.inference.base import DecodingPipeline, require_list, require_single
from seqtasks.inference.constraints.lexical_constraints import LexicalRules, continuation_tokens, lexical_rules
from seqtasks.inference.constraints.stop_strings import kept, stop_at, with_stop
from seqtasks.inference.outputs import Continuation
from seqtasks.inference.perplexity import evaluate_texts
from seqtasks.inference.prompts import PromptReader, fixed_lengths
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models import LanguageModel
from seqtasks.special_tokens import END
from seqtasks.text import Tokenizer
from seqtasks.text.tokenizers.document import (
    DocumentTokenizer,
    IncrementalDetokenizer,
)

Words = tuple[Sequence[Forms], Forms]
"""The phrases that a text contains, each in one of its forms, and those that it does not, as tokens."""
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
        self.prompts = PromptReader(self.layout)

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
        self,
        prompts: str | Sequence[str] = "",
        *,
        num_return_sequences: int = 1,
        stop: str = "",
        force_words: Sequence[Any] | None = None,
        bad_words: Sequence[Any] | None = None,
        **options: Any,
    ) -> Continuation | list[Continuation]:
        """A text that follows the prompt, or one for each of a list of prompts.

        Args:
            prompts: Characters that the model does not know are replaced as `replaced` says.
            num_return_sequences: Texts for each prompt, of a beam the best ones; `alternatives` hold all but the first.
            stop: A text ends before this comes in it.
            force_words: For each prompt the words and phrases that its text contains: strings, or lists of forms of
                which one is enough. For beam search.
            bad_words: For each prompt the words and phrases that its text does not contain.
            **options: Those of `decoding`: max_new_tokens, temperature, top_k, top_p, seed, beam_size and so on.

        Returns:
            A continuation for each prompt, in their order.
        """
        if isinstance(prompts, str):
            words = {"force_words": force_words, "bad_words": bad_words}
            options |= {name: [given] for name, given in words.items() if given is not None}
            return self.generate([prompts], num_return_sequences=num_return_sequences, stop=stop, **options)[0]
        decoding = self.decoding(**{"nbest": num_return_sequences, **options})
        rules = lexical_rules([[]] * len(prompts), force_words, bad_words, None, 0)
        return [self.generate_one(prompt, decoding, stop, rules, row) for row, prompt in enumerate(prompts)]

    __call__ = generate

    def generate_one(
        self,
        prompt: str,
        decoding: DecodingConfig,
        stop: str,
        rules: LexicalRules = LexicalRules(),  # noqa: B008
        row: int = 0,
    ) -> Continuation:
        """`decoding.nbest` texts for the prompt of this number: samples, or the best ones of a beam."""
        found = self.found(prompt, decoding, range(decoding.nbest), self.words(rules, row), stop)
        first, *others = [self.continuation(prompt, tokens, decoding, stop) for tokens in found]
        return replace(first, alternatives=tuple(others), unknown=self.layout.processor.unknown(prompt))

    def words(self, rules: LexicalRules, row: int) -> Words:
        """What a text contains and does not, as tokens."""
        return rules.forced("", row, self.layout.processor), rules.bad(row, self.layout.processor)

    def found(
        self, prompt: str, decoding: DecodingConfig, numbers: Iterable[int], words: Words, stop: str
    ) -> Iterable[Iterable[SampledToken]]:
        """The samples with these numbers, or the best texts of a beam."""
        read = self.read(prompt)
        if not decoding.sample and decoding.beam_size > 1:

            def text(tokens: Sequence[int]) -> str:
                return "".join(self.spoken(prompt, [SampledToken(token, 0.0) for token in tokens]))

            return self.best(read, with_stop(decoding, stop, text, force_words=words[0]), words)
        if words[0]:
            raise SeqtasksError("force_words needs beam search.", "Set a beam_size of 2 or more.")
        return (self.drawn(read, decoding, number, words[1]) for number in numbers)

    def stream(
        self,
        prompt: str = "",
        *,
        number: int = 0,
        stop: str = "",
        force_words: Sequence[Any] = (),
        bad_words: Sequence[str] = (),
        **options: Any,
    ) -> Iterator[str]:
        """The text number `number` of those that `generate` gives, in pieces, as soon as they are certain.

        Args:
            prompt: What the text follows.
            number: Which of the samples, from 0.
            stop: The text ends before this comes in it.
            force_words: The words and phrases that the text contains, as in `generate`.
            bad_words: The words and phrases that it does not contain.
            **options: As in `generate`; with a beam all pieces come at once.
        """
        decoding = replace(self.decoding(**options), nbest=1)
        words = self.words(LexicalRules(common_force_words=force_words, common_bad_words=bad_words), 0)
        tokens = next(iter(self.found(prompt, decoding, [number], words, stop)))
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
        return evaluate_texts(self, texts, lanes)

    def replaced(self, prompt: str) -> dict[str, str]:
        """The characters of a prompt that training did not show, and what is read in their place; maybe nothing."""
        return self.prompts.replaced(prompt)

    def read(self, prompt: str) -> list[int]:
        """The tokens of a prompt: BEGIN and what follows it."""
        return self.prompts.read(prompt)

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
        dropping = self.prompts.leaves_blank(prompt)
        for piece in reading.pieces(each.token for each in tokens):
            yield piece.removeprefix(" ") if dropping else piece
            dropping = dropping and not piece

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

    def drawn(
        self, read: Sequence[int], decoding: DecodingConfig, number: int, bad_words: Forms = ()
    ) -> Iterator[SampledToken]:
        """Tokens one by one, in as many parts as the context of the model needs."""
        decoding, written = fixed_lengths(decoding, len(read) - 1), list[int]()
        length = int(decoding.max_length)
        while len(written) < length:
            begun, room = self.room([*read, *written])
            left = length - len(written)
            stepper = self.model.make_stepper(self.to_device(torch.tensor([begun])))
            part = left if room is None else min(left, room)
            coming = stream(
                stepper, options=decoding, length=part, number=number, before=written.copy(), bad_words_ids=bad_words
            )
            for each in coming:
                written.append(each.token)
                yield each
                if each.token == END:
                    return

    def best(self, read: Sequence[int], decoding: DecodingConfig, words: Words = ((), ())) -> list[list[SampledToken]]:
        """What beam search finds; it ends where the context of the model is full."""
        begun, room = self.room(read)
        decoding = fixed_lengths(decoding, len(read) - 1)
        length = int(decoding.max_length)
        decoding = replace(decoding, max_length=str(length if room is None else min(length, room)))
        stepper = self.model.make_stepper(self.to_device(torch.tensor([begun])))
        forced, bad = words
        [found] = decode(
            stepper,
            source_lengths=torch.zeros(1, dtype=torch.long),
            options=decoding,
            force_words_ids=[forced],
            bad_words_ids=[bad],
            continuation_tokens=continuation_tokens(self.layout.processor) if forced else None,
        )
        return [
            list(map(SampledToken, [*each.tokens, *[END] * each.finished], each.log_probabilities)) for each in found
        ]
