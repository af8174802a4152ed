"""Old data mixed into new ones: so many of them in an epoch, and none held out."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import tiny_runs

from seqtasks.config.run import read_config
from seqtasks.data.mixing import cut_texts, mix_weight, temperature_weights
from seqtasks.encoders import backbones
from seqtasks.tasks import Task

OLD = 300


@pytest.fixture(autouse=True)
def beside_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(backbones, "make_backbone_spec", tiny_runs.tiny_trunk)
    tiny_runs.write_data(Path("data"))
    Path("old.tsv").write_text("".join(f"old {n}\talt {n}\n" for n in range(OLD)), encoding="utf-8")
    sentences = "".join(f"1\told\t_\tDET\t{'_	' * 5}_\n2\tdog{n}\t_\tNOUN\t{'_	' * 5}_\n\n" for n in range(OLD))
    Path("old.conllu").write_text(sentences, encoding="utf-8")
    rows = "".join(f"{('pos', 'neg')[n % 2]}\told {n}\n" for n in range(OLD))
    Path("old_documents.tsv").write_text("label\ttext\n" + rows, encoding="utf-8")
    Path("old.txt").write_text("".join(f"an old line {n}\n" for n in range(2000)), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def prepared(name: str, **data: Any) -> Any:
    run = read_config(
        None, text=tiny_runs.CONFIGURATIONS[name], overrides={f"data.{key}": value for key, value in data.items()}
    )
    return Task.of(run.task).prepare(run.task, run.seed)


def epoch(loader: Any, number: int) -> list[int]:
    return [int(example) for batch in loader.sampler.batches(number) for example in batch]


@pytest.mark.parametrize(
    ("task", "path"), [("translation", "old.tsv"), ("tagging", "old.conllu"), ("classification", "old_documents.tsv")]
)
@pytest.mark.parametrize("ratio", [1.0, 2.0, 100.0])
def test_an_epoch_has_all_of_the_new_and_as_many_of_the_old_as_is_asked_for(task: str, path: str, ratio: float) -> None:
    plain = prepared(task)
    mixed = prepared(task, mix=[{"path": path}], mix_ratio=ratio)
    new = len(plain.task.train)
    assert mixed.task.validation == plain.task.validation
    assert mixed.task.train[:new] == plain.task.train
    assert len(mixed.task.train) == new + OLD
    assert any(remark.startswith(f"old {type(mixed.task).examples} mixed in: {OLD}, ") for remark in mixed.remarks)
    loader = mixed.task.batches(400, 1)
    owners = getattr(loader, "owners", range(new + OLD))
    windows = Counter(owners)
    drawn = [Counter(owners[number] for number in epoch(loader, which)) for which in (1, 2)]
    for found in drawn:
        assert all(found[number] == windows[number] for number in range(new))
        old = sum(count for number, count in found.items() if number >= new)
        assert old == pytest.approx(min(OLD, ratio * new), abs=1)
    assert (drawn[0] == drawn[1]) == (ratio == 100.0)


@pytest.mark.parametrize("temperature", [1.0, 5.0])
def test_temperature_makes_shares_of_sources_more_even(temperature: float) -> None:
    sources = [{"path": "old.tsv"}, {"path": "data/pairs.tsv", "weight": 2.0}]
    validation = [{"path": "data/pairs.tsv"}]
    plain = prepared("translation", train=sources, validation=validation)
    evened = prepared("translation", train=sources, validation=validation, sampling_temperature=temperature)
    assert evened.task.train == plain.task.train
    weights = evened.task.weights
    assert sum(weights) == pytest.approx(sum(plain.task.weights))
    large, small = sum(weights[:OLD]), sum(weights[OLD:])
    assert large / small == pytest.approx((OLD / sum(plain.task.weights[OLD:])) ** (1 / temperature))
    told = [remark for remark in evened.remarks if remark.startswith("shares of an epoch at sampling temperature 5: ")]
    assert len(told) == (temperature != 1)
    assert all(f"old.tsv {large / (large + small):.1%} (300 examples, each " in remark for remark in told)
    batches, before = (each.task.batches(400, 1).sampler.batches(1) for each in (evened, plain))
    assert sum(map(len, batches)) == pytest.approx(sum(map(len, before)), abs=1)
    if temperature == 1:
        assert weights == plain.task.weights
        assert [each.tolist() for each in batches] == [each.tolist() for each in before]


def test_weights_by_temperature() -> None:
    assert temperature_weights([900, 100], [1.0, 3.0], 1.0) == [1.0, 3.0]
    assert temperature_weights([900, 100], [1.0, 1.0], 2.0) == pytest.approx([750 / 900, 2.5])  # 30 to 10
    assert temperature_weights([900, 0, 50], [1.0, 7.0, 2.0], 2.0) == pytest.approx([750 / 900, 7.0, 5.0])
    assert temperature_weights([0, 0], [1.0, 2.0], 2.0) == [1.0, 2.0]
    assert temperature_weights([5], [2.0], 9.0) == pytest.approx([2.0])
    assert temperature_weights([10**9, 1], [1.0, 1.0], 1e9)[1] == pytest.approx(5e8, rel=1e-3)
    assert temperature_weights([4, 1], [1.0, 1.0], 1e-3) == pytest.approx([1.25, 0.0])


def test_weights_of_sources_count_in_the_mix() -> None:
    sources = [{"path": "old.tsv", "weight": 3.0}, {"path": "data/pairs.tsv"}]
    mixed = prepared("translation", mix=sources)
    new = len(mixed.task.train) - OLD - 60
    old = mixed.task.weights[new:]
    assert sum(old) == pytest.approx(new)
    assert old[0] == pytest.approx(3 * old[-1])


def test_old_images_are_trained_on_and_not_held_out() -> None:
    plain = prepared("captioning")
    mixed = prepared("captioning", mix=[{"images": "data/pictures"}], mix_ratio=0.5)
    new = len(plain.task.train)
    assert mixed.task.validation == plain.task.validation
    assert len(mixed.task.train) == new + 16
    loader = mixed.task.batches(400, 1)
    assert sum(number >= new for number in epoch(loader, 1)) == pytest.approx(0.5 * new, abs=1)


def test_of_old_text_as_much_is_read_as_there_is_new() -> None:
    plain = prepared("generation")
    mixed = prepared("generation", mix=[{"path": "old.txt"}])
    new, old = plain.data["characters"], mixed.data["characters"] - plain.data["characters"]
    assert 0.9 * new < old <= new
    assert mixed.task.validation == plain.task.validation


def test_shares() -> None:
    assert mix_weight(100, 400, 1.0) == 0.25
    assert mix_weight(100, 50, 1.0) == 1.0
    assert mix_weight(100, 0, 1.0) == 1.0


def test_a_part_of_a_text_is_of_whole_lines_at_its_beginning() -> None:
    texts = ["\n".join(f"line {n} of {name}" for n in range(100)) for name in ("one", "two")]
    assert cut_texts(texts, 1.0, 1) == texts
    for seed in range(20):
        found = cut_texts(texts, 0.2, seed)
        assert [text in whole for text, whole in zip(found, texts, strict=True)] == [True, True]
        assert all(text.startswith("line ") for text in found)
        assert all(0.17 * len(whole) < len(text) <= 0.2 * len(whole) for text, whole in zip(found, texts, strict=True))
