"""`seqtasks finetune`: every task learns further, with scores before and after; what contradicts a model is told."""

from __future__ import annotations

import json
import os
import shutil
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from helpers import tiny_runs
from helpers.marian import MarianDirectory
from helpers.program import Program, settings

import seqtasks as package
from seqtasks.config.run import read_config
from seqtasks.encoders import backbones
from seqtasks.storage.bundle import read_bundle

SHORT = settings(
    "training.max_steps=6", "training.eval_steps=3", "training.save_steps=3", "training.num_threads=1",
    "training.num_processes=1", "training.device=cpu",
)  # fmt: skip
DATA = {
    "translation": ["data/pairs.tsv"],
    "captioning": ["data/pictures"],
    "video": ["videos.jsonl"],
    "tagging": ["data/train.conllu"],
    "classification": ["data/documents.tsv"],
    "generation": ["data/book.txt"],
}


@pytest.fixture(autouse=True)
def beside_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(backbones, "make_backbone_spec", tiny_runs.tiny_trunk)
    tiny_runs.write_data(Path("data"))
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        yield


def write_videos() -> None:
    """Three videos, each a folder of four numbered frames."""
    lines = []
    for number in range(3):
        folder = Path(f"frames-{number}")
        folder.mkdir()
        for frame in range(4):
            shutil.copy(f"data/pictures/{4 * number + frame:02}.png", folder / f"{frame:03}.png")
        spans = [{"start": 0, "end": 2, "caption": "a red square"}, {"start": 2, "end": 9, "caption": "a blue square"}]
        lines.append(json.dumps({"video": folder.name, "captions": spans}))
    Path("videos.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def trained(seqtasks: Program, task: str) -> Path:
    tiny_runs.train(task, lambda *words: seqtasks(*words).code)
    return Path("run")


def values(scores: list[dict[str, object]]) -> dict[str, object]:
    return {str(score["metric"]): score["value"] for score in scores}


@pytest.mark.parametrize("task", DATA)
def test_every_task_is_trained_further_and_told_before_and_after(seqtasks: Program, task: str) -> None:
    model = trained(seqtasks, task)
    write_videos()
    files = [word for file in DATA[task] for word in ("--mix", file)]
    validation = ["--validation", "videos.jsonl"] if task == "video" else []
    result = seqtasks("finetune", model, *DATA[task], *files, *validation, "--output", "tuned", *SHORT)
    assert result.code == 0, result.err
    assert "before     after  the validation data of the new domain" in result.out
    own = "the model's validation data" if task == "video" else "what the model's training held out"
    assert f"before     after  {own}" in result.out
    old, new = (read_config(folder / "best" / "config.toml") for folder in (model, Path("tuned")))
    assert new.task.model == old.task.model
    assert new.task.data.mix
    assert new.training.l2_sp == 0
    first, last = read_bundle(model / "best"), read_bundle(Path("tuned/best"))
    for file in first.processors.rglob("*.*"):
        assert (last.processors / file.relative_to(first.processors)).read_bytes() == file.read_bytes()
    report = json.loads(Path("tuned/finetuning.json").read_text(encoding="utf-8"))
    assert values(report["own_validation"]["before"]) == pytest.approx(values(first.scores), rel=2e-3)
    assert values(report["new_domain"]["after"]) == values(last.scores)
    assert values(report["new_domain"]["before"]).keys() == values(last.scores).keys()


def test_without_old_data_weights_are_pulled_back(seqtasks: Program) -> None:
    model = trained(seqtasks, "tagging")
    assert seqtasks("finetune", model, "data/train.conllu", "-o", "tuned", *SHORT).code == 0
    assert read_config(Path("tuned/config.toml")).training.l2_sp > 0


def test_words_are_labelled_by_the_column_of_the_model(seqtasks: Program) -> None:
    lines = Path("data/train.conllu").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    moved = ["\t".join([*row[:3], "_", row[3], *row[5:]]) if len(row) == 10 else "" for row in rows]
    Path("xpos.conllu").write_text("\n".join(moved) + "\n", encoding="utf-8")
    start = settings("data.train.0.path=xpos.conllu", "data.train.0.label_column=xpos")
    Path("run.toml").write_text(tiny_runs.CONFIGURATIONS["tagging"] + tiny_runs.TRAINING, encoding="utf-8")
    assert seqtasks("train", "run.toml", "--output", "run", *start).code == 0
    result = seqtasks("finetune", "run", "xpos.conllu", "--mix", "xpos.conllu", "-o", "tuned", *SHORT)
    assert result.code == 0, result.err
    data = read_config(Path("tuned/config.toml")).task.data
    assert [source.label_column for source in (*data.train, *data.mix)] == ["xpos", "xpos"]
    other = ["--label-column", "upos"]
    result = seqtasks("finetune", "run", "xpos.conllu", *other, "-o", "again", *SHORT)
    assert (result.code, result.err.count("\n")) == (1, 1)


def test_a_stopped_fine_tuning_goes_on_to_the_same_end(seqtasks: Program) -> None:
    model = trained(seqtasks, "translation")
    words = ["finetune", model, "data/pairs.tsv"]
    assert seqtasks(*words, "-o", "whole", *SHORT).code == 0
    assert seqtasks(*words, "-o", "parts", *SHORT, "--set", "training.lr_scheduler=constant").code == 0
    first = json.loads(Path("parts/finetuning.json").read_text(encoding="utf-8"))
    longer = settings("training.lr_scheduler=constant", "training.max_steps=9")
    result = seqtasks(*words, "-o", "parts", *SHORT, *longer, "--resume")
    assert result.code == 0, result.err
    assert "Resuming from step 6" in result.out
    second = json.loads(Path("parts/finetuning.json").read_text(encoding="utf-8"))
    assert [second[name]["before"] for name in second] == [first[name]["before"] for name in first]
    result = seqtasks(*words, "-o", "whole", *SHORT)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "already contains a training run" in result.err


def test_of_a_fine_tuning_that_is_interrupted_the_scores_before_are_kept(seqtasks: Program) -> None:
    model = trained(seqtasks, "tagging")
    few = {"max_steps": 6, "eval_steps": 3, "num_threads": 1}

    def interrupt(event: object) -> None:
        if isinstance(event, package.StepEvent) and event.step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    stopped = package.finetune(
        model, "data/train.conllu", "tuned", training=few, on_event=interrupt, stop_on_signals=True
    )
    assert (stopped.interrupted, stopped.step) == (True, 2)
    assert stopped.own_validation is not None
    assert stopped.new_domain.after == stopped.own_validation.after == ()
    whole = package.finetune(model, "data/train.conllu", "tuned", training=few, resume=True)
    assert whole.own_validation is not None
    assert whole.new_domain.before == stopped.new_domain.before != ()
    assert whole.own_validation.before == stopped.own_validation.before != ()
    assert len(whole.new_domain.after) == len(whole.new_domain.before)


def test_own_validation_data_are_those_that_are_given(seqtasks: Program) -> None:
    model = trained(seqtasks, "classification")
    result = seqtasks(
        "finetune", model, "data/documents.tsv", "--own-validation", "data/documents.tsv", "-o", "tuned", *SHORT
    )
    assert result.code == 0, result.err
    report = json.loads(Path("tuned/finetuning.json").read_text(encoding="utf-8"))["own_validation"]
    for when, which in (("before", model), ("after", "tuned")):
        found = package.evaluate(which, "data/documents.tsv", dtype="float32", threads=1)
        assert values(report[when]) == pytest.approx({score.metric: score.value for score in found.scores})


def test_own_validation_data_that_are_gone_or_others_are_told(seqtasks: Program) -> None:
    model = trained(seqtasks, "tagging")
    shutil.copy("data/train.conllu", "new.conllu")
    with Path("data/train.conllu").open("a", encoding="utf-8") as stream:
        stream.write("1\ta\t_\tDET\t_\t_\t_\t_\t_\t_\n\n")
    result = seqtasks("finetune", model, "new.conllu", "-o", "changed", *SHORT)
    assert result.code == 0, result.err
    assert "the training data of the model have changed since" in result.err
    Path("data/train.conllu").unlink()
    result = seqtasks("finetune", model, "new.conllu", "-o", "gone", *SHORT)
    assert result.code == 0, result.err
    assert (
        "train.conllu, on which the model was validated, is not there: give a file with --own-validation" in result.err
    )
    assert "own_validation" not in json.loads(Path("gone/finetuning.json").read_text(encoding="utf-8"))


ENGLISH = ["The dog runs across the street and barks at the cat.", "The sun shines today, and we go for a walk."]
GERMAN = ["Der Hund rennt über die Straße und bellt die Katze an.", "Heute scheint die Sonne, und wir gehen spazieren."]


def write_swapped() -> None:
    rows = [
        f"{german} {n}\t{english} {n}\n" for n in range(20) for german, english in zip(GERMAN, ENGLISH, strict=True)
    ]
    Path("swapped.tsv").write_text("".join(rows), encoding="utf-8")
    for name, side in (("de", 0), ("en", 1)):
        lines = [row.rstrip("\n").split("\t")[side] for row in rows]
        Path(f"swapped.{name}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize("files", [["swapped.tsv"], ["swapped.de", "swapped.en"]], ids=["table", "parallel"])
def test_pairs_the_other_way_round_are_refused_and_can_be_reversed(seqtasks: Program, files: list[str]) -> None:
    Path("run.toml").write_text(
        tiny_runs.CONFIGURATIONS["translation"] + '[languages]\nsource = "en"\ntarget = "de"\n' + tiny_runs.TRAINING,
        encoding="utf-8",
    )
    assert seqtasks("train", "run.toml", "--output", "run", *SHORT).code == 0
    write_swapped()
    result = seqtasks("finetune", "run", *files, "-o", "tuned", *SHORT)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "the pairs go from German to English, the model from English to German. Exchange the sides" in result.err
    result = seqtasks("finetune", "run", *files, "--reverse", "-o", "tuned", *SHORT)
    assert result.code == 0, result.err
    run = read_config(Path("tuned/config.toml"))
    assert run.task.data.train[0].reverse
    assert (run.task.languages.source, run.task.languages.target) == ("en", "de")
    assert "look like" not in result.out
    other = ["swapped.en", "swapped.de"]
    result = seqtasks("finetune", "run", *other, "--reverse", "-o", "again", *SHORT)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "Leave out --reverse" in result.err


def test_what_does_not_apply_to_a_model_is_told(seqtasks: Program) -> None:
    model = trained(seqtasks, "tagging")
    words = ["finetune", model, "data/train.conllu", "-o", "tuned"]
    for option, told in (
        (["--reverse"], "A model for tagging has no sides to exchange. Leave the option out."),
        (["--text-column", "2"], "A model for tagging has no text column in its data."),
        (["--language-pair", "en-de"], "A model for tagging knows one language."),
        (["--set", "init_from=pos-en"], "init_from is run, the model to fine-tune, and cannot be set."),
        (["--set", "model.hidden_size=9"], "The weights do not fit the model"),
        (["--mix", "nowhere.conllu"], "nowhere.conllu"),
    ):
        result = seqtasks(*words, *option, *SHORT)
        assert (result.code, result.err.count("\n")) == (1, 1), result.err
        assert told in result.err
    result = seqtasks("finetune", "nowhere", "data/train.conllu", "-o", "tuned")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "there is no model 'nowhere'" in result.err
    assert not Path("tuned/best").exists()


def test_labels_that_a_model_lacks_are_told(seqtasks: Program) -> None:
    model = trained(seqtasks, "classification")
    rows = "".join(f"{('pos', 'other')[n % 2]}\ta film {n}\n" for n in range(30))
    Path("new.tsv").write_text("label\ttext\n" + rows, encoding="utf-8")
    result = seqtasks("finetune", model, "new.tsv", "-o", "tuned", *SHORT)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "has no label 'other'" in result.err


def test_videos_are_not_held_out(seqtasks: Program) -> None:
    model = trained(seqtasks, "video")
    write_videos()
    result = seqtasks("finetune", model, "videos.jsonl", "-o", "tuned", *SHORT)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "Of data for video-captioning no part is held out to validate on. Give validation data with" in result.err


def test_an_imported_model_is_trained_further(seqtasks: Program) -> None:
    source = MarianDirectory().write(Path("marian"))
    assert seqtasks("import", source, "--output", "imported").code == 0
    result = seqtasks("finetune", "imported", "data/pairs.tsv", "-o", "tuned", *SHORT)
    assert result.code == 0, result.err
    assert "the configuration of the model names no validation data of its own" in result.err
    weights = [read_bundle(Path(folder)).tensors() for folder in ("imported", "tuned/step-6")]
    assert weights[0].keys() == weights[1].keys()
    assert any(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_what_a_model_started_from_is_in_its_weights(seqtasks: Program) -> None:
    """A classifier whose encoder came from a language model, unfrozen step by step, is fine-tuned as a whole."""
    tiny_runs.train("generation", lambda *words: seqtasks(*words).code)
    shutil.move("run", "writer")
    start = settings("model.encoder.init_from=writer", "unfreeze_steps=2", "layerwise_lr_decay=0.5")
    words = ["train", "classification", "data/documents.tsv", "--output", "run"]
    assert seqtasks(*words, *start, *SHORT).code == 0
    result = seqtasks("finetune", "run", "data/documents.tsv", "-o", "tuned", *SHORT)
    assert result.code == 0, result.err
    run = read_config(Path("tuned/config.toml"))
    assert (run.task.unfreeze_steps, run.task.layerwise_lr_decay, run.task.init_from) == (0, 1.0, None)
