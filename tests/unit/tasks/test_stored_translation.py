"""Translation data that are read from disk as they are needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.ranks import in_ranks
from helpers.resumed import same_weights

import seqtasks
from seqtasks.data.augmentation import UpperCase
from seqtasks.data.examples import Pair
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.decoders import LstmDecoder
from seqtasks.encoders import RnnEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.models import EncoderDecoder, Seq2SeqBatch
from seqtasks.registry import ConfigModel
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation import data as translation_data
from seqtasks.tasks.translation import stored, stored_loader
from seqtasks.tasks.translation.data import TranslationData
from seqtasks.tasks.translation.guided_alignment import GuidedAlignmentConfig
from seqtasks.tasks.translation.tokenizers import Languages
from seqtasks.text import CharacterTokenizer, SubwordTokenizer

PAIRS = [(f"source {number} {'x' * (number % 9)}", f"target {number}") for number in range(300)]
CHARACTERS = CharacterTokenizer.Config(min_freq=1)
TRAINING = {
    "max_steps": 12, "save_steps": 5, "eval_steps": 12, "batch_tokens": 200, "learning_rate": 0.01, "warmup_steps": 2,
    "device": "cpu",
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that an epoch has several of them."""
    monkeypatch.setattr(stored_loader, "CHUNKS", (64, 64))
    monkeypatch.setattr(stored_loader, "BLOCK", 16)


@pytest.fixture
def source(tmp_path: Path) -> ParallelSource:
    file = tmp_path / "pairs.tsv"
    file.write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS), encoding="utf-8")
    return ParallelSource(path=file)


def config(source: ParallelSource, folder: Path, text: ConfigModel = CHARACTERS, **data: Any) -> TranslationTask.Config:
    settings = {
        "train": [source],
        "keep_in_memory": False,
        "cache_dir": folder / "cache",
        "validation_split": 30,
    } | data
    return TranslationTask.Config(
        text=text,
        languages=Languages(source="en", target="de"),
        data=TranslationData(**settings),
        model=EncoderDecoder.Config(
            hidden_size=8, encoder=RnnEncoder.Config(hidden_size=8), decoder=LstmDecoder.Config(hidden_size=8)
        ),
    )


def texts(task: TranslationTask, batch: Seq2SeqBatch) -> list[tuple[str, str]]:
    return [
        (task.source.decode(source.tolist()), task.target.decode(target.tolist()))
        for source, target in zip(batch.source, batch.target, strict=True)
    ]


def epoch_of(task: TranslationTask, number: int = 0, batch_tokens: int = 200) -> list[Seq2SeqBatch]:
    loader = task.batches(batch_tokens, 1)
    made = takewhile(lambda each: each[0]["epoch"] <= number, loader.make_batches())
    return [batch for state, batch in made if state["epoch"] == number]


def test_an_epoch_has_the_pairs_that_it_has_in_memory(tmp_path: Path, source: ParallelSource) -> None:
    stored = TranslationTask.prepare(config(source, tmp_path), 1)
    assert len(stored.task.validation) == 30
    assert stored.data["pairs"] == 270
    for number in (0, 1):
        batches = epoch_of(stored.task, number)
        trained = Counter(pair for batch in batches for pair in texts(stored.task, batch))
        validated = Counter((pair.source.strip(), pair.target) for pair in stored.task.validation)
        assert trained + validated == Counter((left.strip(), right) for left, right in PAIRS)
        assert all(max(batch.source.shape[1], batch.target.shape[1]) * len(batch.source) <= 200 for batch in batches)
    orders = [[texts(stored.task, batch) for batch in epoch_of(stored.task, number)] for number in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]


