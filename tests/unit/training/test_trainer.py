from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from helpers.toys import ToyBatches, ToyModel, ToyTask, toy_trainer

from seqtasks.errors import SeqtasksError
from seqtasks.models import Loss
from seqtasks.storage.bundle import read_bundle
from seqtasks.storage.model_paths import checkpoints
from seqtasks.training.events import CheckpointEvent, FinishedEvent, StepEvent, StepSkipped, ValidationEvent
from seqtasks.training.optimizer import learning_rate
from seqtasks.training.trainer import Trainer


def weight(trainer: Trainer) -> torch.Tensor:
    return trainer.weights["line.weight"].clone()


def test_what_is_told(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, max_steps=6, eval_steps=2, save_steps=3)
    reports = list(trainer.run())
    assert [(type(each), each.step) for each in reports] == [
        (StepEvent, 1), (StepEvent, 2), (ValidationEvent, 2), (StepEvent, 3), (CheckpointEvent, 3),
        (StepEvent, 4), (ValidationEvent, 4), (StepEvent, 5), (StepEvent, 6), (ValidationEvent, 6),
        (CheckpointEvent, 6), (FinishedEvent, 6),
    ]  # fmt: skip
    assert reports[-1] == FinishedEvent(6, "max_steps reached")
    seconds = [each.seconds for each in reports if isinstance(each, StepEvent)]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0


def test_numbers_of_an_update(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, max_grad_norm=0.0)
    batch = ToyBatches(3, frozenset()).batch(1)
    before = trainer.model.loss(batch).total
    mean = torch.autograd.grad(before / 3, list(trainer.model.parameters()))
    report = trainer.update([batch])
    assert isinstance(report, StepEvent)
    assert report.loss == pytest.approx(before.item() / 3)
    assert report.num_tokens == len(batch[1]) == 3
    assert report.learning_rate == learning_rate(1, trainer.config)
    assert report.gradient_norm == pytest.approx(torch.cat([each.flatten() for each in mean]).norm().item(), rel=1e-5)


def test_accumulated_batches_are_one_batch(tmp_path: Path) -> None:
    batches = ToyBatches(3, frozenset())
    parts = [batches.batch(1), batches.batch(2)]
    assert len(parts[0][1]) != len(parts[1][1])
    joint = tuple(torch.cat(sides) for sides in zip(*parts, strict=True))
    apart, together = toy_trainer(tmp_path), toy_trainer(tmp_path)
    ours, theirs = apart.update(parts), together.update([joint])
    assert isinstance(ours, StepEvent)
    assert isinstance(theirs, StepEvent)
    assert ours.gradient_norm == pytest.approx(theirs.gradient_norm, rel=1e-5)
    assert (ours.num_tokens, ours.loss) == (theirs.num_tokens, pytest.approx(theirs.loss))
    assert torch.allclose(weight(apart), weight(together), atol=1e-6)


def test_examples_of_little_weight_make_updates_as_large(tmp_path: Path) -> None:
    class Light(ToyTask):
        def loss(self, model: torch.nn.Module, batch: tuple[torch.Tensor, ...]) -> Loss:
            plain = super().loss(model, batch)
            return Loss(plain.total / 100, plain.count / 100)

    batch = ToyBatches(3, frozenset()).batch(1)
    light, plain = (toy_trainer(tmp_path, task).update([batch]) for task in (Light(), ToyTask()))
    assert isinstance(light, StepEvent)
    assert isinstance(plain, StepEvent)
    assert light.num_tokens == pytest.approx(plain.num_tokens / 100)
    assert light.loss == pytest.approx(plain.loss)
    assert light.gradient_norm == pytest.approx(plain.gradient_norm)


@pytest.mark.parametrize(("clip", "expected"), [(0.25, 0.25), (0.0, None)])
def test_clipping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: float, expected: float | None) -> None:
    trainer = toy_trainer(tmp_path, max_grad_norm=clip)
    norms: list[float] = []
    gradients = lambda: torch.cat([each.grad.flatten() for each in trainer.model.parameters()])  # noqa: E731
    monkeypatch.setattr(trainer.optimizer, "step", lambda: norms.append(gradients().norm().item()))
    report = trainer.update([ToyBatches(3, frozenset()).batch(1)])
    assert isinstance(report, StepEvent)
    assert report.gradient_norm > 1
    assert norms == [pytest.approx(expected or report.gradient_norm, rel=1e-4)]


