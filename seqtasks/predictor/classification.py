"""Labels of documents by a trained model, or several."""

from __future__ import annotations

from collections.abc import Sequence

from seqtasks.data.documents import Document
from seqtasks.errors import SeqtasksError
from seqtasks.models import Classifier
from seqtasks.predictor.base import Predictor, require_list
from seqtasks.tasks import ClassificationTask
from seqtasks.tasks.classification.document_classifier import Classification
from seqtasks.tasks.classification.explanation import Explanation, Method, explain
from seqtasks.tasks.classification.scores import ClassificationEvaluation


class ClassificationPredictor(Predictor):
    """Says what documents are, and measures how good it is at it. See `load`."""

    task: ClassificationTask

    def __init__(self, task: ClassificationTask, models: Sequence[Classifier]) -> None:
        if len({model.multi_label for model in models}) > 1:
            raise SeqtasksError(
                "Some of the models find one label a document, others several.",
                "Models that answer together are alike.",
            )
        super().__init__(task, models)
        self.classifier = task.classifier(self.models)

    @property
    def labels(self) -> list[str]:
        """All labels that it knows, the commonest of its training data first."""
        return self.task.labels

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """The label of each text, how probable it is, and all others; in the order of the texts.

        Long texts are read whole, or in overlapping windows where the model was trained so. An ensemble gives the mean
        of its members' probabilities.
        """
        require_list(texts, "texts")
        return self.classifier.classify(texts)

    def explain(self, text: str, *, label: str | None = None, method: Method = "occlusion") -> Explanation:
        """How much each word speaks for a label, that of `classify` where none is given; see `Explanation`.

        Raises SeqtasksError for a label that the model does not know.
        """
        return explain(self.classifier, text, label=label, method=method)

    def evaluate(self, documents: Sequence[Document]) -> ClassificationEvaluation:
        """Classifies the documents and compares with their labels; `seqtasks.data.documents` reads them.

        One label a document: accuracy, mean F1, how well the probabilities say how often it is right, and what the
        commonest label would get. Several: F1 and how many documents have all labels right. Each label's own as well.
        """
        found = self.signed(self.task.evaluate(self.models, documents))
        assert isinstance(found, ClassificationEvaluation)
        return found