def test_the_tokens_that_were_kept_change_nothing(tmp_path: Path, source: ParallelSource) -> None:
    """The first run tokenizes, the second finds everything; a third one has a cache of its own."""
    runs = []
    for folder in (tmp_path, tmp_path, tmp_path / "other"):
        task = TranslationTask.prepare(config(source, folder), 1).task
        runs.append(epoch_of(task))
    for run in runs[1:]:
        for ours, theirs in zip(runs[0], run, strict=True):
            assert torch.equal(ours.source, theirs.source)
            assert torch.equal(ours.target, theirs.target)


def test_it_goes_on_behind_any_batch(tmp_path: Path, source: ParallelSource) -> None:
    task = TranslationTask.prepare(config(source, tmp_path), 1).task
    straight, states = [], []
    loader = task.batches(200, 1)
    for batch in islice(loader, 150):  # more than two epochs
        straight.append(batch.source)
        states.append(loader.state_dict())
    for stop in (0, 1, 17, 60, 120):
        resumed = task.batches(200, 1)
        resumed.load_state_dict(states[stop])
        batches: Iterator[Seq2SeqBatch] = iter(resumed)
        for wanted in straight[stop + 1 : stop + 20]:
            assert torch.equal(next(batches).source, wanted)


def test_a_process_reads_its_own_rows(tmp_path: Path, source: ParallelSource) -> None:
    """All are as wide as in one process; rows of others have nothing to read or write, and cost no NaN."""
    task = TranslationTask.prepare(config(source, tmp_path), 1).task
    model = task.build_model()
    for rank in (0, 2):
        loader = task.batches(200, 1)
        loader.share = slice(rank, None, 3)
        for batch, whole in zip(islice(loader, 40), task.batches(200, 1), strict=False):
            mine = torch.arange(len(whole.source))[loader.share]
            assert batch.source.shape == whole.source.shape
            assert batch.target.shape == whole.target.shape
            assert torch.equal(batch.source[mine], whole.source[mine])
            assert torch.equal(batch.target[mine], whole.target[mine])
            others = [row for row in range(len(whole.source)) if row not in mine]
            assert batch.source_mask[others].sum() == len(others)
            assert torch.isfinite(model.loss(batch).total)


def test_tokens_that_are_damaged_meanwhile_are_made_again(tmp_path: Path, source: ParallelSource) -> None:
    task = TranslationTask.prepare(config(source, tmp_path), 1).task
    wanted = epoch_of(task)
    files = list((tmp_path / "cache").rglob("tokens.bin"))
    assert len(files) == 2
    for file in files:
        file.write_bytes(bytes(file.stat().st_size))
    for ours, theirs in zip(epoch_of(task), wanted, strict=True):
        assert torch.equal(ours.source, theirs.source)
        assert torch.equal(ours.target, theirs.target)


def test_pairs_that_are_too_long_are_left_out(tmp_path: Path, source: ParallelSource) -> None:
    task = TranslationTask.prepare(config(source, tmp_path, max_tokens=13), 1).task
    batches = epoch_of(task)
    assert {batch.source.shape[1] for batch in batches} <= set(range(15))
    assert 0 < sum(len(batch.source) for batch in batches) < 200


def test_all_are_too_long(tmp_path: Path, source: ParallelSource) -> None:
    task = TranslationTask.prepare(config(source, tmp_path, max_tokens=3), 1).task
    with pytest.raises(SeqtasksError, match="No sentence pair is left to train on: all have more than 3 tokens"):
        next(iter(task.batches(200, 1)))


def test_changed_copies_and_old_pairs(tmp_path: Path, source: ParallelSource) -> None:
    old = tmp_path / "old.tsv"
    old.write_text("".join(f"old {number}\talt {number}\n" for number in range(100)))
    settings = config(
        source, tmp_path, mix=[ParallelSource(path=old)], mix_ratio=0.1,
        augmentation=[UpperCase.Config(probability=0.5)],
    )  # fmt: skip
    prepared = TranslationTask.prepare(settings, 1)
    trained = [pair for batch in epoch_of(prepared.task) for pair in texts(prepared.task, batch)]
    assert sum(left.startswith("old ") for left, _ in trained) == 30
    assert sum(left.startswith("OLD ") for left, _ in trained) == 15
    assert 120 < sum(left.startswith("SOURCE ") for left, _ in trained) <= 150
    assert prepared.remarks[2] == "old pairs mixed in: 100, 30.00% of them in each epoch, drawn at random"


