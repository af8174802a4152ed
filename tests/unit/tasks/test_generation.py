from __future__ import annotations

import math
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import torch
from helpers.written import remembering_text

from seqtasks.config.run import read_config, to_toml
from seqtasks.data.documents.text_corpus import TextSource
from seqtasks.encoders import LstmEncoder, TransformerEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.models import LanguageModel
from seqtasks.tasks import LanguageModelingTask
from seqtasks.tasks.language_modeling.presets import generation_preset
from seqtasks.tasks.language_modeling.task import TextData
from seqtasks.text import CharacterTokenizer, SubwordTokenizer, WordTokenizer
from seqtasks.text.tokenizers.document import DocumentTokenizer

LSTM = LstmEncoder.Config(hidden_size=16, num_layers=2, bidirectional=False, dropout=0.0)


def config(folder: Path, text: str | None = None, **settings: Any) -> LanguageModelingTask.Config:
    (folder / "book.txt").write_text(remembering_text(60) if text is None else text, encoding="utf-8")
    data = {name: settings.pop(name) for name in list(settings) if name in TextData.model_fields}
    data = {"train": [TextSource(path=folder / "book.txt")], "num_streams": 4, "bptt_len": 16, **data}
    model = {"hidden_size": 8, "tie_embeddings": False, "embedding_dropout": 0.0, "encoder": LSTM}
    own = {"text": settings.pop("reading")} if "reading" in settings else {}
    return LanguageModelingTask.Config(
        data=TextData(**data), model=LanguageModel.Config(**{**model, **settings}), **own
    )


def prepared(configuration: LanguageModelingTask.Config) -> LanguageModelingTask:
    task = LanguageModelingTask.prepare(configuration, seed=1).task
    assert isinstance(task, LanguageModelingTask)
    return task


def test_the_last_tenth_is_held_out_and_all_is_told(tmp_path: Path) -> None:
    text = remembering_text(100)
    found = LanguageModelingTask.prepare(config(tmp_path, text), seed=1)
    task = found.task
    assert isinstance(task, LanguageModelingTask)
    cut = int(len(text) * 0.9)
    assert task.validation == [text[cut:]]
    [tokens] = task.train
    assert DocumentTokenizer(task.processor).decode(tokens.tolist()) == text[:cut]
    assert found.data["characters"] == cut
    assert found.data["tokens"] == cut + 2
    assert f"training texts: 1 with {cut:,} characters" in found.remarks[0]
    other = LanguageModelingTask.prepare(config(tmp_path, text + "more"), seed=1)
    assert other.data["fingerprint"] != found.data["fingerprint"]


