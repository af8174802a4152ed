"""Small classifiers learn what a bag of words cannot know, and explanations point at the words that decide."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.documents import FILLERS, write_documents

from seqtasks.config.training import TrainingConfig
from seqtasks.data.documents.readers import Document, DocumentSource
from seqtasks.encoders import BagOfWordsEncoder, LstmEncoder, TextCnnEncoder, TransformerEncoder
from seqtasks.inference.attribution import Method
from seqtasks.inference.classification import ClassificationPipeline
from seqtasks.models import Classifier
from seqtasks.registry import ConfigModel
from seqtasks.tasks import ClassificationTask
from seqtasks.tasks.classification.task import ClassificationData
from seqtasks.text import WordTokenizer
from seqtasks.training.trainer import Trainer

FIRST, SECOND = "rain", "sun"
LSTM = LstmEncoder.Config(hidden_size=16, num_layers=1, dropout=0.0)
TRANSFORMER = TransformerEncoder.Config(num_layers=1, num_heads=2, ffn_dim=32, dropout=0.0)

MakeDocument = Callable[[random.Random], Document]


def in_order(chance: random.Random) -> Document:
    """Both words anywhere: which of them comes first is the label."""
    words = chance.choices(FILLERS, k=8)
    places = sorted(chance.sample(range(8), 2))
    turned = chance.random() < 0.5
    words[places[turned]], words[places[not turned]] = FIRST, SECOND
    return Document(" ".join(words), ("sun later" if not turned else "rain later",))


def side_by_side(chance: random.Random) -> Document:
    """Both words, the second right behind the first or somewhere else."""
    words = chance.choices(FILLERS, k=6)
    adjacent = chance.random() < 0.5
    place = chance.randrange(5)
    if adjacent:
        words[place : place + 2] = [FIRST, SECOND]
    else:
        places = chance.choice([(one, two) for one in range(6) for two in range(6) if one not in (two, two - 1)])
        words[places[0]], words[places[1]] = FIRST, SECOND
    return Document(" ".join(words), ("together" if adjacent else "apart",))


def together(chance: random.Random) -> Document:
    """One of those whose words are side by side."""
    return next(each for each in iter(lambda: side_by_side(chance), None) if each.labels == ("together",))


def documents_of(make: MakeDocument, count: int, seed: int) -> list[Document]:
    chance = random.Random(seed)
    return [make(chance) for _ in range(count)]


def trained(
    folder: Path, make: MakeDocument, encoder: ConfigModel, pooling: str, steps: int = 120
) -> ClassificationPipeline:
    """A classifier that was trained on such documents."""
    config = ClassificationTask.Config(
        text=WordTokenizer.Config(min_freq=1),
        data=ClassificationData(
            train=[DocumentSource(path=write_documents(folder / "train.tsv", documents_of(make, 1000, seed=1)))],
            validation_split=0.02,
        ),
        model=Classifier.Config(
            hidden_size=16, embedding_dropout=0.0, word_dropout=0.1, dropout=0.0, encoder=encoder, pooling=pooling
        ),
    )
    prepared = ClassificationTask.prepare(config, seed=1)
    task = prepared.task
    assert isinstance(task, ClassificationTask)
    settings = TrainingConfig(
        max_steps=steps, batch_tokens=400, learning_rate=1e-2, warmup_steps=20, lr_scheduler="cosine", ema_decay=0.9,
        eval_steps=steps, save_steps=steps, num_threads=1, device="cpu", dtype="float32",
    )  # fmt: skip
    trainer = Trainer(task, settings, out=folder / "out", seed=1, config_toml="", data=prepared.data)
    list(trainer.run())
    model = trainer.model.eval()
    assert isinstance(model, Classifier)
    return task.pipeline([model])


def share_right(classifier: ClassificationPipeline, make: MakeDocument) -> float:
    unseen = documents_of(make, 400, seed=2)
    found = classifier.classify([document.text for document in unseen])
    return sum((each.label,) == document.labels for each, document in zip(found, unseen, strict=True)) / len(unseen)


def share_pointed_at(classifier: ClassificationPipeline, make: MakeDocument, method: Method) -> float:
    """How often both words are among the two that matter most."""
    unseen = documents_of(make, 40, seed=3)
    hits = 0
    for document in unseen:
        words = classifier.explain(document.text, method=method).words
        strongest = sorted(words, key=lambda word: -abs(word.value))[:2]
        hits += {word.text for word in strongest} == {FIRST, SECOND}
    return hits / len(unseen)


@pytest.mark.parametrize("pooling", ["last", "max"])
def test_an_lstm_learns_the_order_of_two_words_and_is_explained_by_them(tmp_path: Path, pooling: str) -> None:
    classifier = trained(tmp_path, in_order, LSTM, pooling)
    assert share_right(classifier, in_order) >= 0.98
    assert share_pointed_at(classifier, in_order, "occlusion") >= 0.9
    assert share_pointed_at(classifier, in_order, "gradients") >= 0.7


def test_a_transformer_learns_the_order_of_two_words(tmp_path: Path) -> None:
    assert share_right(trained(tmp_path, in_order, TRANSFORMER, "attention"), in_order) >= 0.97


def test_a_bag_of_pairs_learns_neighbours_and_points_at_them(tmp_path: Path) -> None:
    classifier = trained(tmp_path, side_by_side, BagOfWordsEncoder.Config(max_ngram_size=2, num_buckets=5000), "mean")
    assert share_right(classifier, side_by_side) >= 0.97

    for method in ("occlusion", "gradients"):
        assert share_pointed_at(classifier, together, method) >= 0.9


def test_a_convolution_learns_neighbors_and_points_at_them(tmp_path: Path) -> None:
    classifier = trained(tmp_path, side_by_side, TextCnnEncoder.Config(kernel_sizes=(2, 3), num_filters=8), "max")
    assert share_right(classifier, side_by_side) >= 0.97
    for method in ("occlusion", "gradients"):
        assert share_pointed_at(classifier, together, method) >= 0.9


@pytest.mark.parametrize("make", [in_order, side_by_side])
def test_a_bag_of_words_cannot_know_order(tmp_path: Path, make: MakeDocument) -> None:
    classifier = trained(tmp_path, make, BagOfWordsEncoder.Config(max_ngram_size=1), "mean", steps=100)
    assert share_right(classifier, make) < 0.6