def test_segmentations_are_sampled_anew(tmp_path: Path, source: ParallelSource) -> None:
    text = SubwordTokenizer.Config(vocab_size=320, subword_sampling=0.5)
    task = TranslationTask.prepare(config(source, tmp_path, text), 1).task
    first, again = epoch_of(task), epoch_of(task)
    assert all(torch.equal(one.source, other.source) for one, other in zip(first, again, strict=True))
    trained = [pair for batch in first for pair in texts(task, batch)]
    assert len(trained) == 270
    one = {pair: batch.source[row].tolist() for batch in first for row, pair in enumerate(texts(task, batch))}
    other = {
        pair: batch.source[row].tolist() for batch in epoch_of(task, 1) for row, pair in enumerate(texts(task, batch))
    }
    assert one.keys() == other.keys()
    assert sum(strip(one[pair]) != strip(other[pair]) for pair in one) > 20


def strip(ids: list[int]) -> list[int]:
    return [number for number in ids if number]


def test_validation_pairs_that_are_trained_on_are_told(tmp_path: Path, source: ParallelSource) -> None:
    prepared = TranslationTask.prepare(config(source, tmp_path, validation=[source]), 1)
    assert any("300 of 300 validation pairs are also training pairs" in warning for warning in prepared.warnings)


def test_a_fingerprint_follows_the_texts(tmp_path: Path, source: ParallelSource) -> None:
    assert source.path is not None
    before = TranslationTask.prepare(config(source, tmp_path), 1).data["fingerprint"]
    assert TranslationTask.prepare(config(source, tmp_path / "new"), 1).data["fingerprint"] == before
    source.path.write_text(source.path.read_text().replace("source 7 ", "source 8 "))
    assert TranslationTask.prepare(config(source, tmp_path), 1).data["fingerprint"] != before


