from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import torch
from helpers.tagged import Labelled, labelled_sentences, write_conllu_file

from seqtasks.config.run import read_config, to_toml
from seqtasks.data.tagging.readers import Form
from seqtasks.encoders import LstmEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.inference import tagging as module
from seqtasks.inference.tagging import TaggingPipeline
from seqtasks.layers.char_encoders import CnnCharEncoder
from seqtasks.models import Tagger
from seqtasks.tasks import TaggingTask
from seqtasks.tasks.base import PreparedTask
from seqtasks.tasks.tagging.presets import measure, tagging_preset
from seqtasks.tasks.tagging.task import TaggedSource, TaggingData
from seqtasks.text.word_indexer import WordIndexerConfig

SENTENCES = labelled_sentences(40)


def config(folder: Path, sentences: list[Labelled] | None = None, **settings: Any) -> TaggingTask.Config:
    file = write_conllu_file(folder / "train.conllu", SENTENCES if sentences is None else sentences)
    data = {name: settings.pop(name) for name in list(settings) if name in TaggingData.model_fields}
    model = {
        "hidden_size": 8,
        "char_encoder": CnnCharEncoder.Config(),
        "encoder": LstmEncoder.Config(hidden_size=8, num_layers=1),
        **settings,
    }
    return TaggingTask.Config(
        text=WordIndexerConfig(min_freq=1),
        data=TaggingData(train=[TaggedSource(path=file)], **data),
        model=Tagger.Config(**model),
    )


def task_of(prepared: PreparedTask) -> TaggingTask:
    assert isinstance(prepared.task, TaggingTask)
    return prepared.task


def tagger_of(task: TaggingTask, seed: int = 1) -> TaggingPipeline:
    torch.manual_seed(seed)
    return task.pipeline([task.build_model().eval()])


def words_of(sentences: list[Labelled]) -> list[list[str]]:
    return [[word for word, _ in sentence] for sentence in sentences]


def test_a_share_of_the_sentences_is_held_out_equal_ones_together(tmp_path: Path) -> None:
    settings = config(tmp_path, [sentence for sentence in SENTENCES for _ in range(2)], validation_split=0.25)
    task = task_of(TaggingTask.prepare(settings, seed=1))
    held_out, trained = ({sentence.words for sentence in part} for part in (task.validation, task.train))
    assert not held_out & trained
    assert (len(held_out), len(task.validation), len(task.train)) == (10, 20, 60)
    again = task_of(TaggingTask.prepare(settings, seed=1))
    assert (again.validation, again.train) == (task.validation, task.train)
    assert task_of(TaggingTask.prepare(settings, seed=2)).validation != task.validation


def test_validation_data_of_its_own(tmp_path: Path) -> None:
    file = write_conllu_file(tmp_path / "dev.conllu", SENTENCES[:3])
    task = task_of(TaggingTask.prepare(config(tmp_path, validation=[TaggedSource(path=file)]), seed=1))
    assert [list(sentence.words) for sentence in task.validation] == words_of(SENTENCES[:3])
    assert len(task.train) == 40


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    long = [("aum", "NOUN")] * 30
    unlabelled = [("aum", "_")] * 2
    prepared = TaggingTask.prepare(config(tmp_path, [*SENTENCES, long, unlabelled], max_words=29), seed=1)
    assert "skipped 1 of 42: 1 word without label" in prepared.remarks[0]
    assert "1 over 29 words" in prepared.remarks[0]
    assert "labels: 3" in prepared.remarks[1]
    task = task_of(prepared)
    assert prepared.data["words"] == sum(len(sentence.words) for sentence in task.train)
    assert prepared.data["sentences"] == len(task.train)


def test_the_fingerprint_is_that_of_the_data(tmp_path: Path) -> None:
    relabelled = [[(SENTENCES[0][0][0], "X"), *SENTENCES[0][1:]], *SENTENCES[1:]]
    prints = [
        TaggingTask.prepare(config(tmp_path, sentences), seed=1).data["fingerprint"]
        for sentences in (SENTENCES, SENTENCES, relabelled, SENTENCES[1:])
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([[("a", "_")]], "no labeled sentences to train on: .*1 word without label"),
        ([[("a", "X")]], "no labeled sentence to validate on"),
        ([[("a", "X")] * 257] * 3, "All . sentences have more than 256 words, up to 257"),
    ],
)
def test_too_little_data(tmp_path: Path, sentences: list[Labelled], message: str) -> None:
    with pytest.raises(SeqtasksError, match=message):
        TaggingTask.prepare(config(tmp_path, sentences), seed=1)


def test_batches_hold_every_sentence_with_its_labels(tmp_path: Path) -> None:
    task = task_of(TaggingTask.prepare(config(tmp_path), seed=1))
    batches = task.batches(60, seed=1)
    seen: list[tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]] = []
    stream = iter(batches)
    while len(seen) < len(task.train):
        batch = next(stream)
        assert batch.mask.numel() <= 60
        for tokens, mask, labels in zip(*batch, strict=True):
            rows = [tuple(number for number in row if number) for row in tokens[mask].tolist()]
            seen.append((tuple(rows), tuple(task.labels[label] for label in labels[mask].tolist())))
            assert not tokens[~mask].any()
    assert batches.state_dict()["epoch"] == 0
    expected = [
        (tuple(tuple(n for n in row if n) for row in task.reader.index(each.words).tolist()), each.labels)
        for each in task.train
    ]
    assert sorted(seen) == sorted(expected)


