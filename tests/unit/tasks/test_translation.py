from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from helpers.synthetic import sentence_pairs
from pydantic import ValidationError

from seqtasks.data.parallel.source import ParallelSource
from seqtasks.decoders import LstmDecoder
from seqtasks.encoders import RnnEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.models import EncoderDecoder
from seqtasks.registry import ConfigModel
from seqtasks.special_tokens import BEGIN, END
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.base import PreparedTask
from seqtasks.tasks.translation.task import TranslationData
from seqtasks.tasks.translation.tokenizers import Languages
from seqtasks.text import CharacterTokenizer, SubwordTokenizer, WordTokenizer

PAIRS = [(f"source {number}", f"target {number}") for number in range(40)]


def written(
    folder: Path, pairs: Sequence[tuple[str, str]], name: str = "train.tsv", weight: float = 1.0
) -> ParallelSource:
    file = folder / name
    file.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")
    return ParallelSource(path=file, weight=weight)


def config(
    *train: ParallelSource, text: ConfigModel | None = None, tie: str = "all", joint: bool = True, **data: Any
) -> TranslationTask.Config:
    return TranslationTask.Config(
        text=CharacterTokenizer.Config(min_freq=1) if text is None else text,
        shared_vocab=joint,
        languages=Languages(source="en", target="de"),
        data=TranslationData(train=list(train), **data),
        model=EncoderDecoder.Config(
            hidden_size=8,
            tie_embeddings=tie,
            encoder=RnnEncoder.Config(hidden_size=8),
            decoder=LstmDecoder.Config(hidden_size=8),
        ),
    )


def task_of(prepared: PreparedTask) -> TranslationTask:
    assert isinstance(prepared.task, TranslationTask)
    return prepared.task


def test_pairs_that_are_held_out(tmp_path: Path) -> None:
    repeated = [pair for source, target in PAIRS for pair in ((source, target), (source, f"{target} again"))]
    settings = config(written(tmp_path, repeated), validation_split=3)
    task = task_of(TranslationTask.prepare(settings, seed=1))
    held_out, trained = ({pair.source for pair in pairs} for pairs in (task.validation, task.train))
    assert len(held_out) == 3
    assert not held_out & trained
    assert len(task.validation) == 6
    assert len(task.train) == 74
    again = task_of(TranslationTask.prepare(settings, seed=1))
    assert (again.validation, again.train) == (task.validation, task.train)
    assert task_of(TranslationTask.prepare(settings, seed=2)).validation != task.validation


def test_validation_files_without_pairs_are_not_replaced_by_training_data(tmp_path: Path) -> None:
    settings = config(written(tmp_path, PAIRS))
    empty = tmp_path / "empty.tsv"
    empty.write_text("only a source\t \n", encoding="utf-8")
    data = settings.data.model_copy(update={"validation": [ParallelSource(path=empty)]})
    with pytest.raises(SeqtasksError, match="no sentence pair to validate on"):
        TranslationTask.prepare(settings.model_copy(update={"data": data}), seed=1)


@pytest.mark.parametrize(("wanted", "found"), [(1, 1), (4, 4), (1000, 4)])
def test_at_most_a_tenth_is_held_out(tmp_path: Path, wanted: int, found: int) -> None:
    task = task_of(TranslationTask.prepare(config(written(tmp_path, PAIRS), validation_split=wanted), seed=1))
    assert len(task.validation) == found


def test_validation_data_of_its_own(tmp_path: Path) -> None:
    validation = written(tmp_path, [("a", "b"), ("  ", "c")], "validation.tsv")
    task = task_of(TranslationTask.prepare(config(written(tmp_path, PAIRS), validation=[validation]), seed=1))
    assert [(pair.source, pair.target) for pair in task.validation] == [("a", "b")]
    assert len(task.train) == 40


def test_what_is_skipped_is_told(tmp_path: Path) -> None:
    pairs = [*PAIRS, ("", "x"), (" \u2028", "x"), ("no tab", ""), ("y" * 30, "z"), ("y", "z" * 30)]
    prepared = TranslationTask.prepare(config(written(tmp_path, pairs), max_tokens=29, validation_split=1), seed=1)
    task = task_of(prepared)
    assert all(len(pair.source) < 30 and len(pair.target) < 30 for pair in task.train)
    assert "skipped 3 of 45: 3 empty sides" in prepared.remarks[0]
    assert "2 over 29 tokens" in prepared.remarks[0]
    assert prepared.data["pairs"] == len(task.train) == 39
    assert prepared.data["validation_pairs"] == 1