def test_broken_updates_are_left_out(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, ToyTask(broken=[2, 3, 5]), max_steps=4)
    found: list[tuple[int, int]] = []
    last = weight(trainer)
    for report in trainer.run():
        if isinstance(report, StepSkipped):
            found.append((report.step, report.in_a_row))
            assert report.reason == "the loss is not finite"
            assert torch.equal(weight(trainer), last)
        last = weight(trainer)
    assert found == [(1, 1), (1, 2), (2, 1)]
    assert trainer.step == 4
    assert trainer.batches.state_dict()["index"] == 7
    assert last.isfinite().all()


def test_a_gradient_that_is_not_finite(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path)
    before = weight(trainer)
    huge = (torch.full((1, 3), 1e15), torch.full((1,), 1.0))
    report = trainer.update([(huge[0] * 1e10, huge[1] * 0)])
    assert isinstance(report, StepSkipped)
    assert torch.equal(weight(trainer), before)
    assert isinstance(trainer.update([ToyBatches(3, frozenset()).batch(1)]), StepEvent)


def test_too_many_broken_updates_in_a_row(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, ToyTask(broken=[2, *range(4, 20)]), max_nonfinite_steps=3)
    dropped: list[int] = []
    with pytest.raises(SeqtasksError, match=r"stopped at step 2: 3 consecutive updates were not finite") as error:
        dropped.extend(report.in_a_row for report in trainer.run() if isinstance(report, StepSkipped))
    assert dropped == [1, 1, 2, 3]
    assert "learning_rate" in error.value.hint


def test_patience(tmp_path: Path) -> None:
    task = ToyTask(scores=[1, 3, 2, 3, 9])
    trainer = toy_trainer(tmp_path, task, max_steps=100, eval_steps=3, save_steps=50, early_stopping_patience=2)
    reports = list(trainer.run())
    assert [each.best for each in reports if isinstance(each, ValidationEvent)] == [True, True, False, False]
    assert reports[-2] == CheckpointEvent(12, tmp_path / "step-12")
    assert reports[-1] == FinishedEvent(12, "2 validations without improvement")
    assert task.validations == 4


