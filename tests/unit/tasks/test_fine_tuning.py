from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli_w
import torch
from helpers.documents import labelled_documents, write_documents
from pydantic import ValidationError

from seqtasks.config.run import RunConfig, read_config, to_toml
from seqtasks.config.training import TrainingConfig
from seqtasks.data.documents.readers import DocumentSource
from seqtasks.data.documents.text_corpus import TextSource
from seqtasks.decoders import LstmDecoder
from seqtasks.encoders import BagOfWordsEncoder, GruEncoder, LstmEncoder, TextCnnEncoder, TransformerEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.models import Classifier, EncoderDecoder, LanguageModel, Tagger
from seqtasks.models.state_dict import unique_state_dict
from seqtasks.registry import ConfigModel
from seqtasks.storage.bundle import write_bundle
from seqtasks.tasks import ClassificationTask
from seqtasks.tasks import fine_tuning as transfer
from seqtasks.tasks.classification.presets import classification_preset
from seqtasks.tasks.classification.task import ClassificationData
from seqtasks.tasks.language_modeling.task import LanguageModelingTask, TextData
from seqtasks.text import CharacterTokenizer, SubwordTokenizer, WordTokenizer
from seqtasks.training.optimizer import make_optimizer

DOCUMENTS = labelled_documents(60)
LSTM = LstmEncoder.Config
FORWARD: dict[str, ConfigModel] = {
    "lstm": LstmEncoder.Config(hidden_size=12, num_layers=2, bidirectional=False),
    "gru": GruEncoder.Config(
        hidden_size=8, num_layers=1, bidirectional=False, weight_dropout=0.2, variational_dropout=True
    ),
    "transformer": TransformerEncoder.Config(num_layers=2, num_heads=2, ffn_dim=16, causal=True),
}


def language_model(folder: Path, encoder: ConfigModel, text: ConfigModel | None = None) -> dict[str, torch.Tensor]:
    """A bundle of an untrained language model in the folder; its tensors."""
    file = folder.parent / "documents.tsv"
    write_documents(file, DOCUMENTS)
    config = LanguageModelingTask.Config(
        text=text or WordTokenizer.Config(min_freq=1),
        data=TextData(train=[TextSource(path=file)], num_streams=2, bptt_len=8),
        model=LanguageModel.Config(hidden_size=8, encoder=encoder),
    )
    task = LanguageModelingTask.prepare(config, seed=1).task
    torch.manual_seed(7)
    tensors = unique_state_dict(task.build_model())
    run = RunConfig(task=config, seed=1)
    write_bundle(
        folder,
        task="language-modeling",
        model=config.model.model_dump(mode="json"),
        tensors=tensors,
        processors=task.save_processors,
        config_toml=to_toml(run),
        scores=[],
        data={},
        card="",
    )
    return tensors


def config(
    folder: Path, encoder: ConfigModel, text: ConfigModel | None = None, **settings: Any
) -> ClassificationTask.Config:
    source = DocumentSource(path=write_documents(folder / "train.tsv", DOCUMENTS))
    dim = settings.pop("hidden_size", 8)
    part = settings.pop("init_modules", "encoder")
    started = encoder.model_copy(update={"init_from": str(folder / "lm"), "init_modules": part})
    return ClassificationTask.Config(
        text=text or WordTokenizer.Config(min_freq=1),
        data=ClassificationData(train=[source]),
        model=Classifier.Config(hidden_size=dim, encoder=started),
        **settings,
    )


@pytest.mark.parametrize("kind", FORWARD)
def test_exactly_the_embedding_and_the_encoder_are_copied(tmp_path: Path, kind: str) -> None:
    theirs = language_model(tmp_path / "lm", FORWARD[kind])
    task = ClassificationTask.prepare(config(tmp_path, FORWARD[kind]), seed=1).task
    model = task.build_model()
    before = {name: tensor.clone() for name, tensor in unique_state_dict(model).items()}
    task.initialize(model)
    after = unique_state_dict(model)
    shared = {name for name in theirs if name.startswith("encoder.")}
    assert shared == {name for name in after if name.startswith("encoder.")}
    for name, tensor in after.items():
        assert torch.equal(tensor, theirs[name] if name in shared else before[name]), name
    assert any(not torch.equal(before[name], theirs[name]) for name in shared)


