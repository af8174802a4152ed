from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
import torch
from helpers.documents import labelled_documents, write_documents
from pydantic import ValidationError

from seqtasks.config.run import read_config, to_toml
from seqtasks.data.documents.readers import Document, DocumentSource
from seqtasks.encoders import LstmEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.inference import classification as module
from seqtasks.inference.classification import ClassificationPipeline
from seqtasks.models import Classifier
from seqtasks.special_tokens import BEGIN, END, PAD
from seqtasks.tasks import ClassificationTask
from seqtasks.tasks.base import PreparedTask
from seqtasks.tasks.classification.presets import classification_preset, measure
from seqtasks.tasks.classification.task import ClassificationData
from seqtasks.text import WordTokenizer

DOCUMENTS = labelled_documents(60)


def config(folder: Path, documents: list[Document] | None = None, **settings: Any) -> ClassificationTask.Config:
    file = write_documents(folder / "train.tsv", DOCUMENTS if documents is None else documents)
    data = {name: settings.pop(name) for name in list(settings) if name in ClassificationData.model_fields}
    source = DocumentSource(path=file, label_separator="|")
    own = {name: settings.pop(name) for name in list(settings) if name in ClassificationTask.Config.model_fields}
    model = {"hidden_size": 8, "encoder": LstmEncoder.Config(hidden_size=8, num_layers=1), **settings}
    return ClassificationTask.Config(
        text=own.pop("text", WordTokenizer.Config(min_freq=1)),
        data=ClassificationData(train=[source], **data),
        model=Classifier.Config(**model),
        **own,
    )


def task_of(prepared: PreparedTask) -> ClassificationTask:
    assert isinstance(prepared.task, ClassificationTask)
    return prepared.task


def prepared_task(folder: Path, documents: list[Document] | None = None, **settings: Any) -> ClassificationTask:
    return task_of(ClassificationTask.prepare(config(folder, documents, **settings), seed=1))


def classifier_of(task: ClassificationTask, seed: int = 1) -> ClassificationPipeline:
    """With weights that are large enough for probabilities far from each other."""
    torch.manual_seed(seed)
    model = task.build_model().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return task.pipeline([model])


def test_what_was_read_is_told(tmp_path: Path) -> None:
    documents = [*DOCUMENTS, Document("nothing of all this"), Document("two", ("pos", "neg"))]
    prepared = ClassificationTask.prepare(config(tmp_path, documents, validation_split=0.25), seed=1)
    task = task_of(prepared)
    told = f"training documents: {len(task.train)} (skipped 2 of 62: 1 document without label"
    assert prepared.remarks[0].startswith(told)
    assert f"1 several labels ({tmp_path / 'train.tsv'}:63)" in prepared.remarks[0]
    assert prepared.data["documents"] == len(task.train)
    assert prepared.data["label_counts"] == {
        label: sum(document.labels == (label,) for document in task.train) for label in task.labels
    }
    counts = list(prepared.data["label_counts"].values())
    assert counts == sorted(counts, reverse=True)


def test_broken_validation_data_are_told(tmp_path: Path) -> None:
    file = write_documents(tmp_path / "dev.tsv", [*DOCUMENTS[:3], Document("nothing of all this")])
    prepared = ClassificationTask.prepare(config(tmp_path, validation=[DocumentSource(path=file)]), seed=1)
    told = f"; validation documents: 3 (skipped 1 of 4: 1 document without label ({file}:5))"
    assert prepared.remarks[0] == f"training documents: 60 (skipped 0 of 60){told}"


