"""Translation: from texts to translations by a trained model, or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, overload

import torch

from seqtasks.data.collate import pad
from seqtasks.data.examples import Pair
from seqtasks.decoding import DecodingConfig, Hypothesis, Stepper
from seqtasks.inference.base import (
    DecodingPipeline,
    ensemble,
    require_equal,
    require_list,
)
from seqtasks.inference.constraints.lexical_constraints import LexicalRules, lexical_rules
from seqtasks.inference.constraints.stop_strings import before_stop, with_stop
from seqtasks.inference.long_texts import MAX_INPUT_LENGTH, Segment, concatenate, copy, segments
from seqtasks.inference.outputs import NextWord, Translation, hypothesis_fields
from seqtasks.inference.translation.alternatives import next_words_of
from seqtasks.inference.translation.engine import Found, Piece, TranslationEngine, decode_by_engine
from seqtasks.inference.translation.evaluation import evaluate_pairs
from seqtasks.inference.translation.scoring import MAX_SCORED, score_pairs
from seqtasks.inference.translation.search import search
from seqtasks.inference.unknown_characters import Asked, translate_and_copy
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models import EncoderDecoder
from seqtasks.special_tokens import END, PAD
from seqtasks.text import Tokenizer, normalize
from seqtasks.text.glossary import Glossary
from seqtasks.text.protected_spans import SpanRecognizer


class TranslationPipeline(DecodingPipeline):
    """Translates, scores translations and measures how good it is at it.

    Args:
        models: One model, or the members of an ensemble; none where the engine has the model.
        source: The text processor of the sources, which the models share.
        target: The text processor of the translations.
        decoding: The decoding options that hold where a call gives no others.
        languages: Codes of the source and the target language; "xx" where they are not known.
        lowercase: whether `evaluate` ignores case by default.
        engine: What decodes, in place of our own search.
        max_input_length: Source tokens that are translated in one piece. A longer sentence is translated in pieces;
            what has no blank for hundreds of letters is copied.
        max_scored_length: Tokens of a text, or of its translation, that `score` takes.
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
        max_input_length: int = MAX_INPUT_LENGTH,
        max_scored_length: int = MAX_SCORED,
    ) -> None:
        super().__init__(models, decoding)
        self.source = source
        self.target = target
        self.languages = languages
        self.lowercase = lowercase
        self.engine = engine
        self.max_input_length = max_input_length
        self.max_scored_length = max_scored_length

    @property
    def precision(self) -> str:
        """That of the engine, where there is one."""
        return super().precision if self.engine is None else self.engine.precision

    def decoding(self, **options: Any) -> DecodingConfig:
        """As in every pipeline that writes; also raises SeqtasksError for what the engine lacks."""
        decoding = super().decoding(**options)
        if self.engine is not None:
            self.engine.check(decoding)
        return decoding

    @overload
    def translate(self, texts: str, *, prefixes: str | None = ..., **options: Any) -> Translation: ...
    @overload
    def translate(
        self, texts: Sequence[str], *, prefixes: Sequence[str] | None = ..., **options: Any
    ) -> list[Translation]: ...
    @torch.no_grad()
    def translate(
        self,
        texts: str | Sequence[str],
        *,
        prefixes: str | Sequence[str] | None = None,
        attention: bool = False,
        first_number: int = 0,
        split_sentences: bool = True,
        glossary: Glossary | None = None,
        force_words: Sequence[Any] | None = None,
        bad_words: Sequence[Any] | None = None,
        protect: Sequence[str] | None = (),
        stop: str = "",
        **options: Any,
    ) -> Translation | list[Translation]:
        """Translates one text, or each of a list; the results do not depend on each other.

        Models have learned from sentences: a text of several is translated sentence by sentence, and the blanks and
        line breaks between them are kept.

        Args:
            texts: An empty text stays empty. Words with characters that the source's vocabulary lacks are copied, where
                its file says so; `unknown` of a translation names them.
            prefixes: What the translations have to begin with, one a text.
            attention: Adds where the model looked.
            first_number: The number of the first text in a longer input that comes in parts: samples depend on it.
            split_sentences: False reads each text as one sentence. So does a call with prefixes, force_words or
                attention, or for several alternatives: those are of a text as a whole.
            glossary: Its terms come out in one of their translations, for which beam search is needed; `terms` of a
                translation names them.
            force_words: For each text the words and phrases that its translation contains: strings, or lists of forms
                of which one is enough. For texts that are translated in one part, and beam search.
            bad_words: For each text the words and phrases that its translation does not contain; the same word spelled
                by other tokens may come.
            protect: Words and phrases that come out as they are, beside placeholders (`%s`, `{0}`, `${VAR}`), web and
                mail addresses, tags, and code in backticks; the digits of numbers come out too, however they are
                separated. None protects nothing. Nor does a call with prefixes.
            stop: A translation ends before this comes in it.
            **options: Those of `DecodingConfig`: beam_size, length_penalty, nbest, sample, temperature and so on.

        Returns:
            A translation for each text, in their order; `alternatives` hold the others of `nbest`.
        """
        if isinstance(texts, str):
            options |= {"attention": attention, "first_number": first_number}
            options |= {"split_sentences": split_sentences, "protect": protect, "stop": stop}
            words = {"force_words": force_words, "bad_words": bad_words}
            options |= {name: [given] for name, given in words.items() if given is not None} | {"glossary": glossary}
            return self.translate([texts], prefixes=None if prefixes is None else [str(prefixes)], **options)[0]
        if prefixes is not None:
            require_list(prefixes, "prefixes")
            require_equal(len(prefixes), "prefixes", len(texts))
        starts = [self.target.encode(normalize(prefix)) if prefix else [] for prefix in prefixes or [""] * len(texts)]
        decoding = self.decoding(**options)
        whole = prefixes is not None or force_words is not None or attention or decoding.nbest > 1
        protected = None if protect is None or prefixes is not None else SpanRecognizer(protect)
        parts = [[*self.segments(text, split_sentences and not whole, protected)] for text in texts]
        pieces = [
            (part.text, start if place == 0 else [], number)
            for number, (own, start) in enumerate(zip(parts, starts, strict=True), first_number)
            for place, part in enumerate(own)
            if not part.copied
        ]
        rules = lexical_rules(parts, force_words, bad_words, glossary, first_number)
        searched = with_stop(decoding, stop, self.target.decode, force_words=force_words or glossary)
        translate = partial(self.translate_pieces, searched, rules=rules)
        can_align = self.engine is None
        copied = translate_and_copy(
            pieces, self.source, translate, attention=attention, can_align=can_align, protected=protected
        )
        found = iter(copied)
        results = [
            before_stop(concatenate(text, own, [copy(part) if part.copied else next(found) for part in own]), stop)
            for text, own in zip(texts, parts, strict=True)
        ]
        return results if glossary is None else [replace(each, terms=rules.terms(each.source)) for each in results]

    __call__ = translate

    def alternatives(self, text: str, prefix: str = "", k: int = 5, **options: Any) -> list[NextWord]:
        """The most probable words after the beginning of a translation, and the best translation with each.

        Args:
            text: A text that is read in one part: a sentence.
            prefix: What the translation begins with: whole words.
            k: How many words.
            **options: Those of `DecodingConfig`, for what follows each word.

        Returns:
            At most `k` words or marks, the most probable first; of models of characters, characters.

        Raises:
            SeqtasksError: The text has several parts, or the engine alone has the model.
        """
        return next_words_of(self, [text], [prefix], k, **options)[0]

    def split(self, text: str) -> list[str]:
        """The text in pieces that the model can read: none for an empty one, nearly always one."""
        return [part.text for part in self.segments(text, split=False)]

    def segments(self, text: str, split: bool, protected: SpanRecognizer | None = None) -> Iterator[Segment]:
        """The parts of a text that are translated at once: sentences where `split` is true, pieces of long texts."""
        whole = protected.find(text) if split and protected is not None else ()
        return segments(text, self.source, self.max_input_length, language=self.languages[0], split=split, whole=whole)

    def translate_pieces(
        self,
        decoding: DecodingConfig,
        pieces: Sequence[Asked],
        attention: bool,
        rules: LexicalRules = LexicalRules(),  # noqa: B008
    ) -> list[Translation]:
        """Translates texts of which none is empty or too long, each with its prefix and its number."""
        sources = self.source.encode_all([text for text, _, _ in pieces])
        asked = [
            Piece(text, ids, start, row, rules.forced(text, row, self.target), rules.bad(row, self.target))
            for (text, start, row), ids in zip(pieces, sources, strict=True)
        ]
        decode: Callable[..., list[Found]] = self.decode
        if self.engine is not None:
            decode = partial(decode_by_engine, self.engine, self.decode if self.models else None)
        results = []
        for piece, (hypotheses, look) in zip(asked, decode(asked, decoding, attention=attention), strict=True):
            first, *others = [self.translation(piece.text, hypothesis) for hypothesis in hypotheses]
            tokens = tuple(self.source.pieces([*piece.ids, END]))
            results.append(replace(first, alternatives=tuple(others), attention=look, source_tokens=tokens))
        return results

    def decode(self, pieces: Sequence[Piece], decoding: DecodingConfig, *, attention: bool) -> list[Found]:
        """The hypotheses for each piece, in batches of about equal length."""
        return search(self, pieces, decoding, attention=attention)

    def stepper(self, sources: Sequence[Sequence[int]]) -> Stepper:
        """The models bound to tokenized sources."""
        tokens = self.to_device(pad(sources, end=True))
        return ensemble([model.make_stepper(tokens, tokens != PAD) for model in self.models])

    def translation(self, text: str, hypothesis: Hypothesis) -> Translation:
        """A hypothesis of a text as a result, without alternatives and attention."""
        return Translation(source=text, **hypothesis_fields(hypothesis, self.target))

    @overload
    def score(self, texts: str, translations: str) -> Translation: ...  # type: ignore[overload-overlap]

    @overload
    def score(self, texts: Sequence[str], translations: Sequence[str]) -> list[Translation]: ...

    @torch.no_grad()
    def score(self, texts: str | Sequence[str], translations: str | Sequence[str]) -> Translation | list[Translation]:
        """How probable given translations are, token by token (forced scoring).

        Args:
            texts: One text, or a list.
            translations: The translation of each.

        Returns:
            For each pair its translation with its score and log-probabilities, natural logarithm.

        Raises:
            SeqtasksError: One has more than `max_scored_length` tokens, or there is not one translation for each text.
        """
        if isinstance(texts, str) and isinstance(translations, str):
            return self.score([texts], [translations])[0]
        require_list(texts, "texts")
        require_list(translations, "translations")
        return score_pairs(self, texts, translations)

    def can_score(self, text: str, translation: str) -> bool:
        """Whether neither has more than `max_scored_length` tokens."""
        most = self.max_scored_length
        both = ((self.source, text), (self.target, translation))
        return all(
            len(given) <= most // 8 or len(tokenizer.encode(normalize(given))) <= most for tokenizer, given in both
        )

    def evaluate(
        self,
        pairs: Sequence[Pair],
        *,
        lowercase: bool | None = None,
        metrics: Sequence[str] = ("bleu", "chrf", "ter"),
        **options: Any,
    ) -> Evaluation:
        """Translates the pairs' sources and compares with their targets.

        Args:
            pairs: Sources and their reference translations.
            lowercase: Ignores case; None is what the model was trained to ignore.
            metrics: The kinds of the metrics to compute.
            **options: As in `translate`.

        Returns:
            BLEU, chrF and TER as sacrebleu has them; `decoding` is the signature of all that the outputs depend on.
        """
        return evaluate_pairs(self, pairs, lowercase=lowercase, metrics=metrics, **options)
