"""The tagger in spaCy's pipelines."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from helpers.tagged import labelled_sentences, write_conllu_file

from seqtasks.config.run import read_config, to_toml
from seqtasks.errors import SeqtasksError
from seqtasks.integrations.spacy import SpacyTagger, make_tagger
from seqtasks.loading import load
from seqtasks.models.state_dict import unique_state_dict
from seqtasks.storage.bundle import write_bundle
from seqtasks.tasks import TaggingTask

TEXT = "Oredum rak tilbak. Fosdum not rak!"


def make_model(folder: Path, labels: dict[str, str]) -> Path:
    """An untrained model with other labels than those of the sentences."""
    sentences = [[(word, labels[label]) for word, label in each] for each in labelled_sentences(40)]
    file = write_conllu_file(folder / "train.conllu", sentences)
    run = read_config(
        None,
        text='task = "tagging"\n[model]\nhidden_size = 8\n[model.encoder]\nkind = "lstm"\nhidden_size = 8\n',
        overrides=[
            f'data.train=[{{path="{file}"}}]',
            "text.language=en",
            "model.encoder.num_layers=1",
            'model.char_encoder={kind="cnn"}',
        ],
    )
    task = TaggingTask.prepare(run.task, 1).task
    assert isinstance(task, TaggingTask)
    torch.manual_seed(1)
    write_bundle(
        folder / "model", task="tagging", model=run.task.model.model_dump(mode="json"),
        tensors=unique_state_dict(task.build_model()), processors=task.save_processors, config_toml=to_toml(run),
        scores=[], data={}, card="",
    )  # fmt: skip
    return folder / "model"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("pos"), {"NOUN": "NOUN", "VERB": "VERB", "PART": "PART"})


@pytest.fixture(scope="module")
def span_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("spans"), {"NOUN": "B-DOG", "VERB": "I-DOG", "PART": "O"})


def pipeline(model: Path, *, sentences: bool = True, **config: Any) -> spacy.Language:
    nlp = spacy.blank("en")
    if sentences:
        nlp.add_pipe("sentencizer")
    nlp.add_pipe("seqtasks_tagger", config={"model": str(model), "threads": 1, "dtype": "float32", **config})
    return nlp


def test_labels_are_those_of_the_predictor(model: Path) -> None:
    doc = pipeline(model)(TEXT)
    sentences = [[token.text for token in sentence] for sentence in doc.sents]
    assert len(sentences) == 2
    expected = [label for each in load(model, threads=1, dtype="float32").tag(sentences) for label in each.labels]
    assert [token.pos_ for token in doc] == expected
    assert not any(token.tag_ for token in doc)


def test_without_sentences_a_document_is_one(model: Path) -> None:
    doc = pipeline(model, sentences=False)(TEXT)
    (expected,) = load(model, threads=1, dtype="float32").tag([[token.text for token in doc]])
    assert tuple(token.pos_ for token in doc) == expected.labels


def test_many_documents_are_labelled_as_one_by_one(model: Path) -> None:
    nlp = pipeline(model)
    texts = [TEXT, "", "rak", f"{TEXT} {TEXT}", " "] * 3
    together = [[token.pos_ for token in doc] for doc in nlp.pipe(texts, batch_size=4)]
    assert together == [[token.pos_ for token in nlp(text)] for text in texts]


def test_white_space_is_no_word(model: Path) -> None:
    nlp = pipeline(model)
    doc = nlp("oredum  rak\n\n")
    assert [token.is_space for token in doc] == [False, True, False, True]
    assert [token.pos_ for token in doc if token.is_space] == ["SPACE", "SPACE"]
    plain = nlp("oredum rak")
    assert [token.pos_ for token in doc if not token.is_space] == [token.pos_ for token in plain]
    assert [token.tag_ for token in pipeline(model, attribute="tag")("a  b")][1] == "_SP"


def test_labels_of_spans_become_entities(span_model: Path) -> None:
    nlp = pipeline(span_model)
    component = nlp.get_pipe("seqtasks_tagger")
    assert isinstance(component, SpacyTagger)
    assert component.attribute == "ents"

    class Fixed:
        """Labels that are known beforehand."""

        def tag(self, sentences: Sequence[Sequence[str]]) -> list[Any]:
            marks = {"Oredum": "B-DOG", "rak": "I-DOG", "Fosdum": "B-CAT", "not": "B"}
            kind = type(load(span_model, threads=1).tag([["a"]])[0])
            return [kind(tuple(s), tuple(marks.get(word, "O") for word in s), (1.0,) * len(s)) for s in sentences]

    component.predictor = Fixed()  # type: ignore[assignment]
    doc = nlp("Oredum rak tilbak. Fosdum not Fosdum!")
    assert [(entity.text, entity.label_) for entity in doc.ents] == [
        ("Oredum rak", "DOG"),
        ("Fosdum", "CAT"),
        ("not", "SPAN"),
        ("Fosdum", "CAT"),
    ]


def test_where_labels_go_can_be_chosen(model: Path) -> None:
    doc = pipeline(model, attribute="tag")(TEXT)
    assert {token.tag_ for token in doc} <= {"NOUN", "VERB", "PART"}
    assert not any(token.pos_ for token in doc)
    with pytest.raises(SeqtasksError, match=r"attribute = 'lemma' .* auto, pos, tag, ents"):
        pipeline(model, attribute="lemma")


def test_a_pipeline_is_saved_and_loaded(model: Path, tmp_path: Path) -> None:
    nlp = pipeline(model)
    nlp.to_disk(tmp_path / "pipeline")
    again = spacy.load(tmp_path / "pipeline")
    assert [token.pos_ for token in again(TEXT)] == [token.pos_ for token in nlp(TEXT)]


def test_the_package_offers_the_component() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["spacy_factories"]["seqtasks_tagger"].partition(":")
    assert getattr(import_module(module), name) is make_tagger