@pytest.mark.parametrize(
    "encoder",
    [
        LSTM(hidden_size=6, num_layers=1, bidirectional=True),
        TransformerEncoder.Config(num_layers=1, num_heads=2, ffn_dim=16),
        TextCnnEncoder.Config(num_filters=2),
    ],
)
def test_the_embedding_alone_lies_under_layers_of_any_kind(tmp_path: Path, encoder: ConfigModel) -> None:
    theirs = language_model(tmp_path / "lm", FORWARD["lstm"])
    settings = config(tmp_path, encoder, init_modules="embedding", unfreeze_steps=3, layerwise_lr_decay=0.5)
    task = ClassificationTask.prepare(settings, seed=1).task
    model = task.build_model()
    before = {name: tensor.clone() for name, tensor in unique_state_dict(model).items()}
    task.initialize(model)
    task.on_train_start(model)
    embedding = "encoder.embedding.weight"
    assert not torch.equal(before[embedding], theirs[embedding])
    for name, tensor in unique_state_dict(model).items():
        assert torch.equal(tensor, theirs[name] if name == embedding else before[name]), name
    groups = make_optimizer(model, TrainingConfig()).param_groups
    found = {parameter: (group["learns_from"], group["scale"]) for group in groups for parameter in group["params"]}
    for name, parameter in model.named_parameters():
        assert found[parameter] == ((4, 0.5) if name == embedding else (0, 1)), name


def test_an_embedding_of_another_width_is_refused(tmp_path: Path) -> None:
    language_model(tmp_path / "lm", FORWARD["lstm"])
    task = ClassificationTask.prepare(
        config(tmp_path, LSTM(hidden_size=6), hidden_size=10, init_modules="embedding"), seed=1
    ).task
    with pytest.raises(
        SeqtasksError, match=r"^The embedding differs from that of .*weight is \d+x8 there, not " r"\d+x10\."
    ):
        task.initialize(task.build_model())


@pytest.mark.parametrize("encoder", [LSTM, TransformerEncoder.Config])
def test_nothing_is_taken_from_no_language_model(encoder: Any) -> None:
    with pytest.raises(
        ValidationError, match="init_modules selects what is taken from the language model in init_from"
    ):
        encoder(init_modules="embedding")


def test_the_vocabulary_is_the_language_models(tmp_path: Path) -> None:
    language_model(tmp_path / "lm", FORWARD["lstm"])
    settings = config(tmp_path, FORWARD["lstm"])
    write_documents(settings.data.train[0].path, [*labelled_documents(40, seed=8), *DOCUMENTS[:9]])
    task = ClassificationTask.prepare(settings, seed=1).task
    assert isinstance(task, ClassificationTask)
    folder = tmp_path / "processors"
    folder.mkdir()
    task.save_processors(folder)
    assert (folder / "text.json").read_bytes() == (tmp_path / "lm" / "processors" / "text.json").read_bytes()


@pytest.mark.parametrize(
    ("encoder", "settings", "message"),
    [
        (
            LstmEncoder.Config(hidden_size=10, num_layers=2, bidirectional=False),
            {},
            r"encoder\.layers\.0\.\S+ is 48 there, not 40 and 7",
        ),
        (
            LstmEncoder.Config(hidden_size=12, num_layers=1, bidirectional=False),
            {},
            r"encoder\.layers\.1\.\S+ is only there and 3 more",
        ),
        (
            LstmEncoder.Config(hidden_size=12, num_layers=2, bidirectional=True),
            {},
            r"encoder\.layers\.0\.backwards\S+ is not there and",
        ),
        (FORWARD["lstm"], {"hidden_size": 10}, r"encoder\.embedding\.weight is \d+x8 there, not \d+x10"),
    ],
)
def test_encoders_of_another_shape_are_refused(
    tmp_path: Path, encoder: ConfigModel, settings: dict[str, Any], message: str
) -> None:
    language_model(tmp_path / "lm", FORWARD["lstm"])
    task = ClassificationTask.prepare(config(tmp_path, encoder, **settings), seed=1).task
    model = task.build_model()
    before = {name: tensor.clone() for name, tensor in unique_state_dict(model).items()}
    with pytest.raises(SeqtasksError, match=message):
        task.initialize(model)
    assert all(torch.equal(tensor, before[name]) for name, tensor in unique_state_dict(model).items())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CharacterTokenizer.Config(), "text.kind = 'characters', but the language model in .*lm has 'words'"),
        (WordTokenizer.Config(min_freq=1, language="en"), "text.language = 'en', but .* has 'xx'"),
    ],
)
def test_text_has_to_be_read_as_the_language_model_reads_it(tmp_path: Path, text: ConfigModel, message: str) -> None:
    language_model(tmp_path / "lm", FORWARD["lstm"])
    with pytest.raises(SeqtasksError, match=message):
        ClassificationTask.prepare(config(tmp_path, FORWARD["lstm"], text), seed=1)


def test_sampling_is_the_classifiers_own_business(tmp_path: Path) -> None:
    language_model(tmp_path / "lm", FORWARD["lstm"], SubwordTokenizer.Config(vocab_size=320))
    task = ClassificationTask.prepare(
        config(tmp_path, FORWARD["lstm"], SubwordTokenizer.Config(vocab_size=320, subword_sampling=0.2)), 1
    ).task
    assert isinstance(task, ClassificationTask)
    assert isinstance(task.processor, SubwordTokenizer)
    assert task.processor.config.subword_sampling == 0.2


