"""Labels of words by a trained model."""

from __future__ import annotations

from collections.abc import Sequence

from seqtasks.data.conllu import Sentence
from seqtasks.errors import SeqtasksError
from seqtasks.models import Tagger
from seqtasks.predictor.base import Predictor, require_list
from seqtasks.tasks import TaggingTask
from seqtasks.tasks.tagging.sentence_tagger import SentenceTagger, TaggedSentence
from seqtasks.tasks.tagging.task import TaggingEvaluation
from seqtasks.text import clean
from seqtasks.text.cutting import cutter
from seqtasks.text.sentences import Token, split_sentences


class TaggingPredictor(Predictor):
    """Labels words, and measures how good it is at it. See `load`."""

    task: TaggingTask

    def __init__(self, task: TaggingTask, models: Sequence[Tagger]) -> None:
        if len(models) > 1:
            raise SeqtasksError(f"{len(models)} models cannot tag together.", "Give one of them.")
        super().__init__(task, models)
        self.tagger = SentenceTagger(self.models[0], task.reader, task.labels)

    @property
    def labels(self) -> list[str]:
        """All labels that it knows, the commonest of its training data first."""
        return self.task.labels

    def tag(self, sentences: Sequence[str | Sequence[str]]) -> list[TaggedSentence]:
        """A label for each word of each sentence, in their order.

        A sentence is a list of words, or a text that is cut into words by spaCy's rules for the model's language.
        `sentences` finds the sentences in a longer text.
        """
        require_list(sentences, "sentences")
        return self.tagger.tag([self.words(each) if isinstance(each, str) else each for each in sentences])

    def words(self, text: str) -> list[str]:
        """The words of a text."""
        return [word for sentence in self.sentences(text) for word, _ in sentence]

    def sentences(self, text: str) -> list[list[Token]]:
        """The sentences of a text by rule: the words of each, and whether a blank stands before them."""
        cleaned = clean(text)
        return list(split_sentences(cutter(self.task.config.text.language).cut(cleaned))) if cleaned else []

    def evaluate(self, sentences: Sequence[Sentence]) -> TaggingEvaluation:
        """Tags the sentences' words and compares with their labels: accuracy and, where labels are spans, their F1."""
        found = self.signed(self.task.evaluate(self.models[0], sentences))
        assert isinstance(found, TaggingEvaluation)
        return found