def test_of_losses_the_lowest_is_the_best(tmp_path: Path) -> None:
    task = ToyTask(scores=[float("nan"), 3, 1, 2, 1, 0], lower_is_better=True)
    trainer = toy_trainer(tmp_path, task, max_steps=100, eval_steps=3, save_steps=6, early_stopping_patience=2)
    assert [each.best for each in trainer.run() if isinstance(each, ValidationEvent)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert trainer.best.value == 1
    assert read_bundle(tmp_path / "best").scores[0]["value"] == 1
    resumed = toy_trainer(tmp_path, ToyTask(scores=[2, 0.5], lower_is_better=True), max_steps=21, eval_steps=3)
    assert resumed.resume() == 15
    assert [each.best for each in resumed.run() if isinstance(each, ValidationEvent)] == [False, True]


def test_minutes(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, max_steps=100, max_minutes=2.0, save_steps=2, eval_steps=50)
    reports = []
    for report in trainer.run():
        reports.append(report)
        if isinstance(report, CheckpointEvent) and report.step == 2:
            trainer.seconds = 120.0
    assert [type(each) for each in reports[-4:]] == [StepEvent, CheckpointEvent, ValidationEvent, FinishedEvent]
    assert reports[-1] == FinishedEvent(2, "max_minutes reached")


def test_the_best_is_kept(tmp_path: Path) -> None:
    trainer = toy_trainer(tmp_path, ToyTask(scores=[1, 5, 3]), averaging="ema")
    expected = torch.empty(0)
    for report in trainer.run():
        if isinstance(report, ValidationEvent) and report.step == 8:
            expected = trainer.averaging.average()["line.weight"]
            assert not torch.equal(expected, weight(trainer))
    best = read_bundle(tmp_path / "best")
    assert torch.equal(best.tensors()["line.weight"], expected)
    assert best.scores[0]["value"] == 5
    assert not (tmp_path / "best" / "trainer.pt").exists()


@pytest.mark.parametrize("keep", [1, 2])
def test_only_the_latest_checkpoints_stay(tmp_path: Path, keep: int) -> None:
    trainer = toy_trainer(tmp_path, max_steps=10, save_steps=3, save_total_limit=keep)
    for report in trainer.run():
        if isinstance(report, CheckpointEvent):
            assert len(checkpoints(tmp_path)) <= keep
    assert [path.name for path in checkpoints(tmp_path)] == ["step-9", "step-10"][-keep:]
    assert torch.equal(read_bundle(tmp_path / "step-10").trainer()["weights"]["line.weight"], weight(trainer))


def test_validation_leaves_no_trace(tmp_path: Path) -> None:
    """Neither averaged weights nor random numbers of a validation reach training; not even of one that fails."""

    class Failing(ToyTask):
        def validate(self, model: torch.nn.Module) -> None:  # type: ignore[override]
            assert isinstance(model, ToyModel)
            assert torch.equal(model.line.weight, trainer.averaging.average()["line.weight"])
            torch.rand(3)
            raise KeyboardInterrupt

    trainer = toy_trainer(tmp_path, Failing(), averaging="ema")
    trainer.update([ToyBatches(3, frozenset()).batch(1)])
    before, random = weight(trainer), torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        trainer.validate()
    assert torch.equal(weight(trainer), before)
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize(("averaging", "every"), [("none", 7), ("ema", 1), ("last", 4)])
def test_killed_after_any_report_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, averaging: str, every: int
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    options = {
        "max_steps": 11,
        "gradient_accumulation_steps": 2,
        "eval_steps": 3,
        "save_steps": 2,
        "averaging": averaging,
    }
    broken, scores = [5, 12], [4, 5, 1, 2]
    straight = toy_trainer(tmp_path / "straight", ToyTask(broken=broken, scores=scores), **options)
    total = len(list(straight.run()))
    for killed in range(1, total, every):
        out = tmp_path / f"killed-{killed}"
        first = toy_trainer(out, ToyTask(broken=broken, scores=scores), **options)
        for _ in zip(range(killed), first.run(), strict=False):
            pass
        task = ToyTask(broken=broken, scores=scores)
        second = toy_trainer(out, task, **options)
        task.validations = second.resume() // 3
        list(second.run())
        for name, tensor in straight.weights.items():
            assert torch.equal(second.weights[name], tensor), killed
            assert torch.equal(second.averaging.average()[name], straight.averaging.average()[name]), killed
        assert second.best.state_dict() == straight.best.state_dict()
        ours, theirs = (read_bundle(path / "best").tensors() for path in (out, tmp_path / "straight"))
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs), killed


def test_resuming_where_nothing_is(tmp_path: Path) -> None:
    assert toy_trainer(tmp_path).resume() == 0


def test_resuming_a_finished_training_only_says_so(tmp_path: Path) -> None:
    list(toy_trainer(tmp_path).run())
    task = ToyTask()
    again = toy_trainer(tmp_path, task)
    assert again.resume() == 12
    assert list(again.run()) == [FinishedEvent(12, "max_steps reached")]
    assert task.validations == 0


def test_resuming_with_other_data_or_another_model(tmp_path: Path) -> None:
    list(toy_trainer(tmp_path, fingerprint="one").run())
    with pytest.raises(SeqtasksError, match=r"step-12 was trained on other data.*\(--output\)\.$"):
        toy_trainer(tmp_path, fingerprint="two").resume()
    with pytest.raises(SeqtasksError, match=r"The model in .*step-12 has another configuration"):
        toy_trainer(tmp_path, ToyTask(width=4), fingerprint="one").resume()


def test_a_checkpoint_of_an_older_format_may_have_read_its_texts_differently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(toy_trainer(tmp_path, fingerprint="one").run())
    monkeypatch.setattr("seqtasks.training.checkpoint.FORMAT", 3)
    with pytest.raises(SeqtasksError, match=r"trained on other data.*Version 0.1 normalized no-break spaces"):
        toy_trainer(tmp_path, fingerprint="two").resume()