def test_the_fingerprint_is_that_of_the_data(tmp_path: Path) -> None:
    prints = [
        TranslationTask.prepare(config(written(tmp_path, pairs)), seed=1).data["fingerprint"]
        for pairs in (PAIRS, PAIRS, PAIRS[1:], [*PAIRS[1:], ("source 0", "another")])
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("", "")], "No sentence pair is left|no text|There is no"),
        (
            [("y" * 90, "z" * 90), ("x" * 90, "z")],
            "No sentence pair is left to train on: all .* have more than 50 tokens",
        ),
        ([("one", "alone")], "no sentence pair to validate on"),
    ],
)
def test_too_little_data(tmp_path: Path, pairs: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(SeqtasksError, match=message):
        TranslationTask.prepare(config(written(tmp_path, pairs), max_tokens=50), seed=1)


def test_one_vocabulary_or_two(tmp_path: Path) -> None:
    pairs = [("abc" * 9, "xyz" * 9), ("cab", "zxy"), ("bca", "yzx")]
    joint = task_of(TranslationTask.prepare(config(written(tmp_path, pairs)), seed=1))
    assert joint.source is joint.target
    apart = task_of(TranslationTask.prepare(config(written(tmp_path, pairs), joint=False, tie="output"), seed=1))
    assert apart.source.size == apart.target.size == joint.source.size - 3
    assert apart.build_model().decoder.output.weight.shape[0] == apart.target.size
    with pytest.raises(ValidationError, match="needs shared_vocab = true"):
        config(written(tmp_path, pairs), joint=False)


def test_languages_reach_the_words(tmp_path: Path) -> None:
    source = written(tmp_path, PAIRS)
    task = task_of(
        TranslationTask.prepare(config(source, text=WordTokenizer.Config(), joint=False, tie="none"), seed=1)
    )
    assert isinstance(task.source, WordTokenizer)
    assert isinstance(task.target, WordTokenizer)
    assert (task.source.config.language, task.target.config.language) == ("en", "de")


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize(
    "text", [WordTokenizer.Config(min_freq=1), CharacterTokenizer.Config(), SubwordTokenizer.Config(vocab_size=300)]
)
def test_processors_are_saved_and_loaded(tmp_path: Path, text: ConfigModel, joint: bool) -> None:
    pairs = sentence_pairs(60)
    settings = config(written(tmp_path, pairs), text=text, joint=joint, tie="output")
    task = task_of(TranslationTask.prepare(settings, seed=1))
    folder = tmp_path / "processors"
    folder.mkdir()
    task.save_processors(folder)
    assert len(list(folder.iterdir())) == (1 if joint else 2)
    again = task_of(TranslationTask.prepare(settings, seed=1, processors=folder))
    loaded = TranslationTask.load(settings, folder)
    for source, target in pairs[:9]:
        assert task.target.decode(task.target.encode(target)) == target
        for other in (again, loaded):
            assert other.source.encode(source) == task.source.encode(source)
            assert other.target.encode(target) == task.target.encode(target)


def test_batches(tmp_path: Path) -> None:
    task = task_of(TranslationTask.prepare(config(written(tmp_path, PAIRS), validation_split=1), seed=1))
    batches = task.batches(60, seed=1)
    seen: list[tuple[str, str]] = []
    stream = iter(batches)
    while batches.state_dict()["epoch"] == 0 and len(seen) < 39:
        batch = next(stream)
        assert max(batch.source.numel(), batch.target.numel()) <= 60
        for source, target, source_mask, target_mask in zip(
            batch.source.tolist(), batch.target.tolist(), batch.source_mask, batch.target_mask, strict=True
        ):
            source, target = source[: source_mask.sum()], target[: target_mask.sum()]
            assert (source[-1], target[0], target[-1]) == (END, BEGIN, END)
            seen.append((task.source.decode(source[:-1]), task.target.decode(target[1:-1])))
    assert sorted(seen) == sorted((pair.source, pair.target) for pair in task.train)


def test_weights_mix_sources(tmp_path: Path) -> None:
    twice = [(f"other {number}", "x") for number in range(20)]
    sources = written(tmp_path, PAIRS, weight=0.5), written(tmp_path, twice, "twice.tsv", weight=2.0)
    task = task_of(TranslationTask.prepare(config(*sources, validation_split=1), seed=1))
    batches = task.batches(10_000, seed=1)
    batch = next(iter(batches))
    texts = [task.source.decode(row[row > END].tolist()) for row in batch.source]
    rare, often = (sum(text.startswith(start) for text in texts) for start in ("source", "other"))
    assert abs(rare - 20) <= 1
    assert 38 <= often <= 40


def test_sampled_segmentations_depend_on_seed_and_place_alone(tmp_path: Path) -> None:
    source = written(tmp_path, sentence_pairs(60))
    task = task_of(
        TranslationTask.prepare(
            config(source, text=SubwordTokenizer.Config(vocab_size=300, subword_sampling=0.5)), seed=1
        )
    )

    def take(seed: int, start: int) -> list[list[list[int]]]:
        batches = task.batches(300, seed)
        batches.load_state_dict({"epoch": 0, "index": start})
        return [batch.source.tolist() for batch in islice(batches, 5)]

    whole = take(1, 0)
    assert take(1, 2)[:3] == whole[2:]
    assert take(2, 0) != whole
    plain = task_of(TranslationTask.prepare(config(source, text=SubwordTokenizer.Config(vocab_size=300)), seed=1))
    assert [batch.source.tolist() for batch in islice(plain.batches(300, 1), 5)] != whole


def test_evaluation(tmp_path: Path) -> None:
    task = task_of(TranslationTask.prepare(config(written(tmp_path, PAIRS), validation_split=4), seed=1))
    model = task.build_model().eval()
    evaluation = task.validate(model)
    assert [score.metric for score in evaluation.scores] == ["bleu", "chrf"]
    assert evaluation.decoding.startswith("beam=1|penalty=average|max=1.5x+10|")
    assert evaluation.examples == 4
    assert {sample.source for sample in evaluation.samples} <= {pair.source for pair in task.validation}
    scores = task.pipeline([model, model]).evaluate(task.validation, beam_size=2).scores
    assert [score.metric for score in scores] == ["bleu", "chrf", "ter"]
    card = task.model_card(evaluation.scores, {"pairs": 36, "validation_pairs": 4})
    assert "Encoder `rnn`, decoder `lstm`" in card
    assert "36 sentence pairs" in card
    assert evaluation.scores[0].signature.replace("|", "\\|") in card, "a signature stands in a table"
