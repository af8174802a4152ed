"""How the cost of translation grows: beam, batch, length, vocabulary. One thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, product
from typing import Any

import torch

from benchmarks.scaling.curves import Curve, Key, Work, lines_of, measure
from seqtasks.decoding import decode
from seqtasks.inference.translation import BATCH_HYPOTHESES, BATCH_TOKENS, TranslationPipeline
from seqtasks.models import EncoderDecoder

AS_LONG = {"min_length": "x", "max_length": "x"}
"""Outputs of as many tokens as their sources, ends included."""
NAMES = {1: "greedy", 5: "beam 5"}
TRANSFORMER = {
    "hidden_size": 256, "tie_embeddings": "output",
    "encoder": {"kind": "transformer", "num_layers": 3, "num_heads": 4, "ffn_dim": 1024},
    "decoder": {"kind": "transformer", "num_layers": 3, "num_heads": 4, "ffn_dim": 1024},
}  # fmt: skip
LSTM = {
    "hidden_size": 256, "tie_embeddings": "output",
    "encoder": {"kind": "lstm", "hidden_size": 384, "num_layers": 1},
    "decoder": {"kind": "lstm", "hidden_size": 384, "num_layers": 2, "attention": "dot"},
}  # fmt: skip


@dataclass(frozen=True)
class Decoding:
    """What is decoded, and where on the axes."""

    beams: tuple[int, ...] = (1, 2, 3, 5, 8, 12, 20)
    batches: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
    lengths: tuple[int, ...] = (5, 10, 20, 40, 80, 120, 200)
    vocabularies: tuple[int, ...] = (4_000, 8_000, 16_000, 32_000, 64_000)
    sentences: int = 512
    """For the beam and the batch."""
    rows: int = 32
    """Sentences, all of one batch, for the length and the vocabulary."""
    output: int = 16
    """Tokens of every output, for the vocabulary."""
    groups: int = 16
    """Batches of a point, at most, spread evenly over the lengths of sentences."""
    warm: int = 64
    """Sentences of the round that does not count, for the beam."""


class Decoded:
    """The models that are compared, and the sentences."""

    def __init__(self, trained: TranslationPipeline, sentences: Sequence[str], size: Decoding, rounds: int) -> None:
        self.trained = trained
        self.random = self.untrained(LSTM, trained.target.size)
        self.options = {"Transformer": (trained, {}), "LSTM": (self.random, AS_LONG)}
        """Each with the lengths of its outputs: a trained model stops by itself."""
        if len(sentences) < size.sentences:
            raise ValueError(f"There are {len(sentences)} sentences: {size.sentences} are needed.")
        self.sentences = list(sentences)
        self.ids = trained.source.encode_all(self.sentences)
        self.size = size
        self.rounds = rounds

    def untrained(self, settings: dict[str, Any], target_size: int) -> TranslationPipeline:
        """A model of random weights behind the trained one's text processors."""
        torch.manual_seed(1)
        model = EncoderDecoder(EncoderDecoder.Config.model_validate(settings), self.trained.source.size, target_size)
        model.eval().requires_grad_(False)
        model.encoder.fuse_for_inference()
        return TranslationPipeline(
            [model.to(self.trained.dtype)],
            self.trained.source,
            self.trained.target,
            decoding=self.trained.default_decoding,
        )

    def curve(self, name: str, works: dict[Key, Work], warm: dict[Key, Work] | None = None, **parts: Any) -> Curve:
        lines = lines_of(measure(name, works, self.rounds, warm))
        setup = {"num_threads": torch.get_num_threads(), "dtype": str(self.trained.dtype).removeprefix("torch.")}
        return Curve(name=name, y="sentences a second", lines=lines, setup={**setup, "rounds": self.rounds}, **parts)

    def beam(self) -> Curve:
        texts = self.sentences[: self.size.sentences]
        works: dict[Key, Work] = {}
        warm: dict[Key, Work] = {}
        for beam, (name, (predictor, lengths)) in product(self.size.beams, self.options.items()):
            works[name, beam] = partial(translated, predictor, texts, beam_size=beam, **lengths)
            warm[name, beam] = partial(translated, predictor, texts[: self.size.warm], beam_size=beam, **lengths)
        return self.curve(
            "beam", works, warm, title="Beam width", x="hypotheses", ideal=-1,
            remark=f"{len(texts)} sentences of Multi30k, from text to text, in the translator's own batches: at most "
            f"{BATCH_TOKENS:,} source tokens, and {BATCH_HYPOTHESES:,} tokens times hypotheses. {WHICH}",
        )  # fmt: skip

    def batch(self) -> Curve:
        ids = sorted(self.ids[: self.size.sentences], key=len, reverse=True)
        works: dict[Key, Work] = {}
        warm: dict[Key, Work] = {}
        for size, beam, (name, (predictor, lengths)) in product(self.size.batches, NAMES, self.options.items()):
            groups = [ids[start : start + size] for start in range(0, len(ids), size)]
            every = max(1, len(groups) // self.size.groups)
            groups = groups[every // 2 :: every]
            key = f"{name}, {NAMES[beam]}", size
            works[key] = partial(decoded, predictor, groups, beam_size=beam, **lengths)
            warm[key] = partial(decoded, predictor, groups[:1], beam_size=beam, **lengths)
        mean = 1 + sum(map(len, ids)) / len(ids)
        own = [round(min(BATCH_TOKENS, BATCH_HYPOTHESES // beam) / mean) for beam in NAMES]
        return self.curve(
            "batch", works, warm, title="Batch size", x="sentences decoded at once", ideal=1,
            remark=f"{len(ids)} sentences of Multi30k ({mean:.1f} tokens), sorted by length, from ids to ids; small "
            f"batches: {self.size.groups} of them, spread evenly over the lengths. The translator itself takes about "
            f"{own[0]} (greedy) or {own[1]} (beam 5) of this length at once. {WHICH}",
        )  # fmt: skip

    def length(self) -> Curve:
        works: dict[Key, Work] = {}
        for length, beam, (name, (predictor, _)) in product(self.size.lengths, NAMES, self.options.items()):
            group = pieces(self.ids, length, self.size.rows)
            works[f"{name}, {NAMES[beam]}", length] = partial(decoded, predictor, [group], beam_size=beam, **AS_LONG)
        return self.curve(
            "length", works, title="Length", x="tokens of the source, and of the output", ideal=-1,
            remark=f"{self.size.rows} rows at once: sentences of Multi30k joined and cut to the length. Every output "
            "is as long as its source, ends included. The Transformer is trained, the LSTM's weights are random.",
        )  # fmt: skip

    def vocabulary(self) -> Curve:
        fixed = {"min_length": str(self.size.output), "max_length": str(self.size.output)}
        group = pieces(self.ids, self.size.output - 1, self.size.rows)
        works: dict[Key, Work] = {}
        for size, (name, settings) in product(
            self.size.vocabularies, {"Transformer": TRANSFORMER, "LSTM": LSTM}.items()
        ):
            predictor = self.untrained(settings, size)
            for beam in NAMES:
                works[f"{name}, {NAMES[beam]}", size] = partial(decoded, predictor, [group], beam_size=beam, **fixed)
        return self.curve(
            "vocabulary", works, title="Vocabulary", x="tokens of the target's vocabulary", ideal=-1,
            remark=f"{self.size.rows} rows at once, every output of {self.size.output} tokens. Random weights, width "
            "256: a Transformer of 3+3 layers (inside 1,024), an LSTM of 1+2 layers of 384 with attention.",
        )  # fmt: skip


WHICH = (
    "The Transformer is trained and stops by itself; the LSTM (1+2 layers of 384, with attention) has random weights, "
    "and its outputs are made as long as their sources."
)
CURVES: dict[str, Callable[[Decoded], Curve]] = {
    "beam_size": Decoded.beam, "batch": Decoded.batch, "length": Decoded.length, "vocabulary": Decoded.vocabulary,
}  # fmt: skip


def translated(predictor: TranslationPipeline, texts: Sequence[str], **options: Any) -> float:
    return len(predictor.translate(texts, **options))


@torch.no_grad()
def decoded(predictor: TranslationPipeline, groups: Sequence[Sequence[Sequence[int]]], **options: Any) -> float:
    """Each group is a batch."""
    decoding = predictor.decoding(**options)
    for group in groups:
        lengths = torch.tensor([len(ids) + 1 for ids in group])
        found = decode(predictor.stepper(group), source_lengths=lengths, options=decoding)
        assert len(found) == len(group)
    return sum(map(len, groups))


def pieces(sentences: Sequence[Sequence[int]], length: int, count: int) -> list[list[int]]:
    """Sentences joined and cut into rows of so many tokens."""
    stream = (token for ids in sentences for token in ids)
    rows = [list(islice(stream, length)) for _ in range(count)]
    if len(rows[-1]) < length:
        raise ValueError(f"There are too few sentences for {count} rows of {length} tokens.")
    return rows