def test_validation_files_and_documents(tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_text("text\nfirst\nsecond\n", encoding="utf-8")
    text = remembering_text(20)
    task = prepared(config(tmp_path, text, validation=[TextSource(path=tmp_path / "dev.tsv")]))
    assert task.validation == ["first", "second"]
    assert DocumentTokenizer(task.processor).decode(task.train[0].tolist()) == text


@pytest.mark.parametrize("reading", [WordTokenizer.Config(min_freq=1), SubwordTokenizer.Config(vocab_size=330)])
def test_words_and_subwords_keep_lines(tmp_path: Path, reading: Any) -> None:
    text = "The dog runs.\n\n  A man\tsits;\nthe men run. \n" * 20
    task = prepared(config(tmp_path, text, reading=reading))
    assert DocumentTokenizer(task.processor).decode(task.train[0].tolist()) == text[: int(len(text) * 0.9)]


def test_windows_one_after_the_other_are_the_text_in_one_pass(tmp_path: Path) -> None:
    task = prepared(config(tmp_path))
    torch.manual_seed(1)
    model = task.build_model().eval()
    task.on_train_start(model)
    windows = list(islice(task.batches(0, 1), 5))
    assert torch.equal(windows[0].tokens[:, -1], windows[1].tokens[:, 0])
    total = sum(task.loss(model, window).total.item() for window in windows)
    whole = torch.cat([windows[0].tokens, *(window.tokens[:, 1:] for window in windows[1:])], dim=1)
    mask = torch.cat([windows[0].mask, *(window.mask[:, 1:] for window in windows[1:])], dim=1)
    once = windows[0]._replace(tokens=whole, mask=mask)
    loss, carried = model.loss(once, None)
    assert total == pytest.approx(loss.total.item(), rel=1e-5)
    for ours, theirs in zip(task.state_dict().values(), carried, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_the_first_score_is_a_loss(tmp_path: Path) -> None:
    task = prepared(config(tmp_path))
    torch.manual_seed(1)
    model = task.build_model().eval()
    found = task.validate(model)
    loss, perplexity, bits = found.scores
    assert found.lower_is_better
    assert perplexity.value == pytest.approx(math.exp(loss.value))
    characters = sum(map(len, task.validation))
    assert bits.value == pytest.approx(loss.value * found.examples / characters / math.log(2))
    assert loss.signature.startswith("nats|per=token|lanes=")
    [sample] = found.samples
    assert task.validation[0].startswith(sample.source.split()[0])
    with pytest.raises(SeqtasksError, match="no text to measure on"):
        task.pipeline([model]).evaluate([])


def test_what_validation_files_lack_is_told(tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_text("text\nfirst\n \nsecond\n", encoding="utf-8")
    found = LanguageModelingTask.prepare(config(tmp_path, validation=[TextSource(path=tmp_path / "dev.tsv")]), seed=1)
    assert f"validation texts: 2 with 11 (skipped 1 of 3: 1 empty text ({tmp_path / 'dev.tsv'}:3))" in found.remarks[0]


def test_texts_count_as_they_are_read(tmp_path: Path) -> None:
    task = prepared(config(tmp_path))
    model = task.build_model().eval()
    writer = task.pipeline([model])
    assert writer.evaluate(["a:xy!a\r\ne\u0301\r\n"]).scores == writer.evaluate(["a:xy!a\né\n"]).scores


def test_unknown_words_have_no_bits(tmp_path: Path) -> None:
    reading = WordTokenizer.Config(min_freq=3, oov="unknown")
    task = prepared(config(tmp_path, "the dog ran to the sea so far\n" * 20 + "zebra " * 5, reading=reading))
    found = task.pipeline([task.build_model().eval()]).evaluate(["the strange dog"])
    assert [score.metric for score in found.scores] == ["loss", "perplexity"]


@pytest.mark.parametrize(
    ("text", "settings", "told"),
    [
        ("", {}, "There are no texts to train on"),
        ("a", {}, "There are no texts to"),
        ("short", {"num_streams": 8}, "too few for data.num_streams = 8"),
    ],
)
def test_too_little_text_is_told(tmp_path: Path, text: str, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(SeqtasksError, match=told):
        LanguageModelingTask.prepare(config(tmp_path, text, **settings), seed=1)


def test_windows_have_to_fit_the_context(tmp_path: Path) -> None:
    transformer = TransformerEncoder.Config(num_layers=1, num_heads=2, ffn_dim=8, causal=True, max_positions=10)
    with pytest.raises(ValueError, match=r"data.bptt_len = 16 is longer than model.encoder.max_positions = 10"):
        config(tmp_path, encoder=transformer)
    task = prepared(config(tmp_path, encoder=transformer, bptt_len=10))
    model = task.build_model()
    task.on_train_start(model)
    assert task.state_dict() == {}
    assert task.loss(model, next(iter(task.batches(0, 1)))).count.item() == 40


def test_processors_come_back(tmp_path: Path) -> None:
    task = prepared(config(tmp_path))
    folder = tmp_path / "processors"
    folder.mkdir()
    task.save_processors(folder)
    again = LanguageModelingTask.load(task.config, folder)
    assert isinstance(again.processor, CharacterTokenizer)
    assert again.processor.encode("a: b") == task.processor.encode("a: b")
    assert "`lstm` over `characters`" in task.model_card((), {"characters": 5_000, "texts": 1})


@pytest.mark.parametrize("lines", [30, 20_000])
@pytest.mark.parametrize("encoder", ["lstm", "gru", "rnn", "transformer"])
@pytest.mark.parametrize("text", ["characters", "words", "subwords"])
def test_a_configuration_for_any_amount_and_kind(tmp_path: Path, lines: int, encoder: str, text: str) -> None:
    (tmp_path / "book.txt").write_text(remembering_text(lines), encoding="utf-8")
    toml = generation_preset([TextSource(path=tmp_path / "book.txt")], text=text, encoder=encoder)
    run = read_config(None, text=tomli_w.dumps(toml))
    assert isinstance(run.task, LanguageModelingTask.Config)
    assert read_config(None, text=to_toml(run)) == run
    assert run.task.data.num_streams == (8 if lines == 30 else 16)
    assert run.task.model.encoder.is_causal
    LanguageModelingTask(run.task, CharacterTokenizer.train(["text"], CharacterTokenizer.Config())).build_model()


def test_a_text_of_blanks_has_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text(" \n\n", encoding="utf-8")
    with pytest.raises(SeqtasksError, match="There are no texts to train on: skipped 1 of 1"):
        generation_preset([TextSource(path=tmp_path / "book.txt")])