def test_batches_go_on_where_they_stood(tmp_path: Path) -> None:
    task = task_of(TaggingTask.prepare(config(tmp_path), seed=1))

    def take(seed: int, start: int) -> list[list[Any]]:
        batches = task.batches(60, seed)
        batches.load_state_dict({"epoch": 0, "index": start})
        return [batch.tokens.tolist() for batch in islice(batches, 4)]

    assert take(1, 2)[:2] == take(1, 0)[2:]
    assert take(2, 0) != take(1, 0)


@pytest.mark.parametrize("characters", [CnnCharEncoder.Config(), None])
def test_processors_are_saved_and_loaded(tmp_path: Path, characters: CnnCharEncoder.Config | None) -> None:
    settings = config(tmp_path, char_encoder=characters)
    task = task_of(TaggingTask.prepare(settings, seed=1))
    folder = tmp_path / "processors"
    folder.mkdir()
    task.save_processors(folder)
    assert {path.name for path in folder.iterdir()} == (
        {"words.json", "labels.json"} | ({"characters.json"} if characters else set())
    )
    again = task_of(TaggingTask.prepare(settings, seed=1, processors=folder))
    loaded = TaggingTask.load(settings, folder)
    sentences = words_of(SENTENCES[:5])
    for other in (again, loaded):
        assert other.labels == task.labels
        assert tagger_of(other).tag(sentences) == tagger_of(task).tag(sentences)


def test_labels_that_a_first_model_did_not_know_are_told(tmp_path: Path) -> None:
    task = task_of(TaggingTask.prepare(config(tmp_path), seed=1))
    folder = tmp_path / "processors"
    folder.mkdir()
    task.save_processors(folder)
    with pytest.raises(SeqtasksError, match="has no label 'NEW'"):
        TaggingTask.prepare(config(tmp_path, [*SENTENCES, *([[("a", "NEW")]] * 9)]), seed=1, processors=folder)


