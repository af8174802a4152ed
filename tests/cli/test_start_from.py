"""`init_from`: training that goes on from a trained model, self-critical training above all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.program import Program
from PIL import Image

from seqtasks.cli.commands.train import preset_run
from seqtasks.config.run import read_config, to_toml
from seqtasks.errors import SeqtasksError
from seqtasks.storage.bundle import read_bundle
from seqtasks.tasks import Task

SHORT = ["--set", "training.max_steps=4", "--set", "training.eval_steps=2", "--set", "training.save_steps=2"]


def test_a_model_is_the_start_of_another(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    start = ["--set", f"init_from={model / 'best'}", "--set", "training.learning_rate=1e-12"]
    result = seqtasks("train", model / "config.toml", "--output", tmp_path / "second", *start, *SHORT)
    assert result.code == 0, result.err
    text = ["--text", "w1 w2 w3", "--json"]
    first, second = (seqtasks("translate", "--model", path, *text).out for path in (model, tmp_path / "second"))
    assert json.loads(first)["text"] == json.loads(second)["text"]
    assert f'init_from = "{model / "best"}"' in (tmp_path / "second" / "config.toml").read_text(encoding="utf-8")


def test_another_decoder_learns_beside_a_trained_encoder(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    start = [
        "--set",
        f"init_from={model / 'best'}",
        "--set",
        "init_modules=encoder",
        "--set",
        "training.averaging=none",
    ]
    start += ["--set", "training.pretrained_lr_scale=1e-9"]
    decoder = ["--set", "model.decoder={kind = 'lstm', hidden_size = 24, num_layers = 1}"]
    out = tmp_path / "second"
    result = seqtasks("train", model / "config.toml", "--output", out, *start, *decoder, *SHORT)
    assert result.code == 0, result.err
    first, second = read_bundle(model / "best").tensors(), read_bundle(out / "best").tensors()
    kept = [name for name in first if name.startswith("encoder.")]
    assert kept == [name for name in second if name.startswith("encoder.")]
    for name in kept:
        torch.testing.assert_close(second[name], first[name], rtol=1e-4, atol=1e-5)
    assert second["decoder.layers.0.weight_hh_l0"].shape == (4 * 24, 24)
    assert (
        seqtasks("train", out / "config.toml", "--output", out, "--resume", "--set", "training.max_steps=6").code == 0
    )


def test_a_vocabulary_each_does_not_become_one_for_both(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    apart = ["--set", "shared_vocab=false", "--set", "model.tie_embeddings=output"]
    assert seqtasks("train", model / "config.toml", "--output", tmp_path / "apart", *apart, *SHORT).code == 0
    start = ["--set", f"init_from={tmp_path / 'apart'}"]
    result = seqtasks("train", model / "config.toml", "--output", tmp_path / "joint", *start, *SHORT)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert (
        "shared_vocab: the model has a vocabulary for each language. Set shared_vocab = false, as in that model."
        in result.err
    )


def test_an_encoder_that_does_not_fit(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    start = ["--set", f"init_from={model / 'best'}", "--set", "init_modules=encoder"]
    another = ["--set", "model.encoder={kind = 'lstm', hidden_size = 24}"]
    result = seqtasks("train", model / "config.toml", "--output", tmp_path / "second", *start, *another, *SHORT)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "The weights do not fit the model: encoder." in result.err


def pairs(folder: Path) -> Path:
    data = folder / "pairs.tsv"
    data.write_text("".join(f"a dog {n}\tein Hund {n}\n" for n in range(40)), encoding="utf-8")
    return data


def test_data_alone_train_a_model_further_with_its_sizes_at_a_tenth_of_the_learning_rate(
    seqtasks: Program, model: Path, tmp_path: Path
) -> None:
    new = seqtasks("train", "translation", pairs(tmp_path), "--language-pair", "en-de", "-o", tmp_path / "new", *SHORT)
    assert new.code == 0, new.err
    start = ["--language-pair", "en-nl", "--set", f"init_from={model}"]
    result = seqtasks("train", "translation", pairs(tmp_path), "--output", tmp_path / "second", *start, *SHORT)
    assert result.code == 0, result.err
    first, fresh, second = (
        read_config(each / "config.toml") for each in (model, tmp_path / "new", tmp_path / "second")
    )
    assert second.init_from == str(model)
    assert second.task.model == first.task.model != fresh.task.model
    assert second.task.text == first.task.text != fresh.task.text
    assert second.task.data == fresh.task.data
    assert (second.task.languages.source, second.task.languages.target) == ("en", "nl")
    assert second.training.learning_rate == pytest.approx(fresh.training.learning_rate / 10)
    assert second.training.batch_tokens == fresh.training.batch_tokens


def test_the_cnn_of_a_start_can_be_frozen(tmp_path: Path) -> None:
    """The included captioner was trained with its CNN; `null` says that no block of it is trained."""
    (tmp_path / "captions.csv").write_text("image,caption\n" + "".join(f"{n}.jpg,A dog.\n" for n in range(9)))
    for number in range(9):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{number}.jpg")
    task = Task.of_kind("captioning")
    theirs: Any = preset_run(task, [str(tmp_path)], ["init_from=captions"], None, {}).task
    frozen = ["init_from=captions", "model.encoder.trainable_from_block=null"]
    with pytest.raises(SeqtasksError, match=r"requires a CNN that is trained .* or data\.num_augmented_views"):
        preset_run(task, [str(tmp_path)], frozen, None, {})
    run = preset_run(task, [str(tmp_path)], [*frozen, "data.num_augmented_views=2"], None, {})
    ours: Any = run.task
    assert theirs.model.encoder.trainable_from_block == -10
    assert ours.model.encoder == theirs.model.encoder.model_copy(update={"trainable_from_block": None})
    assert read_config(None, text=to_toml(run)) == run


def test_a_model_of_another_task_is_no_start(seqtasks: Program, tmp_path: Path) -> None:
    out = ["--output", tmp_path / "second", "--set", "init_from=captions"]
    result = seqtasks("train", "translation", pairs(tmp_path), *out, *SHORT)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "init_from: captions is a model for captioning, not for translation." in result.err


def test_chosen_sizes_do_not_fit_a_start_and_the_way_that_does_is_named(
    seqtasks: Program, model: Path, tmp_path: Path
) -> None:
    start = ["--language-pair", "en-de", "--set", f"init_from={model / 'best'}", "--set", "model.hidden_size=48"]
    result = seqtasks("train", "translation", pairs(tmp_path), "--output", tmp_path / "second", *start, *SHORT)
    assert result.code == 1
    assert "The weights do not fit the model" in result.err
    assert "config.toml --set init_from=" in result.err


def test_self_critical_training_of_a_translator_goes_on_where_it_stopped(
    seqtasks: Program, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "rewarded"
    rewarded = ["--set", f"init_from={model / 'best'}", "--set", "self_critical.reward=chrf"]
    rewarded += ["--set", "self_critical.num_samples=3", "--set", "self_critical.baseline=greedy"]
    assert seqtasks("train", model / "config.toml", "--output", out, *rewarded, *SHORT).code == 0
    longer = ["--set", "training.max_steps=6"]
    result = seqtasks("train", out / "config.toml", "--output", out, "--resume", *longer)
    assert result.code == 0, result.err
    assert "Resuming from step 4" in result.out
    assert "Done after 6 steps" in result.out


def test_a_start_that_does_not_exist_is_told_before_anything_is_read(
    seqtasks: Program, model: Path, tmp_path: Path
) -> None:
    result = seqtasks("train", model / "config.toml", "--output", tmp_path / "x", "--set", "init_from=nowhere")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "nowhere" in result.err
