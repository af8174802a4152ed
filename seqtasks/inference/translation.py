"""Translation: from texts to translations by a trained model, or several."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any, Protocol, overload, runtime_checkable

import torch

from seqtasks.data.collate import pad
from seqtasks.data.examples import Pair
from seqtasks.decoding import DecodingConfig, Hypothesis, Stepper, decode, score
from seqtasks.inference.base import DecodingPipeline, ensemble, in_sorted_batches, require_equal, require_list
from seqtasks.inference.outputs import Attention, Translation, attention_of, hypothesis_fields
from seqtasks.metrics.evaluation import Evaluation, validation_examples
from seqtasks.metrics.translation import translation_scores
from seqtasks.models import EncoderDecoder
from seqtasks.special_tokens import END, PAD
from seqtasks.text import Tokenizer, normalize

BATCH_TOKENS, BATCH_HYPOTHESES = 10_000, 20_000
"""Source tokens a batch, and the same times the hypotheses of each: more gives nothing on a CPU."""
LONGEST = 400
"""Source tokens that are translated in one piece; a longer text is split at sentence ends, or at blanks."""
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")
WORD = re.compile(rf"\s*\S{{1,{LONGEST // 6}}}")
"""A word with the blanks before it. A character is at most six tokens (four bytes, two marks), so that a longer word
is split."""

Found = tuple[list[Hypothesis], Attention | None]
"""The hypotheses for a source, best first, and the attention of the best of them, if that was asked for."""


@runtime_checkable
class TranslationEngine(Protocol):
    """Decodes in place of our own search."""

    @property
    def precision(self) -> str:
        """What computes, and how exactly, as signatures have it."""
        ...

    def check(self, decoding: DecodingConfig) -> None:
        """Raises SeqtasksError for decoding options that the engine lacks."""
        ...

    def decode(
        self,
        sources: Sequence[Sequence[int]],
        decoding: DecodingConfig,
        prefixes: Sequence[Sequence[int]],
        numbers: Sequence[int],
        attention: bool,
    ) -> list[Found]:
        """The hypotheses for each tokenized source; see `TranslationPipeline.decode`."""
        ...


class TranslationPipeline(DecodingPipeline):
    """Translates, scores translations and measures how good it is at it.

    Args:
        models: One model, or the members of an ensemble.
        source: The text processor of the sources, which the models share.
        target: The text processor of the translations.
        languages: Codes of the source and the target language; "xx" where they are not known.
        lowercase: `evaluate` ignores case unless it is told otherwise.
        engine: What decodes, in place of our own search.
    """

    models: list[EncoderDecoder]

    def __init__(
        self,
        models: Sequence[EncoderDecoder],
        source: Tokenizer,
        target: Tokenizer,
        *,
        decoding: DecodingConfig = DecodingConfig(),  # noqa: B008
        languages: tuple[str, str] = ("xx", "xx"),
        lowercase: bool = False,
        engine: TranslationEngine | None = None,
    ) -> None:
        super().__init__(models, decoding)
        self.source = source
        self.target = target
        self.languages = languages
        self.lowercase = lowercase
        self.engine = engine

    @property
    def precision(self) -> str:
        return super().precision if self.engine is None else self.engine.precision

    def decoding(self, **options: Any) -> DecodingConfig:
        decoding = super().decoding(**options)
        if self.engine is not None:
            self.engine.check(decoding)
        return decoding

    @overload
    def translate(
        self, texts: str, *, prefixes: str | None = None, attention: bool = ..., first_number: int = ..., **options: Any
    ) -> Translation: ...

    @overload
    def translate(
        self,
        texts: Sequence[str],
        *,
        prefixes: Sequence[str] | None = None,
        attention: bool = ...,
        first_number: int = ...,
        **options: Any,
    ) -> list[Translation]: ...

    @torch.no_grad()
    def translate(
        self,
        texts: str | Sequence[str],
        *,
        prefixes: str | Sequence[str] | None = None,
        attention: bool = False,
        first_number: int = 0,
        **options: Any,
    ) -> Translation | list[Translation]:
        """Translates one text, or each of a list; the results do not depend on each other.

        Args:
            texts: An empty text stays empty.
            prefixes: What the translations have to begin with, one a text.
            attention: Adds where the model looked.
            first_number: The number of the first text in a longer input that comes in parts: samples depend on it.
            **options: Those of `DecodingConfig`: beam_size, length_penalty, nbest, sample, temperature and so on.

        Returns:
            A translation for each text, in their order; `alternatives` hold the others of `nbest`.
        """
        if isinstance(texts, str):
            begins = [prefixes] if isinstance(prefixes, str) else prefixes
            return self.translate([texts], prefixes=begins, attention=attention, first_number=first_number, **options)[
                0
            ]
        if prefixes is not None:
            require_list(prefixes, "prefixes")
            require_equal(len(prefixes), "prefixes", len(texts))
        pieces = [self.split(normalize(text)) for text in texts]
        prefixes = [""] * len(texts) if prefixes is None else [normalize(prefix) for prefix in prefixes]
        starts = [
            "" if place else prefix
            for parts, prefix in zip(pieces, prefixes, strict=True)
            for place in range(len(parts))
        ]
        numbers = [number for number, parts in enumerate(pieces, first_number) for _ in parts]
        found = iter(self.translate_pieces([*chain(*pieces)], self.decoding(**options), starts, numbers, attention))
        return [concatenate(text, [*islice(found, len(parts))]) for text, parts in zip(texts, pieces, strict=True)]

    __call__ = translate

    def split(self, text: str) -> list[str]:
        """The text in pieces that the model can read: none for an empty one, nearly always one."""
        if not text:
            return []
        if len(self.source.encode(text)) <= LONGEST:
            return [text]
        return [piece for sentence in SENTENCE_END.split(text) for piece in split_long(sentence, self.source)]

    def translate_pieces(
        self,
        texts: Sequence[str],
        decoding: DecodingConfig,
        prefixes: Sequence[str],
        numbers: Sequence[int],
        attention: bool,
    ) -> list[Translation]:
        """Translates texts of which none is empty or longer than LONGEST."""
        sources = self.source.encode_all(texts)
        starts = [self.target.encode(prefix) if prefix else [] for prefix in prefixes]
        decode = self.decode if self.engine is None else self.engine.decode
        results = []
        for text, ids, (hypotheses, look) in zip(
            texts, sources, decode(sources, decoding, starts, numbers, attention), strict=True
        ):
            first, *others = [self.translation(text, hypothesis) for hypothesis in hypotheses]
            pieces = tuple(self.source.pieces([*ids, END]))
            results.append(replace(first, alternatives=tuple(others), attention=look, source_tokens=pieces))
        return results

    def decode(
        self,
        sources: Sequence[Sequence[int]],
        decoding: DecodingConfig,
        prefixes: Sequence[Sequence[int]],
        numbers: Sequence[int],
        attention: bool,
    ) -> list[Found]:
        """The hypotheses for each tokenized source, in batches of about equal length."""
        width = decoding.nbest if decoding.sample else max(decoding.beam_size, decoding.mbr_samples)

        def decode_rows(rows: list[int]) -> Iterable[Found]:
            stepper = self.stepper([sources[row] for row in rows])
            lengths = [len(sources[row]) + 1 for row in rows]
            found = decode(
                stepper,
                source_lengths=torch.tensor(lengths),
                options=decoding,
                prefixes=[prefixes[row] for row in rows] if any(prefixes) else None,
                row_numbers=[numbers[row] for row in rows],
            )
            looks = attention_of(stepper, found, lengths) if attention else [None] * len(found)
            return zip(found, looks, strict=True)

        budget = min(BATCH_TOKENS, BATCH_HYPOTHESES // width)
        return in_sorted_batches(decode_rows, [len(ids) + 1 for ids in sources], budget)

    def stepper(self, sources: Sequence[Sequence[int]]) -> Stepper:
        """The models bound to tokenized sources."""
        tokens = pad(sources, end=True).to(self.device)
        return ensemble([model.make_stepper(tokens, tokens != PAD) for model in self.models])

    def translation(self, text: str, hypothesis: Hypothesis) -> Translation:
        return Translation(source=text, **hypothesis_fields(hypothesis, self.target))

    @overload
    def score(self, texts: str, translations: str) -> Translation: ...  # type: ignore[overload-overlap]

    @overload
    def score(self, texts: Sequence[str], translations: Sequence[str]) -> list[Translation]: ...

    @torch.no_grad()
    def score(self, texts: str | Sequence[str], translations: str | Sequence[str]) -> Translation | list[Translation]:
        """How probable the given translations are, token by token (forced scoring)."""
        if isinstance(texts, str) and isinstance(translations, str):
            return self.score([texts], [translations])[0]
        require_list(texts, "texts")
        require_list(translations, "translations")
        require_equal(len(translations), "translations", len(texts))
        sources = self.source.encode_all([normalize(text) for text in texts])
        wanted = self.target.encode_all([normalize(text) for text in translations])

        def score_rows(rows: list[int]) -> list[Hypothesis]:
            stepper, targets = self.stepper([sources[row] for row in rows]), [wanted[row] for row in rows]
            return score(stepper, targets, length_penalty=self.default_decoding.length_penalty)

        lengths = [max(len(source), len(target)) + 2 for source, target in zip(sources, wanted, strict=True)]
        scored = in_sorted_batches(score_rows, lengths, BATCH_TOKENS)
        return [self.translation(text, hypothesis) for text, hypothesis in zip(texts, scored, strict=True)]

    def evaluate(
        self,
        pairs: Sequence[Pair],
        *,
        lowercase: bool | None = None,
        metrics: Sequence[str] = ("bleu", "chrf", "ter"),
        **options: Any,
    ) -> Evaluation:
        """Translates the pairs' sources and compares with their targets: BLEU, chrF, TER.

        `lowercase` ignores case; None is what the model was trained to ignore. The evaluation's `decoding` is the
        signature of all that the outputs depend on.
        """
        decoding = self.decoding(**options)
        started = time.perf_counter()
        sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
        outputs = [found.text for found in self.translate(sources, **options)]
        seconds = time.perf_counter() - started
        lowercase = self.lowercase if lowercase is None else lowercase
        scores = translation_scores(outputs, targets, lowercase=lowercase, language=self.languages[1], metrics=metrics)
        samples = validation_examples(zip(sources, targets, outputs, strict=True))
        return Evaluation(
            tuple(scores), samples, self.signature(decoding.signature()), len(pairs), seconds,
            unit="sentences", language=self.languages[1], outputs=outputs, references=[[target] for target in targets],
        )  # fmt: skip


def split_long(sentence: str, processor: Tokenizer) -> list[str]:
    """The sentence in as few pieces of at most LONGEST tokens as its words allow."""
    pieces: list[str] = []
    room = 0
    for word in WORD.findall(sentence):
        size = len(processor.encode(word)) + 1
        if size > room:
            pieces.append("")
            room = LONGEST
        pieces[-1] += word
        room -= size
    return [piece.strip() for piece in pieces]


def concatenate(text: str, parts: Sequence[Translation]) -> Translation:
    """The translation of a whole text from those of its pieces; alternatives and attention need a single piece."""
    if len(parts) == 1:
        return replace(parts[0], source=text)
    return Translation(
        source=text,
        text=" ".join(part.text for part in parts),
        score=sum(part.score for part in parts),
        normalized_score=sum(part.normalized_score for part in parts) / max(1, len(parts)),
        tokens=tuple(token for part in parts for token in part.tokens),
        log_probabilities=tuple(value for part in parts for value in part.log_probabilities),
        finished=all(part.finished for part in parts),
        source_tokens=tuple(token for part in parts for token in part.source_tokens),
    )
