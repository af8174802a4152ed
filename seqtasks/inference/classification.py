"""Classification: from documents to labels by a trained model, or several."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import overload

import torch
from jaxtyping import Float
from torch import Tensor

from seqtasks.data.collate import pad
from seqtasks.data.documents.readers import Document
from seqtasks.data.documents.sliding_window import sliding_windows
from seqtasks.errors import SeqtasksError
from seqtasks.inference.attribution import BATCH_TOKENS, Explanation, Method, explain
from seqtasks.inference.base import Pipeline, in_sorted_batches, require_list
from seqtasks.inference.outputs import Classification
from seqtasks.metrics.calibration import calibration_score
from seqtasks.metrics.classification import class_scores, label_set_scores, majority_score, scores_by_label_set
from seqtasks.metrics.confusion_matrix import ConfusionMatrix, confusion_matrix
from seqtasks.metrics.evaluation import Evaluation, validation_examples
from seqtasks.metrics.score import Score
from seqtasks.models import Classifier
from seqtasks.plurals import counted
from seqtasks.special_tokens import PAD
from seqtasks.text import Tokenizer, normalize
from seqtasks.text.parts import text_parts

MAX_INPUT_LENGTH = 4_096
"""Tokens of a document that are read at once, unless a pipeline says otherwise."""
LONG_WINDOW = 512
"""Tokens of the windows in which longer documents are read: about as many as reviews and paragraphs have."""
PART = 65_536
"""Characters of a long document that are in memory as tokens."""
THRESHOLD = 0.5
"""Where several labels may hold, those hold that are at least so probable."""
SHOWN = 200
"""Characters of a document that are shown as a sample."""


class ClassificationPipeline(Pipeline):
    """Classifies documents, and measures how good it is at it.

    Args:
        models: One model, or the members of an ensemble, whose probabilities are averaged.
        processor: The text processor, which the models share.
        labels: What their labels are called, the most frequent of the training data first.
        window: A document of more tokens is read in overlapping windows; its probabilities are the mean of theirs.
            0 = documents are read whole, up to `max_input_length`.
        max_input_length: Tokens that are read at once, however the model was trained. A longer document is read in
            windows of at most LONG_WINDOW tokens, and `explain` refuses it.
    """

    models: list[Classifier]

    def __init__(
        self,
        models: Sequence[Classifier],
        processor: Tokenizer,
        labels: Sequence[str],
        *,
        window: int = 0,
        max_input_length: int = MAX_INPUT_LENGTH,
    ) -> None:
        if len({model.multi_label for model in models}) > 1:
            raise SeqtasksError(
                "The ensemble mixes single-label and multi-label models.",
                "Use models of one kind.",
            )
        super().__init__(models)
        self.processor = processor
        self.labels = list(labels)
        self.window = window
        self.max_input_length = max_input_length

    @property
    def multi_label(self) -> bool:
        """Whether several labels may hold for a document."""
        return self.models[0].multi_label

    @overload
    def classify(self, texts: str) -> Classification: ...  # type: ignore[overload-overlap]

    @overload
    def classify(self, texts: Sequence[str]) -> list[Classification]: ...

    def classify(self, texts: str | Sequence[str]) -> Classification | list[Classification]:
        """How probable each label is for one text, or for each of a list.

        Texts are read whole, or in overlapping windows where the model was trained so. One of more than
        `max_input_length` tokens is always read in windows, in bounded memory; its probabilities are the mean of
        theirs.

        Args:
            texts: One text, or a list.

        Returns:
            For each text, in their order, its label (or labels, where several may hold), and the probabilities of all.
        """
        if isinstance(texts, str):
            return self.classify([texts])[0]
        return [
            replace(self.classification(mean.tolist()), unknown=self.processor.unknown(text), parts=count)
            for text, (mean, count) in zip(texts, self.means(texts), strict=True)
        ]

    __call__ = classify

    def classification(self, probabilities: Sequence[float]) -> Classification:
        """The labels by their probabilities, which are in the order of the labels."""
        ranked = sorted(range(len(self.labels)), key=lambda number: -probabilities[number])
        best = ranked[0]
        held = ranked[:1]
        if self.multi_label:
            held = [number for number in ranked if probabilities[number] >= THRESHOLD]
        return Classification(
            self.labels[best],
            probabilities[best],
            {self.labels[number]: probabilities[number] for number in ranked},
            tuple(self.labels[number] for number in held),
        )

    def probabilities(self, texts: Sequence[str]) -> Float[Tensor, "texts labels"]:
        """How probable each label is for each text; an ensemble's probabilities are the mean of its members'."""
        return torch.stack([mean for mean, _ in self.means(texts)]) if texts else torch.zeros(0, len(self.labels))

    @torch.no_grad()
    def means(self, texts: Sequence[str]) -> list[tuple[Float[Tensor, "labels"], int]]:
        """The mean probabilities of the parts of each text, and how many parts there are."""
        means: dict[int, tuple[Tensor, int]] = {}
        short = [row for row, text in enumerate(texts) if len(text) <= PART]
        encoded = self.processor.encode_all([texts[row] for row in short])
        whole = {
            row: sliding_windows(ids, self.window)
            for row, ids in zip(short, encoded, strict=True)
            if len(ids) <= self.max_input_length
        }
        found = iter(self.windows_probabilities([window for each in whole.values() for window in each], long=False))
        for row, windows in whole.items():
            means[row] = torch.stack([*islice(found, len(windows))]).mean(dim=0), len(windows)
        for row in range(len(texts)):
            if row not in means:
                means[row] = self.long_mean(texts[row])
        return [means[row] for row in range(len(texts))]

    def long_mean(self, text: str) -> tuple[Float[Tensor, "labels"], int]:
        """The mean over the windows of a long document, of which a part at a time is in memory as tokens."""
        size = self.window or min(LONG_WINDOW, self.max_input_length)
        total, count = torch.zeros(len(self.labels)), 0
        for part in text_parts(text, PART):
            found = self.windows_probabilities(sliding_windows(self.processor.encode(part), size), long=True)
            total += torch.stack(found).sum(dim=0)
            count += len(found)
        return total / max(1, count), max(1, count)

    def windows_probabilities(self, windows: Sequence[Sequence[int]], *, long: bool) -> list[Tensor]:
        """What the models say of each window; `long` are those of long documents."""

        def probabilities_of(rows: list[int]) -> Iterable[Tensor]:
            tokens = self.to_device(pad([windows[row] for row in rows], begin=True, end=True))
            return torch.stack([model.probabilities(tokens, tokens != PAD).cpu() for model in self.models]).mean(dim=0)

        lengths = [len(window) + 2 for window in windows]
        return in_sorted_batches(probabilities_of, lengths, BATCH_TOKENS, long=[long] * len(windows))

    def explain(self, text: str, *, label: str | None = None, method: Method = "occlusion") -> Explanation:
        """How much each word speaks for a label; see `attribution.explain`.

        Args:
            text: The text to classify.
            label: The label; that of `classify` where it is None.
            method: "occlusion" or "gradients".

        Raises:
            SeqtasksError: The model has no such label, or the text has more than `max_input_length` tokens.
        """
        cleaned = normalize(text)
        if len(cleaned) > PART or len(self.processor.encode(cleaned)) > self.max_input_length:
            raise SeqtasksError(
                f"A text of {len(cleaned):,} characters is too long to explain: explanations read at most "
                f"{counted(self.max_input_length, 'tokens')}.",
                "Explain parts of it.",
            )
        if label is not None and label not in self.labels:
            known = ", ".join(self.labels[:20])
            raise SeqtasksError(f"The model has no label {label!r}.", f"Its labels are {known}.")
        chosen = self.classify(text).label if label is None else label
        number = self.labels.index(chosen)
        return explain(self.models, self.processor, cleaned, chosen, number, window=self.window, method=method)

    def evaluate(self, documents: Sequence[Document]) -> Evaluation:
        """Classifies documents and compares with their labels.

        Args:
            documents: Labeled texts; `seqtasks.data.documents.readers` reads them.

        Returns:
            One label a document: accuracy, mean F1, how well the probabilities say how often it is right, what the most
            frequent label would get, and a confusion matrix. Several: F1 and how many documents have all labels right.
            Each label's own scores as well.
        """
        require_list(documents, "documents")
        started = time.perf_counter()
        found = self.classify([document.text for document in documents])
        seconds = time.perf_counter() - started
        window = f"|window={self.window}" if self.window else ""
        expected = [document.labels for document in documents]
        predicted = [each.labels for each in found]
        matrix: ConfusionMatrix | None = None
        if self.multi_label:
            decoding, scores = f"threshold={THRESHOLD}", label_set_scores(predicted, expected, self.labels)
        else:
            single = [names[0] for names in expected]
            decoding, scores = "argmax", single_label_scores(found, single, self.labels[0])
            matrix = confusion_matrix([each.label for each in found], single)
        shown = (document.text[:SHOWN] for document in documents)
        samples = validation_examples(zip(shown, map(", ".join, expected), map(summary, found), strict=True))
        return Evaluation(
            scores, samples, self.signature(decoding + window), len(documents), seconds,
            labels=scores_by_label_set(predicted, expected), confusion=matrix, unit="documents",
            outputs=predicted, references=[[labels] for labels in expected],
        )  # fmt: skip


def single_label_scores(found: Sequence[Classification], expected: Sequence[str], majority: str) -> tuple[Score, ...]:
    """The scores of one label a document, and what the most frequent label of the training data would get."""
    ours = [each.label for each in found]
    right = [own == other for own, other in zip(ours, expected, strict=True)]
    return (
        *class_scores(ours, expected),
        calibration_score([each.probability for each in found], right),
        majority_score(majority, expected),
    )


def summary(found: Classification) -> str:
    """The labels with their probabilities, human-readable."""
    return ", ".join(f"{label} ({found.probabilities[label]:.2f})" for label in found.labels) or "-"