def test_the_fingerprint_is_that_of_the_data(tmp_path: Path) -> None:
    relabelled = [Document(DOCUMENTS[0].text, ("neg" if DOCUMENTS[0].labels == ("pos",) else "pos",)), *DOCUMENTS[1:]]
    prints = [
        ClassificationTask.prepare(config(tmp_path, documents), seed=1).data["fingerprint"]
        for documents in (DOCUMENTS, DOCUMENTS, relabelled, DOCUMENTS[1:])
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


@pytest.mark.parametrize(
    ("documents", "settings", "message"),
    [
        ([Document("a"), Document("b")], {}, "no labeled documents to train on: .*2 documents without label"),
        ([Document("a", ("x",)), Document("b", ("x",))], {}, "All documents have the same label, 'x'"),
        ([Document("a", ("x",)), Document("b", ("y",))], {}, "no labeled document to validate on"),
        ([Document(f"a{n}", (f"x{n}",)) for n in range(30)], {}, "30 different labels in 30 documents"),
        (DOCUMENTS, {"class_weights": {"pos": 2.0, "bad": 1.0}}, "class_weights: no document has the label 'bad'"),
    ],
)
def test_data_that_nothing_can_be_learned_from(
    tmp_path: Path, documents: list[Document], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(SeqtasksError, match=message):
        prepared_task(tmp_path, documents, **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"multi_label": True, "class_weights": "balanced"}, "class_weights are for documents of one label"),
        ({"unfreeze_steps": 5}, "are for model.encoder.init_from"),
        ({"layerwise_lr_decay": 0.5}, "are for model.encoder.init_from"),
        ({"class_weights": {"pos": 0.0}}, "greater than 0"),
        ({"max_length": 1}, "max_length = 1 cannot overlap"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        config(tmp_path, **settings)


@pytest.mark.parametrize("window", [0, 4])
def test_batches_hold_every_document_with_its_labels(tmp_path: Path, window: int) -> None:
    task = prepared_task(tmp_path, max_length=window)
    batches = task.batches(60, seed=1)
    pieces: dict[tuple[int, ...], list[tuple[str, float]]] = {}
    stream = iter(batches)
    total = 0.0
    while batches.state_dict()["epoch"] == 0:
        batch = next(stream)
        if batches.state_dict()["epoch"]:
            break
        assert batch.mask.numel() <= 60
        assert torch.equal(batch.mask, batch.tokens != PAD)
        assert batch.weight is not None
        for tokens, mask, labels, weight in zip(*batch, strict=True):
            ids = tuple(tokens[mask].tolist())
            assert (ids[0], ids[-1]) == (BEGIN, END)
            assert labels.sum() == 1
            pieces.setdefault(ids[1:-1], []).append((task.labels[int(labels.argmax())], float(weight)))
            total += float(weight)
        if total >= len(task.train) - 1e-3:
            break
    assert total == pytest.approx(len(task.train))
    for document in task.train:
        ids = tuple(task.processor.encode(document.text))
        if not window:
            assert (document.labels[0], 1.0) in pieces[ids]
            continue
        inside = [piece for piece in pieces if any(ids[at : at + len(piece)] == piece for at in range(len(ids)))]
        assert {token for piece in inside for token in piece} >= set(ids)


def test_several_labels_and_none_are_trained_on(tmp_path: Path) -> None:
    documents = [Document("a b", ("x", "y")), Document("a c", ("y",)), Document("c d"), Document("d e", ("x",))]
    task = prepared_task(tmp_path, documents * 3, multi_label=True, validation_split=0.4)
    batch = next(iter(task.batches(1_000, seed=1)))
    expected = sorted(tuple(label in document.labels for label in task.labels) for document in task.train)
    assert sorted(tuple(row.bool().tolist()) for row in batch.labels) == expected
    found = task.pipeline([task.build_model().eval()]).evaluate(documents)
    assert [score.metric for score in found.scores] == ["micro-f1", "macro-f1", "subset-accuracy"]
    assert (found.decoding.partition("|")[0], found.confusion) == ("threshold=0.5", None)


def test_class_weights(tmp_path: Path) -> None:
    documents = [Document(f"a{number}", ("x" if number < 12 else "y",)) for number in range(16)]
    for settings, ratio in (("none", 1.0), ("balanced", None), ({"y": 5.0}, 5.0)):
        task = prepared_task(tmp_path, documents, class_weights=settings)
        batch = next(iter(task.batches(1_000, seed=1)))
        assert batch.weight is not None
        of = [batch.weight[batch.labels[:, number] == 1] for number in range(2)]
        if ratio is None:  # the labels count the same together, and all documents as many as they are
            assert of[0].sum().item() == pytest.approx(of[1].sum().item())
            assert batch.weight.sum().item() == pytest.approx(len(task.train))
        else:
            assert (of[0] == 1.0).all()
            assert (of[1] == ratio).all()


def test_batches_go_on_where_they_stood(tmp_path: Path) -> None:
    task = prepared_task(tmp_path)

    def take(seed: int, start: int) -> list[list[Any]]:
        batches = task.batches(60, seed)
        batches.load_state_dict({"epoch": 0, "index": start})
        return [batch.tokens.tolist() for batch in islice(batches, 4)]

    assert take(1, 2)[:2] == take(1, 0)[2:]
    assert take(2, 0) != take(1, 0)


def test_sampled_segmentations_differ_from_epoch_to_epoch_and_can_be_resumed(tmp_path: Path) -> None:
    from seqtasks.text import SubwordTokenizer

    task = prepared_task(tmp_path, text=SubwordTokenizer.Config(vocab_size=320, subword_sampling=0.3))
    batches = task.batches(10_000, seed=1)
    first, second = islice(batches, 2)
    assert sorted(map(tuple, first.tokens.tolist())) != sorted(map(tuple, second.tokens.tolist()))
    again = task.batches(10_000, seed=1)
    again.load_state_dict({"epoch": 1, "index": 0})
    assert torch.equal(next(iter(again)).tokens, second.tokens)


@pytest.mark.parametrize("window", [0, 5])
@pytest.mark.parametrize("multi_label", [False, True])
def test_probabilities_do_not_depend_on_the_batch(
    tmp_path: Path, window: int, multi_label: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = classifier_of(prepared_task(tmp_path, max_length=window, multi_label=multi_label))
    texts = ["", *(each.text for each in labelled_documents(30, seed=5)), "the film " * 400, "x" * 60, ""]
    together = classifier.probabilities(texts)
    assert together.std(dim=0).max() > 0.02
    for number, text in enumerate(texts):
        assert torch.allclose(classifier.probabilities([text])[0], together[number], atol=1e-5)
    monkeypatch.setattr(module, "BATCH_TOKENS", 1)
    assert torch.allclose(classifier.probabilities(texts), together, atol=1e-5)


def test_a_long_document_is_the_mean_of_its_windows(tmp_path: Path) -> None:
    task = prepared_task(tmp_path, max_length=4)
    classifier = classifier_of(task)
    words = ["the", "film", "was", "not", "dull", "and", "splendid"]
    parts = [" ".join(words[start : start + 4]) for start in (0, 2, 3)]
    assert [len(task.processor.encode(part)) for part in parts] == [4, 4, 4]
    expected = classifier.probabilities(parts).mean(dim=0)
    assert torch.allclose(classifier.probabilities([" ".join(words)])[0], expected, atol=1e-6)


def test_labels_come_with_all_probabilities(tmp_path: Path) -> None:
    task = prepared_task(tmp_path)
    for found, row in zip(
        classifier_of(task).classify(["dull", "splendid"]),
        classifier_of(task).probabilities(["dull", "splendid"]).tolist(),
        strict=True,
    ):
        assert found.probabilities == dict(sorted(zip(task.labels, row, strict=True), key=lambda each: -each[1]))
        assert (found.label, found.probability) == next(iter(found.probabilities.items()))
        assert found.labels == (found.label,)
    several = classifier_of(prepared_task(tmp_path, multi_label=True))
    every = several.classification([0.5, 0.9])
    assert every.labels == (several.labels[1], several.labels[0])
    assert several.classification([0.2, 0.4]).labels == ()


def test_an_ensemble_gives_the_mean(tmp_path: Path) -> None:
    task = prepared_task(tmp_path)
    (first,), (second,) = (classifier_of(task, seed).models for seed in (1, 2))
    texts = [each.text for each in DOCUMENTS[:5]]
    alone = [task.pipeline([model]).probabilities(texts) for model in (first, second)]
    both = task.pipeline([first, second]).probabilities(texts)
    assert torch.allclose(both, (alone[0] + alone[1]) / 2, atol=1e-6)
    several = classifier_of(prepared_task(tmp_path, multi_label=True)).models
    with pytest.raises(SeqtasksError, match="mixes single-label and multi-label models"):
        ClassificationPipeline([first, *several], task.processor, task.labels)


def test_processors_are_saved_and_loaded(tmp_path: Path) -> None:
    settings = config(tmp_path)
    task = task_of(ClassificationTask.prepare(settings, seed=1))
    folder = tmp_path / "processors"
    folder.mkdir()
    task.save_processors(folder)
    assert {path.name for path in folder.iterdir()} == {"text.json", "labels.json"}
    again = task_of(ClassificationTask.prepare(settings, seed=1, processors=folder))
    loaded = ClassificationTask.load(settings, folder)
    texts = [each.text for each in DOCUMENTS[:5]]
    for other in (again, loaded):
        assert other.labels == task.labels
        assert classifier_of(other).classify(texts) == classifier_of(task).classify(texts)
    fewer = config(tmp_path, [each for each in DOCUMENTS if each.labels == (task.labels[-1],)] + DOCUMENTS[:9])
    told = ClassificationTask.prepare(fewer, seed=1, processors=folder).remarks[1]
    assert f"documents of {task.labels[-1]} to " in told, "the commonest here, not of the model"
    another = config(tmp_path, [*DOCUMENTS, *(Document(f"a{number}", ("NEW",)) for number in range(5))])
    with pytest.raises(SeqtasksError, match="has no label 'NEW'"):
        ClassificationTask.prepare(another, seed=1, processors=folder)


def test_evaluation_counts_what_was_found(tmp_path: Path) -> None:
    task = prepared_task(tmp_path)
    classifier = classifier_of(task)
    documents = [*DOCUMENTS, Document("something else", ("strange",))]
    found = classifier.evaluate(documents)
    labels = [each.label for each in classifier.classify([each.text for each in documents])]
    expected = [each.labels[0] for each in documents]
    scores = {score.metric: score.value for score in found.scores}
    right = np.mean([own == other for own, other in zip(labels, expected, strict=True)])
    assert scores["accuracy"] == pytest.approx(100 * right)
    assert scores["majority-accuracy"] == pytest.approx(100 * expected.count(task.labels[0]) / 61)
    assert found.confusion is not None
    assert sum(map(sum, found.confusion.counts)) == 61
    assert {each.label: each.expected for each in found.labels} == {
        each: expected.count(each) for each in set(expected)
    }
    assert (found.examples, found.decoding.partition("|")[0]) == (61, "argmax")
    card = task.model_card(
        found.scores, {"documents": 54, "validation_documents": 6, "label_counts": {"pos": 30, "neg": 24}}
    )
    assert "Encoder `lstm`, mean pooling" in card
    assert "`pos` (30)" in card


def test_a_configuration_is_made_from_data_alone(tmp_path: Path) -> None:
    source = DocumentSource(path=write_documents(tmp_path / "train.tsv", DOCUMENTS))
    assert measure([source])[1] == sum(len(each.text.split()) for each in DOCUMENTS)
    run = read_config(None, text=tomli_w.dumps(classification_preset([source])))
    assert isinstance(run.task, ClassificationTask.Config)
    assert (run.task.text.kind, run.task.model.encoder.kind, run.task.model.multi_label) == ("subwords", "lstm", False)
    assert read_config(None, text=to_toml(run)) == run


@pytest.mark.parametrize(
    ("documents", "words", "text", "size"),
    [(9, 20, "subwords", 1_000), (900, 20_000, "subwords", 4_000), (2_000_000, 2_000_000, "characters", None),
     (25_000, 5_800_000, "subwords", 16_000)],
)  # fmt: skip
def test_sizes_follow_the_amount_of_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, documents: int, words: int, text: str, size: int | None
) -> None:
    from seqtasks.tasks.classification import presets

    monkeypatch.setattr(presets, "measure", lambda sources: (documents, words, True))
    run = read_config(None, text=tomli_w.dumps(classification_preset([DocumentSource(path=tmp_path / "a.csv")])))
    assert isinstance(run.task, ClassificationTask.Config)
    assert (run.task.text.kind, getattr(run.task.text, "vocab_size", None)) == (text, size)
    assert run.task.model.multi_label


@pytest.mark.parametrize("encoder", ["lstm", "gru", "rnn", "transformer", "text-cnn", "bag-of-words"])
def test_every_kind_of_encoder_can_be_had(tmp_path: Path, encoder: str) -> None:
    source = DocumentSource(path=write_documents(tmp_path / "train.tsv", DOCUMENTS))
    run = read_config(None, text=tomli_w.dumps(classification_preset([source], encoder=encoder)))
    assert isinstance(run.task, ClassificationTask.Config)
    assert run.task.model.encoder.kind == encoder
    assert (run.task.data.max_length > 0) == (encoder == "transformer")


@pytest.mark.parametrize("text", ["words", "subwords", "characters"])
def test_every_kind_of_text_can_be_had(tmp_path: Path, text: str) -> None:
    source = DocumentSource(path=write_documents(tmp_path / "train.tsv", DOCUMENTS))
    run = read_config(None, text=tomli_w.dumps(classification_preset([source], text=text)))
    assert isinstance(run.task, ClassificationTask.Config)
    assert run.task.text.kind == text
    assert (run.task.model.word_dropout == 0) == (text == "characters")


def test_no_labels_at_all(tmp_path: Path) -> None:
    file = write_documents(tmp_path / "train.tsv", [Document("a"), Document("b")])
    with pytest.raises(SeqtasksError, match=r"no labeled documents to train on: .*2 documents without label"):
        classification_preset([DocumentSource(path=file)])