@pytest.mark.parametrize("head", ["softmax", "crf"])
def test_labels_do_not_depend_on_the_batch(tmp_path: Path, head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = tagger_of(task_of(TaggingTask.prepare(config(tmp_path, head=head), seed=1)))
    sentences = [[], *words_of(labelled_sentences(30, seed=5)), ["x" * 60], []]
    together = tagger.tag(sentences)
    monkeypatch.setattr(module, "BATCH_TOKENS", 1)
    for words, found, alone in zip(sentences, together, tagger.tag(sentences), strict=True):
        assert found.words == alone.words == tuple(words)
        assert found.labels == alone.labels
        assert found.confidences == pytest.approx(alone.confidences, abs=1e-5)
        assert len(found.labels) == len(found.confidences) == len(words)
        assert all(0 < confidence <= 1 for confidence in found.confidences)


def test_a_sentence_that_is_too_long_is_tagged_in_pieces(tmp_path: Path) -> None:
    tagger = tagger_of(task_of(TaggingTask.prepare(config(tmp_path), seed=1)))
    words = [word for sentence in words_of(SENTENCES) for word in sentence][:50]
    tagger.max_input_length = 20
    (whole,) = tagger.tag([words])
    parts = tagger.tag([words[:20], words[20:40], words[40:]])
    assert whole.labels == tuple(label for part in parts for label in part.labels)
    assert len(whole.confidences) == 50


def test_evaluation_scores_words_and_each_label(tmp_path: Path) -> None:
    task = task_of(TaggingTask.prepare(config(tmp_path, validation_split=0.5), seed=1))
    model = task.build_model().eval()
    found = task.pipeline([model]).evaluate(task.validation)
    tagged = task.pipeline([model]).tag([each.words for each in task.validation])
    pairs = [
        pair
        for ours, each in zip(tagged, task.validation, strict=True)
        for pair in zip(ours.labels, each.labels, strict=True)
    ]
    right = sum(ours == theirs for ours, theirs in pairs)
    assert [score.metric for score in found.scores] == ["accuracy"]
    assert found.scores[0].value == pytest.approx(100 * right / len(pairs))
    assert (found.examples, found.decoding.partition("|")[0]) == (20, "argmax")
    assert {each.label: each.expected for each in found.labels} == {
        label: sum(theirs == label for _, theirs in pairs) for label in task.labels
    }
    card = task.model_card(found.scores, {"words": 130, "sentences": 20, "validation_sentences": 20})
    assert "Encoder `lstm`, characters read by `cnn`, head `softmax`" in card
    assert "130 words in 20 sentences" in card


def test_spans_are_chosen_by_their_f1(tmp_path: Path) -> None:
    renamed = [
        [(word, {"PART": "O", "NOUN": "B-X", "VERB": "I-X"}[label]) for word, label in each] for each in SENTENCES
    ]
    task = task_of(TaggingTask.prepare(config(tmp_path, renamed, head="crf"), seed=1))
    found = task.validate(task.build_model().eval())
    assert found.scores[0].metric == "span-f1"
    assert {score.metric for score in found.scores} >= {"accuracy", "span-precision", "span-recall"}
    assert found.decoding.partition("|")[0] == "viterbi"
    assert task.column == "xpos", "these are no universal parts of speech"


def test_labels_belong_in_the_column_they_were_learned_from(tmp_path: Path) -> None:
    settings = config(tmp_path)
    assert TaggingTask.prepare(settings, seed=1).task.column == "upos"
    source = settings.data.train[0].model_copy(update={"label_column": "XPOS"})
    data = settings.data.model_copy(update={"train": [source]})
    other = TaggingTask(
        settings.model_copy(update={"data": data}), task_of(TaggingTask.prepare(settings, 1)).reader, ["A"]
    )
    assert other.column == "xpos"


@pytest.mark.parametrize(
    ("name", "form", "column"), [("a.conllu", "auto", "deprel"), ("a", "conllu", "deprel"), ("a.conll", "auto", "xpos")]
)
def test_a_column_of_conllu_may_have_a_number(tmp_path: Path, name: str, form: Form, column: str) -> None:
    settings = config(tmp_path)
    source = TaggedSource(path=tmp_path / name, label_column=8, format=form)
    numbered = settings.model_copy(update={"data": settings.data.model_copy(update={"train": [source]})})
    assert TaggingTask(numbered, task_of(TaggingTask.prepare(settings, 1)).reader, ["root"]).column == column


def test_columns_and_jsonl_are_read_too(tmp_path: Path) -> None:
    rows = tmp_path / "train.conll"
    rows.write_text("".join("".join(f"{w} x {t}\n" for w, t in each) + "\n" for each in SENTENCES), encoding="utf-8")
    objects = tmp_path / "train.jsonl"
    lines = [{"words": [w for w, _ in each], "labels": [t for _, t in each]} for each in SENTENCES]
    objects.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    expected = TaggingTask.prepare(config(tmp_path), seed=1).data["fingerprint"]
    for file in (rows, objects):
        settings = config(tmp_path)
        data = settings.data.model_copy(update={"train": [TaggedSource(path=file)]})
        found = TaggingTask.prepare(settings.model_copy(update={"data": data}), seed=1).data["fingerprint"]
        assert found == expected


def test_a_configuration_is_made_from_data_alone(tmp_path: Path) -> None:
    file = write_conllu_file(tmp_path / "xx_mine-ud-train.conllu", SENTENCES)
    assert measure([TaggedSource(path=file)])[0] == sum(map(len, SENTENCES))
    run = read_config(None, text=tomli_w.dumps(tagging_preset([TaggedSource(path=file)])))
    assert isinstance(run.task, TaggingTask.Config)
    assert (run.task.text.language, run.task.model.head) == ("xx", "softmax")
    assert (run.training.max_steps, run.training.batch_tokens) == (600, 400)
    assert read_config(None, text=to_toml(run)) == run


@pytest.mark.parametrize(
    ("words", "dim", "steps"),
    [(19_999, 64, 1_500), (20_000, 96, 1_000), (204_000, 128, 2_400), (5_000_000, 192, 20_000)],
)
def test_sizes_follow_the_amount_of_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: int, dim: int, steps: int
) -> None:
    from seqtasks.tasks.tagging import presets

    monkeypatch.setattr(presets, "measure", lambda sources: (words, True))
    text = tomli_w.dumps(tagging_preset([TaggedSource(path=tmp_path / "en_ewt-ud-train.conllu")]))
    run = read_config(None, text=text)
    assert isinstance(run.task, TaggingTask.Config)
    assert (run.task.model.hidden_size, run.training.max_steps) == (dim, steps)
    assert (run.task.model.head, run.task.text.language) == ("crf", "en")


@pytest.mark.parametrize("encoder", ["lstm", "gru", "rnn", "transformer"])
@pytest.mark.parametrize("characters", ["cnn", "lstm"])
def test_every_kind_of_part_can_be_had(tmp_path: Path, encoder: str, characters: str) -> None:
    file = write_conllu_file(tmp_path / "train.conllu", SENTENCES)
    text = tomli_w.dumps(tagging_preset([TaggedSource(path=file)], encoder=encoder, char_encoder=characters))
    model = read_config(None, text=text).task.model_dump()["model"]
    assert (model["encoder"]["kind"], model["char_encoder"]["kind"]) == (encoder, characters)


def test_no_labels_at_all(tmp_path: Path) -> None:
    file = write_conllu_file(tmp_path / "train.conllu", SENTENCES[:2], with_labels=False)
    with pytest.raises(SeqtasksError, match=r"no labeled sentences to train on: .*2 words without label"):
        tagging_preset([TaggedSource(path=file)])