def test_large_files_are_not_kept_in_memory(
    tmp_path: Path, source: ParallelSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(source, tmp_path, keep_in_memory=None)
    assert TranslationTask.prepare(settings, 1).task.stored is None
    monkeypatch.setattr(translation_data, "IN_MEMORY", 1_000)
    assert TranslationTask.prepare(settings, 1).task.stored is not None
    assert TranslationTask.prepare(config(source, tmp_path, keep_in_memory=True), 1).task.stored is None


def test_what_needs_all_pairs_in_memory_is_refused(tmp_path: Path, source: ParallelSource) -> None:
    settings = config(source, tmp_path).model_copy(update={"guided_alignment": GuidedAlignmentConfig()})
    with pytest.raises(SeqtasksError, match="in memory") as raised:
        TranslationTask.prepare(settings, 1)
    assert raised.value.hint == "Set data.keep_in_memory = true."


def document(source: ParallelSource, folder: Path) -> dict[str, Any]:
    part = {"kind": "lstm", "hidden_size": 8, "num_layers": 1}
    return {
        "task": "translation",
        "languages": {"source": "en", "target": "de"},
        "text": {"kind": "characters", "min_freq": 1},
        "data": {
            "train": [{"path": str(source.path)}], "keep_in_memory": False, "cache_dir": str(folder / "cache"),
            "validation_split": 6,
        },
        "model": {"hidden_size": 8, "encoder": part, "decoder": part},
        "training": TRAINING,
        "decoding": {"max_length": "20"},
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_a_training_that_is_stopped_and_resumed(tmp_path: Path, source: ParallelSource) -> None:
    seqtasks.train(document(source, tmp_path), tmp_path / "straight", **{"training.num_processes": 1})
    run = seqtasks.TrainingRun(document(source, tmp_path), tmp_path / "resumed", **{"training.num_processes": 1})
    for event in run:
        if getattr(event, "step", 0) == 7:
            run.stop()
    seqtasks.train(document(source, tmp_path), tmp_path / "resumed", resume=True, **{"training.num_processes": 1})
    assert same_weights(tmp_path / "straight" / "step-12", tmp_path / "resumed" / "step-12")


@pytest.mark.filterwarnings("ignore")
def test_two_ranks_train_what_two_processes_do(tmp_path: Path, source: ParallelSource) -> None:
    def work() -> None:
        seqtasks.train(document(source, tmp_path), tmp_path / "ranks")

    assert in_ranks(2, work) == [None, None]
    other = document(source, tmp_path / "other")  # which finds nothing in a cache
    seqtasks.train(other, tmp_path / "processes", **{"training.num_processes": 2})
    assert same_weights(tmp_path / "ranks" / "step-12", tmp_path / "processes" / "step-12")


def test_temperature_and_patterns_hold_on_disk_too(tmp_path: Path) -> None:
    for number in range(4):
        lines = [f"source {number} {line}\ttarget {line}\n" for line in range(50)]
        (tmp_path / f"large-{number}.tsv").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "small.tsv").write_text("small one\tklein\nsmall two\tkleiner\n", encoding="utf-8")
    sources = [ParallelSource(path=tmp_path / "large-{0..3}.tsv"), ParallelSource(path=tmp_path / "small.tsv")]

    def prepare(**data: Any) -> Any:
        settings = config(sources[0], tmp_path, train=sources, validation=sources[1:], sampling_temperature=2.0, **data)
        return TranslationTask.prepare(settings, 1)

    stored, held = prepare(), prepare(keep_in_memory=True)
    assert stored.task.stored.pairs == len(held.task.train) == 202
    weights = [segment.weight for segment in stored.task.stored.corpus.segments]
    assert weights == pytest.approx([held.task.weights[0], held.task.weights[-1]])
    assert weights[0] * 200 / (weights[1] * 2) == pytest.approx(10)
    [told] = [each for each in stored.remarks if each.startswith("shares of an epoch")]
    assert told in held.remarks
    (tmp_path / "large-3.tsv").write_text("another\tanderes\n", encoding="utf-8")
    assert prepare().task.stored.pairs == 153


def test_what_was_found_out_of_a_sample_is_kept(
    tmp_path: Path, source: ParallelSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def told(languages: tuple[str, str], pairs: list[Pair]) -> Iterator[str]:
        asked.append((languages, len(pairs)))
        yield "the source texts look like French, not English"

    monkeypatch.setattr(stored, "other_languages", told)
    settings = config(source, tmp_path)
    first, second = (TranslationTask.prepare(settings, 1) for _ in range(2))
    assert first.warnings == second.warnings
    assert "the source texts look like French, not English" in second.warnings
    assert asked == [(("en", "de"), 270)]
    batches = [[*islice(each.task.batches(200, 1), 10)] for each in (first, second)]
    for one, other in zip(*batches, strict=True):
        assert torch.equal(one.source, other.source)
    TranslationTask.prepare(settings, 2)  # another sample
    assert len(asked) == 2


def test_the_length_of_texts_is_measured_once(
    tmp_path: Path, source: ParallelSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_loader, "CHUNKS", (1, 10_000))
    sizes, encoded = [], []
    known = CharacterTokenizer.encode_all

    def counting(self: CharacterTokenizer, texts: list[str]) -> list[list[int]]:
        encoded.append(len(texts))
        return known(self, texts)

    for _ in range(2):
        task = TranslationTask.prepare(config(source, tmp_path), 1).task
        with monkeypatch.context() as patch:
            patch.setattr(CharacterTokenizer, "encode_all", counting)
            loader = task.batches(200, 1)
        sizes.append(len(next(loader.chunks(0, 0)).drawn))
    assert encoded == [270, 270], "both sides, the first time"
    assert sizes[0] == sizes[1]
