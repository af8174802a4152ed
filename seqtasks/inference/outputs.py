"""The results of pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.data.collate import pad
from seqtasks.decoding import Hypothesis, Stepper
from seqtasks.text import Tokenizer
from seqtasks.text.glossary import Term

Attention = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class GeneratedText:
    """A text that a model wrote."""

    text: str
    score: float
    """Sum of the tokens' log-probabilities, natural logarithm."""
    normalized_score: float
    """The score under the length penalty."""
    tokens: tuple[str, ...] = ()
    log_probabilities: tuple[float, ...] = ()
    """Of each token, then of the end where it was reached."""
    finished: bool = True
    """False when the output was cut at the length limit."""
    repetitive: bool = False
    """It says the same over and over, more often than its source; search stops such outputs."""
    attention: Attention | None = None
    """A row for each token (and the end): how much it looked at each source position."""


@dataclass(frozen=True, kw_only=True)
class Translation(GeneratedText):
    """A text and its translation; attention looks at `source_tokens`, the last of which is the end."""

    source: str
    alternatives: tuple[Translation, ...] = ()
    """The other hypotheses, best first."""
    source_tokens: tuple[str, ...] = ()
    """Tokens, scores and attention are those of the text as it was read: where words are `unknown`, without these."""
    unknown: tuple[str, ...] = ()
    """Words and symbols of the text that the model's vocabulary lacks, each once: see `Tokenizer.unknown`."""
    parts: int = 1
    """How many parts it was read in: its sentences, and the pieces of those that were too long for the pipeline's
    `max_input_length`."""
    terms: tuple[Term, ...] = ()
    """The terms of the glossary in the text."""


@dataclass(frozen=True, kw_only=True)
class NextWord:
    """A word that could come next in a translation, and the best translation that goes on with it."""

    word: str
    probability: float
    """Of the word as a whole: that the model takes it, and then no token that goes on with it."""
    translation: Translation


@dataclass(frozen=True, kw_only=True)
class Caption(GeneratedText):
    """What a model says of an image; attention looks at the cells of a square grid, row by row."""

    image: str
    blank: bool = False
    """The image is all black, white or one gray: there is nothing to see, and the text is a guess."""
    alternatives: tuple[Caption, ...] = ()
    """The other hypotheses, best first."""


@dataclass(frozen=True, kw_only=True)
class Continuation(GeneratedText):
    """A text that follows its prompt. `finished` is False where it was cut at the length limit."""

    prompt: str
    alternatives: tuple[Continuation, ...] = ()
    """The other samples in their order, or the other hypotheses of a beam, best first."""
    unknown: tuple[str, ...] = ()
    """Words and symbols of the prompt that the model's vocabulary lacks, each once: see `Tokenizer.unknown`."""


@dataclass(frozen=True)
class TaggedSentence:
    """Words, the label of each, and how probable the model holds that label for."""

    words: tuple[str, ...]
    labels: tuple[str, ...]
    confidences: tuple[float, ...]
    unknown: tuple[str, ...] = ()
    """Those of the words that the model does not know, each once: neither the word nor all of its characters."""
    parts: int = 1
    """How many parts it was read in: more than one where it was too long for the pipeline's `max_input_length`."""


@dataclass(frozen=True)
class Classification:
    """What a model says of a document."""

    label: str
    """The most probable one."""
    probability: float
    probabilities: dict[str, float]
    """Of all labels, the most probable first."""
    labels: tuple[str, ...]
    """The label; where several may hold, those that are at least as probable as not."""
    unknown: tuple[str, ...] = ()
    """Words and symbols of the text that the model's vocabulary lacks, each once: see `Tokenizer.unknown`."""
    parts: int = 1
    """How many parts or windows it was read in, whose probabilities were averaged."""


def hypothesis_fields(hypothesis: Hypothesis, processor: Tokenizer) -> dict[str, Any]:
    """A hypothesis as the fields of a `GeneratedText`."""
    return {
        "text": processor.decode(hypothesis.tokens),
        "score": hypothesis.score,
        "normalized_score": hypothesis.normalized_score,
        "tokens": tuple(processor.pieces(hypothesis.tokens)),
        "log_probabilities": hypothesis.log_probabilities,
        "finished": hypothesis.finished,
        "repetitive": hypothesis.repetitive,
    }


def json_fields(output: GeneratedText) -> dict[str, Any]:
    """The fields of an output that its JSON object has."""
    names = ("text", "score", "normalized_score", "tokens", "log_probabilities", "finished")
    return {name: getattr(output, name) for name in names}


def attention_of(
    stepper: Stepper, found: Sequence[Sequence[Hypothesis]], source_lengths: Sequence[int]
) -> list[Attention | None]:
    """The attention of the best hypotheses, read off in one pass over their tokens; None for models without any."""
    best = [hypotheses[0].tokens for hypotheses in found]
    forced = stepper.score_targets(pad(best, begin=True, end=True).to(stepper.device), attention=True)
    if forced.attention is None:
        return [None] * len(found)
    weights = forced.attention.float().cpu()
    return [
        tuple(tuple(line) for line in row[: len(tokens) + 1, :length].tolist())
        for row, tokens, length in zip(weights, best, source_lengths, strict=True)
    ]
