"""From texts to translations: cutting, batching, search, and everything back in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from seqtasks.data.batching import sorted_batches
from seqtasks.data.collate import pad
from seqtasks.decoding import Decoding, Ensemble, Hypothesis, Stepper, score, search
from seqtasks.models import Generator
from seqtasks.special_tokens import END
from seqtasks.tasks.output import Attention, Output, attention_of, written
from seqtasks.text import TextProcessor, clean

BATCH_TOKENS, BATCH_HYPOTHESES = 10_000, 20_000
"""Source tokens a batch, and the same times the hypotheses of each: more gives nothing on a CPU."""
LONGEST = 400
"""Source tokens that are translated in one piece; a longer text is cut at sentence ends, or at blanks."""
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")
WORD = re.compile(rf"\s*\S{{1,{LONGEST // 6}}}")
"""A word with the blanks before it. A character is at most six tokens (four bytes, two marks): a longer word is cut."""


Found = tuple[list[Hypothesis], Attention | None]
"""The hypotheses for a source, best first, and where the best of them looked, if that was asked for."""


@dataclass(frozen=True, kw_only=True)
class Translation(Output):
    """A text and what became of it; attention looks at `source_tokens`, the last of which is the end."""

    source: str
    alternatives: tuple[Translation, ...] = ()
    """The other hypotheses, best first."""
    source_tokens: tuple[str, ...] = ()


class Translator:
    """One model or an ensemble, and the text processors that they share."""

    def __init__(self, models: Sequence[Generator], source: TextProcessor, target: TextProcessor) -> None:
        self.models = list(models)
        self.source = source
        self.target = target

    def stepper(self, sources: Sequence[Sequence[int]]) -> Stepper:
        """The models bound to tokenised sources."""
        device = next(self.models[0].parameters()).device
        tokens = pad(sources, end=True).to(device)
        steppers = [model.stepper(tokens, tokens != 0) for model in self.models]
        return steppers[0] if len(steppers) == 1 else Ensemble(steppers)

    @torch.no_grad()
    def translate(
        self,
        texts: Sequence[str],
        decoding: Decoding,
        *,
        prefixes: Sequence[str] | None = None,
        first_number: int = 0,
        attention: bool = False,
    ) -> list[Translation]:
        """Translates each text; the results stand in the order of the texts and do not depend on each other.

        `prefixes` are what the translations have to begin with. `first_number` is the number of the first text in
        the whole input: sampling depends on it. An empty text stays empty.
        """
        pieces: list[str] = []
        owners: list[int] = []
        for number, text in enumerate(texts):
            parts = self.cut(clean(text))
            pieces += parts
            owners += [number] * len(parts)
        starts = [""] * len(pieces)
        for place, owner in enumerate(owners):
            if prefixes is not None and (place == 0 or owners[place - 1] != owner):
                starts[place] = clean(prefixes[owner])
        found = self.search(pieces, decoding, starts, [first_number + owner for owner in owners], attention)
        whole: list[list[Translation]] = [[] for _ in texts]
        for owner, translation in zip(owners, found, strict=True):
            whole[owner].append(translation)
        return [join(text, parts) for text, parts in zip(texts, whole, strict=True)]

    def cut(self, text: str) -> list[str]:
        """The text in pieces that the model can read: none for an empty one, nearly always one."""
        if not text:
            return []
        if len(self.source.encode(text)) <= LONGEST:
            return [text]
        return [piece for sentence in SENTENCE_END.split(text) for piece in pack(sentence, self.source)]

    def search(
        self, texts: Sequence[str], decoding: Decoding, prefixes: Sequence[str], numbers: Sequence[int], attention: bool
    ) -> list[Translation]:
        sources = self.source.encode_all(texts)
        starts = [self.target.encode(prefix) if prefix else [] for prefix in prefixes]
        results = []
        for text, ids, (hypotheses, look) in zip(
            texts, sources, self.find(sources, decoding, starts, numbers, attention), strict=True
        ):
            first, *others = [self.present(text, hypothesis) for hypothesis in hypotheses]
            pieces = tuple(self.source.pieces([*ids, END]))
            results.append(replace(first, alternatives=tuple(others), attention=look, source_tokens=pieces))
        return results

    def find(
        self,
        sources: Sequence[Sequence[int]],
        decoding: Decoding,
        prefixes: Sequence[Sequence[int]],
        numbers: Sequence[int],
        attention: bool,
    ) -> list[Found]:
        """The search of each tokenised source, in batches of about equal length."""
        lengths = np.array([len(ids) + 1 for ids in sources], dtype=np.int64)
        width = decoding.nbest if decoding.sample else max(decoding.beam, decoding.consensus)
        results: list[Found | None] = [None] * len(sources)
        for rows in sorted_batches(lengths, min(BATCH_TOKENS, BATCH_HYPOTHESES // width)):
            stepper = self.stepper([sources[row] for row in rows.tolist()])
            found = search(
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

    def present(self, text: str, hypothesis: Hypothesis) -> Translation:
        return Translation(source=text, **written(hypothesis, self.target))

    @torch.no_grad()
    def score(self, texts: Sequence[str], targets: Sequence[str], *, penalty: str = "average") -> list[Translation]:
        """How probable the given translations are, token by token."""
        sources = self.source.encode_all([clean(text) for text in texts])
        wanted = self.target.encode_all([clean(text) for text in targets])
        lengths = np.array([max(len(source), len(target)) + 2 for source, target in zip(sources, wanted, strict=True)])
        results: list[Translation | None] = [None] * len(texts)
        for rows in sorted_batches(lengths.astype(np.int64), BATCH_TOKENS):
            stepper = self.stepper([sources[row] for row in rows.tolist()])
            scored = score(stepper, [wanted[row] for row in rows.tolist()], penalty=penalty)
            for row, hypothesis in zip(rows.tolist(), scored, strict=True):
                results[row] = self.present(texts[row], hypothesis)
        return [result for result in results if result is not None]


def pack(sentence: str, processor: TextProcessor) -> list[str]:
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


def join(text: str, parts: Sequence[Translation]) -> Translation:
    """The translation of a whole text from those of its pieces; alternatives and attention need a single piece."""
    if len(parts) == 1:
        return replace(parts[0], source=text)
    return Translation(
        source=text,
        text=" ".join(part.text for part in parts),
        score=sum(part.score for part in parts),
        normalised=sum(part.normalised for part in parts) / max(1, len(parts)),
        tokens=tuple(token for part in parts for token in part.tokens),
        log_probabilities=tuple(value for part in parts for value in part.log_probabilities),
        finished=all(part.finished for part in parts),
        source_tokens=tuple(token for part in parts for token in part.source_tokens),
    )