def test_models_of_other_tasks_are_refused(tmp_path: Path) -> None:
    language_model(tmp_path / "lm", FORWARD["lstm"])
    manifest = tmp_path / "lm" / "bundle.json"
    manifest.write_text(manifest.read_text().replace('"language-modeling"', '"tagging"'))
    with pytest.raises(SeqtasksError, match="is a model for tagging, not a language model"):
        ClassificationTask.prepare(config(tmp_path, FORWARD["lstm"]), seed=1)


@pytest.mark.parametrize(
    "make",
    [
        lambda encoder: EncoderDecoder.Config(encoder=encoder, decoder=LstmDecoder.Config()),
        lambda encoder: Tagger.Config(encoder=encoder),
        lambda encoder: LanguageModel.Config(encoder=encoder),
    ],
)
def test_other_models_refuse_the_setting(make: Any) -> None:
    encoder = LstmEncoder.Config(bidirectional=False)
    assert make(encoder).encoder == encoder
    with pytest.raises(ValidationError, match="init_from is for classification"):
        make(encoder.model_copy(update={"init_from": "lm"}))


def test_parts_stand_from_the_top_down() -> None:
    def names(encoder: ConfigModel) -> list[set[str]]:
        model = Classifier(Classifier.Config(hidden_size=8, encoder=encoder), 20, 2)
        parameters = {id(parameter): name for name, parameter in model.encoder.named_parameters()}
        return [
            {parameters[id(each)].rpartition(".")[0] for module in modules for each in module.parameters()}
            for modules in transfer.layer_groups(model.encoder)
        ]

    assert names(FORWARD["lstm"]) == [{"layers.1.forwards"}, {"layers.0.forwards"}, {"embedding"}]
    top, second, embedding = names(FORWARD["transformer"])
    assert "norm" in top
    assert all(name.startswith("layers.0.") for name in second)
    assert embedding == {"embedding"}
    assert names(BagOfWordsEncoder.Config(num_buckets=5)) == [{"ngrams.table"}, {"embedding"}]


@pytest.mark.parametrize("kind", ["lstm", "transformer"])
def test_parts_begin_to_learn_one_after_the_other(tmp_path: Path, kind: str) -> None:
    language_model(tmp_path / "lm", FORWARD[kind])
    settings = config(tmp_path, FORWARD[kind], unfreeze_steps=2, layerwise_lr_decay=0.5)
    task = ClassificationTask.prepare(settings, seed=1).task
    model = task.build_model()
    task.initialize(model)
    task.on_train_start(model)
    groups = make_optimizer(model, TrainingConfig()).param_groups
    found = {parameter: (group["learns_from"], group["scale"]) for group in groups for parameter in group["params"]}
    for name, parameter in model.named_parameters():
        depth = 0
        if name.startswith("encoder."):
            depth = 3 if "embedding" in name else 2 if ".layers.0." in name else 1
        assert found[parameter] == (2 * depth + 1 if depth else 0, 0.5**depth), name


def test_a_configuration_takes_the_language_models_settings(tmp_path: Path) -> None:
    language_model(tmp_path / "lm", FORWARD["lstm"])
    source = DocumentSource(path=write_documents(tmp_path / "train.tsv", DOCUMENTS))
    run = read_config(None, text=tomli_w.dumps(classification_preset([source], init_from=str(tmp_path / "lm"))))
    assert isinstance(run.task, ClassificationTask.Config)
    assert run.task.init_from == str(tmp_path / "lm")
    task = ClassificationTask.prepare(run.task, seed=1).task
    task.initialize(task.build_model())


def test_a_transformer_that_was_a_language_model_reads_windows(tmp_path: Path) -> None:
    language_model(tmp_path / "lm", FORWARD["transformer"])
    source = DocumentSource(path=write_documents(tmp_path / "train.tsv", DOCUMENTS))
    run = read_config(None, text=tomli_w.dumps(classification_preset([source], init_from=str(tmp_path / "lm"))))
    assert isinstance(run.task, ClassificationTask.Config)
    assert (run.task.model.encoder.kind, run.task.data.max_length) == ("transformer", 512)


def test_a_run_starts_from_one_model(tmp_path: Path) -> None:
    settings = config(tmp_path, FORWARD["lstm"])
    text = to_toml(RunConfig(task=settings, seed=1))
    assert read_config(None, text=text).task == settings
    with pytest.raises(SeqtasksError, match=r"^--set: init_from: model.encoder sets init_from as well: remove one"):
        read_config(None, text=text, overrides=["init_from=another"])
