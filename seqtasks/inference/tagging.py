"""Tagging: from sentences to labels of their words by a trained model."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, overload

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from seqtasks.data.tagging.conllu import Sentence
from seqtasks.inference.base import Pipeline, in_sorted_batches, require_single
from seqtasks.inference.outputs import TaggedSentence
from seqtasks.metrics.evaluation import Evaluation, validation_examples
from seqtasks.metrics.tagging import label_scores, scores_by_label
from seqtasks.models import Tagger
from seqtasks.special_tokens import PAD
from seqtasks.text import normalize
from seqtasks.text.sentence_splitter import Token, split_sentences
from seqtasks.text.word_indexer import WordIndexer
from seqtasks.text.word_splitter import word_splitter

BATCH_TOKENS = 4_000
"""Words a batch, padding included: more gives nothing on a CPU."""
MAX_INPUT_LENGTH = 400
"""Words that are tagged in one piece unless a pipeline says otherwise; a longer sentence is split."""


class TaggingPipeline(Pipeline):
    """Labels words, and measures how good it is at it.

    Args:
        models: One model.
        reader: How words are read for it.
        labels: What its labels are called, the most frequent of its training data first.
        language: By whose rules texts are split into words; "xx" for no particular one.
        column: The column of CoNLL-U that the labels belong in.
        max_input_length: Words that are tagged in one piece; a longer sentence is tagged piece by piece.
    """

    models: list[Tagger]

    def __init__(
        self,
        models: Sequence[Tagger],
        reader: WordIndexer,
        labels: Sequence[str],
        *,
        language: str = "xx",
        column: str = "xpos",
        max_input_length: int = MAX_INPUT_LENGTH,
    ) -> None:
        require_single(models, "tag")
        super().__init__(models)
        self.reader = reader
        self.labels = list(labels)
        self.language = language
        self.column = column
        self.max_input_length = max_input_length

    @overload
    def tag(self, sentences: str) -> TaggedSentence: ...  # type: ignore[overload-overlap]

    @overload
    def tag(self, sentences: Sequence[str | Sequence[str]]) -> list[TaggedSentence]: ...

    @torch.no_grad()
    def tag(self, sentences: str | Sequence[str | Sequence[str]]) -> TaggedSentence | list[TaggedSentence]:
        """A label for each word of one sentence, or of each of a list; the results do not depend on each other.

        Args:
            sentences: A text, which is split into words by spaCy's rules for the model's language, or a list whose
                members are texts or lists of words. `sentences` finds the sentences in a longer text. An empty
                sentence stays empty.

        Returns:
            For each sentence, in their order, its words with their labels and the probability of each.
        """
        if isinstance(sentences, str):
            return self.tag([sentences])[0]
        given = [self.words(each) if isinstance(each, str) else each for each in sentences]
        size = self.max_input_length
        pieces = [sentence[start : start + size] for sentence in given for start in range(0, len(sentence), size)]
        long = [len(sentence) > size for sentence in given for _ in range(0, len(sentence), size)]

        def tag_pieces(rows: list[int]) -> Iterator[list[tuple[int, float]]]:
            tokens, mask = stack([self.reader.index(pieces[row]) for row in rows])
            labels, confidences = self.models[0].tag(self.to_device(tokens), self.to_device(mask))
            for row, numbers, sure in zip(rows, labels.tolist(), confidences.tolist(), strict=True):
                yield list(zip(numbers, sure, strict=True))[: len(pieces[row])]

        found = chain.from_iterable(in_sorted_batches(tag_pieces, list(map(len, pieces)), BATCH_TOKENS, long=long))
        return [
            TaggedSentence(
                tuple(words),
                tuple(self.labels[label] for label, _ in tags),
                tuple(sure for _, sure in tags),
                self.reader.unknown(words),
                max(1, math.ceil(len(words) / size)),
            )
            for words in given
            for tags in [list(islice(found, len(words)))]
        ]

    __call__ = tag

    def words(self, text: str) -> list[str]:
        """The words of a text."""
        return [word for sentence in self.sentences(text) for word, _ in sentence]

    def sentences(self, text: str) -> list[list[Token]]:
        """The sentences of a text by rules: the words of each, and whether a space comes before them."""
        cleaned = normalize(text)
        return list(split_sentences(word_splitter(self.language).split(cleaned))) if cleaned else []

    def evaluate(self, sentences: Sequence[Sentence]) -> Evaluation:
        """Tags the sentences' words and compares with their labels.

        Args:
            sentences: Words with their labels; `seqtasks.data.tagging.readers` reads them.

        Returns:
            Accuracy and, where labels are spans, their F1; the scores of each label as well.
        """
        started = time.perf_counter()
        found = [tagged.labels for tagged in self.tag([sentence.words for sentence in sentences])]
        seconds = time.perf_counter() - started
        expected = [sentence.labels for sentence in sentences]
        words = [sentence.words for sentence in sentences]
        samples = validation_examples(zip(*(map(" ".join, each) for each in (words, expected, found)), strict=True))
        decoding = self.signature("argmax" if self.models[0].field is None else "viterbi")
        scores, labels = label_scores(found, expected), scores_by_label(found, expected)
        return Evaluation(
            scores, samples, decoding, len(sentences), seconds,
            labels=labels, unit="sentences", outputs=found, references=[[labels] for labels in expected],
        )  # fmt: skip


def stack(
    sentences: Sequence[Int[np.ndarray[Any, Any], "_ _"]],
) -> tuple[Int[Tensor, "rows src parts"], Bool[Tensor, "rows src"]]:
    """Sentences as `WordIndexer` reads them in one padded tensor, and True where a token is real."""
    shape = [max(sentence.shape[axis] for sentence in sentences) for axis in (0, 1)]
    tokens = np.full((len(sentences), *shape), PAD, np.int64)
    mask = np.zeros((len(sentences), shape[0]), np.bool_)
    for row, sentence in enumerate(sentences):
        tokens[row, : sentence.shape[0], : sentence.shape[1]] = sentence
        mask[row, : len(sentence)] = True
    return torch.from_numpy(tokens), torch.from_numpy(mask)
