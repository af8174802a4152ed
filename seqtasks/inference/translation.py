"""Translation: from texts to translations by a trained model, or several."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, overload, runtime_checkable

import numpy as np
import torch

from seqtasks.data.batch_sampler import sorted_batches
from seqtasks.data.collate import pad
from seqtasks.data.examples import Pair
from seqtasks.decoding import DecodingConfig, Ensemble, Hypothesis, Stepper, decode, score
from seqtasks.inference.base import DecodingPipeline, require_equal, require_list
from seqtasks.inference.outputs import Attention, Translation, attention_of, hypothesis_fields
from seqtasks.metrics.evaluation import Evaluation, ValidationExample, shown_rows
from seqtasks.metrics.translation import translation_scores
from seqtasks.models import EncoderDecoder
from seqtasks.special_tokens import END
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
        pieces: list[str] = []
        owners: list[int] = []
        for number, text in enumerate(texts):
            parts = self.split(normalize(text))
            pieces += parts
            owners += [number] * len(parts)
        starts = [""] * len(pieces)
        for place, owner in enumerate(owners):
            if prefixes is not None and (place == 0 or owners[place - 1] != owner):
                starts[place] = normalize(prefixes[owner])
        numbers = [first_number + owner for owner in owners]
        found = self.translate_pieces(pieces, self.decoding(**options), starts, numbers, attention)
        whole: list[list[Translation]] = [[] for _ in texts]
        for owner, translation in zip(owners, found, strict=True):
            whole[owner].append(translation)
        return [concatenate(text, parts) for text, parts in zip(texts, whole, strict=True)]

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
        lengths = np.array([len(ids) + 1 for ids in sources], dtype=np.int64)
        width = decoding.nbest if decoding.sample else max(decoding.beam_size, decoding.mbr_samples)
        results: list[Found | None] = [None] * len(sources)
        for rows in sorted_batches(lengths, min(BATCH_TOKENS, BATCH_HYPOTHESES // width)):
            stepper = self.stepper([sources[row] for row in rows.tolist()])
            found = decode(
                stepper,
                source_lengths=torch.from_numpy(lengths[rows]),
                options=decoding,
                prefixes=[prefixes[row] for row in rows.tolist()] if any(prefixes) else None,
                row_numbers=[numbers[row] for row in rows.tolist()],
            )
            looks = attention_of(stepper, found, lengths[rows].tolist()) if attention else [None] * len(found)
            for row, hypotheses, look in zip(rows.tolist(), found, looks, strict=True):
                results[row] = hypotheses, look
        return [result for result in results if result is not None]

    def stepper(self, sources: Sequence[Sequence[int]]) -> Stepper:
        """The models bound to tokenized sources."""
        tokens = pad(sources, end=True).to(self.device)
        steppers = [model.make_stepper(tokens, tokens != 0) for model in self.models]
        return steppers[0] if len(steppers) == 1 else Ensemble(steppers)

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
        lengths = np.array([max(len(source), len(target)) + 2 for source, target in zip(sources, wanted, strict=True)])
        results: list[Translation | None] = [None] * len(texts)
        for rows in sorted_batches(lengths.astype(np.int64), BATCH_TOKENS):
            stepper = self.stepper([sources[row] for row in rows.tolist()])
            targets = [wanted[row] for row in rows.tolist()]
            scored = score(stepper, targets, length_penalty=self.default_decoding.length_penalty)
            for row, hypothesis in zip(rows.tolist(), scored, strict=True):
                results[row] = self.translation(texts[row], hypothesis)
        return [result for result in results if result is not None]

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
        outputs = [found.text for found in self.translate([pair.source for pair in pairs], **options)]
        seconds = time.perf_counter() - started
        scores = translation_scores(
            outputs,
            [pair.target for pair in pairs],
            lowercase=self.lowercase if lowercase is None else lowercase,
            metrics=metrics,
        )
        samples = tuple(
            ValidationExample(pairs[row].source, pairs[row].target, outputs[row]) for row in shown_rows(len(pairs))
        )
        found = Evaluation(
            tuple(scores), samples, decoding.signature(), len(pairs), seconds,
            unit="sentences", outputs=outputs, references=[[pair.target] for pair in pairs],
        )  # fmt: skip
        return self.signed(found)


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
