"""`seqtasks train`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from helpers.program import TINY, Program, Result, settings

import seqtasks as package
from seqtasks import TrainingRun, read_bundle, read_config
from seqtasks.cli.commands.train import closing
from seqtasks.encoders import Encoder
from seqtasks.training.events import StepEvent

STEPS = ("training.max_steps=150", "training.eval_steps=50", "training.save_steps=50")


def log(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def best_bleu(out: Path) -> float:
    return float(read_bundle(out / "best").scores[0]["value"])


def test_training_from_data_alone(trained: tuple[Path, Result]) -> None:
    out, result = trained
    assert sorted(path.name for path in out.glob("[!.]*")) == [
        "best",
        "config.toml",
        "metrics.jsonl",
        "step-100",
        "step-150",
    ]
    before_training = result.out.partition("\nstep ")[0].splitlines()
    assert len(before_training) <= 10
    assert before_training[0].endswith("pairs.tsv: columns 1 and 2 of 2, without a header")
    assert before_training[1].startswith("training pairs: 757")
    assert before_training[3].startswith("WARNING: only 757 training pairs")
    assert before_training[4].startswith("translation: encoder transformer (num_layers 1, ")
    assert before_training[5] == "cpu, float32; 150 steps, validation every 50"
    assert before_training[6].startswith("train loss: nats per token, dropout on, label smoothing 0.1 included; ")
    assert before_training[7] == f"configuration: {out / 'config.toml'}"
    assert "    step  train loss     BLEU     chrF       tokens/s     time\n      50" in result.out
    assert "Best BLEU" in result.out
    assert result.out.count("WARNING: only 757 training pairs") == 2
    assert f"the model is in {out / 'best'}" in result.out
    assert f'seqtasks translate --model {out} --text "..."' in result.out


def test_the_log_of_a_training(trained: tuple[Path, Result]) -> None:
    lines = log(trained[0])
    assert [line["step"] for line in lines if line["kind"] == "progress"] == list(range(10, 151, 10))
    validations = [line for line in lines if line["kind"] == "validation"]
    assert [line["step"] for line in validations] == [50, 100, 150]
    assert validations[-1]["scores"]["bleu"] > validations[0]["scores"]["bleu"]
    losses = [line["loss"] for line in lines if line["kind"] == "progress"]
    assert losses[-1] < losses[0] / 2


def test_a_directory_with_a_training_is_not_overwritten(seqtasks: Program, model: Path, data: Path) -> None:
    before = (model / "config.toml").read_bytes()
    result = seqtasks("train", "translation", data / "pairs.tsv", "--output", model)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "already contains a training run. Resume it (--resume; in Python, resume=True)" in result.err
    assert seqtasks("train", model / "config.toml").code == 1
    assert (model / "config.toml").read_bytes() == before


def test_an_interrupted_training_goes_on_as_if_nothing_had_been(model: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    program = [sys.executable, "-m", "seqtasks"]
    command = ["train", "translation", str(data / "pairs.tsv"), "--language-pair", "en-de", "--output", str(out)]
    with subprocess.Popen(
        [*program, *command, *settings(*TINY, *STEPS)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("step 70 "):
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    assert said[-2] == f"Best BLEU {best_bleu(out):.2f}; the model is in {out / 'best'}. To use it:\n"
    assert said[-1] == f'  seqtasks translate --model {out} --text "..."\n'
    go_on = said[-3].split()
    assert go_on == ["seqtasks", "train", str(out / "config.toml"), "--output", str(out), "--resume"]
    interrupted = int(said[-4].split("step ")[1].split(";")[0])
    assert 70 <= interrupted < 100
    assert (out / f"step-{interrupted}").is_dir()
    with (out / "metrics.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"kind": "progress", "step": 149}\n{"kind": "prog')
    subprocess.run([*program, *go_on[1:]], check=True, capture_output=True, timeout=200)
    assert [line["step"] for line in log(out) if line["kind"] == "validation"] == [50, 100, 150]
    assert len(log(out)) == len(log(model))
    weights = "best/model.safetensors"
    assert (out / weights).read_bytes() == (model / weights).read_bytes()


def test_an_interrupted_training_can_be_used_before_it_was_validated(
    seqtasks: Program, model: Path, tmp_path: Path
) -> None:
    run = TrainingRun(model / "config.toml", tmp_path / "model")
    for event in run:
        if isinstance(event, StepEvent) and event.step == 3:
            run.stop()
    step_3 = tmp_path / "model" / "step-3"
    assert run.result.model_dir == step_3
    told = closing(run.result, run.config, Path("my code.py")).splitlines()
    assert told == [
        "Stopped at step 3; everything is saved. To resume:",
        f"  seqtasks train {tmp_path}/model/config.toml --output {tmp_path}/model --resume --code 'my code.py'",
        f"The model of step 3 is in {step_3}. To use it:",
        f"  seqtasks translate --model {tmp_path}/model --text \"...\" --code 'my code.py'",
    ]
    outputs = [seqtasks("translate", "-m", path, "--text", "w1 w2", "--json") for path in (tmp_path / "model", step_3)]
    assert (outputs[0].code, outputs[0].out) == (0, outputs[1].out)
    assert seqtasks("info", tmp_path / "model").out.splitlines()[0].split() == ["model", str(step_3)]


def test_python_and_the_command_line_train_the_same(
    seqtasks: Program, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """From a path, a dictionary and a configuration that was read, with the same changes: the same, bit for bit."""
    file = model / "config.toml"
    few = settings("seed=7", "training.max_steps=6", "training.eval_steps=3", "training.save_steps=3")
    assert seqtasks("train", file, "--output", tmp_path / "program", *few).code == 0
    overrides: dict[str, Any] = {"seed": 7, "training": {"max_steps": 6, "eval_steps": 3, "save_steps": 3}}
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    expected = [path.relative_to(tmp_path / "program") for path in sorted((tmp_path / "program").rglob("*"))]
    for name, config in {"path": file, "dictionary": document, "configuration": read_config(file)}.items():
        out = tmp_path / name
        result = package.train(config, out, **overrides)
        assert (result.step, result.model_dir) == (6, out / "best")
        assert [path.relative_to(out) for path in sorted(out.rglob("*"))] == expected
        for same in ("best/model.safetensors", "step-6/model.safetensors", "config.toml", "best/bundle.json"):
            assert (out / same).read_bytes() == (tmp_path / "program" / same).read_bytes(), same
        kept = [[(line["kind"], line["step"], line.get("loss"), line.get("scores")) for line in log(path)]
                for path in (out, tmp_path / "program")]  # fmt: skip
        assert kept[0] == kept[1]
    assert capfd.readouterr() == ("", "")


MINE = """\
from typing import Literal

from seqtasks.encoders import LstmEncoder


class Mine(LstmEncoder):
    class Config(LstmEncoder.Config):
        kind: Literal["mine"] = "mine"
"""


def test_a_model_with_code_of_ones_own_asks_for_it(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    code, out = tmp_path / "mine.py", tmp_path / "model"
    code.write_text(MINE, encoding="utf-8")
    few = settings(
        "model.encoder={kind='mine', hidden_size=16, num_layers=1}", "training.max_steps=2", "training.eval_steps=2"
    )
    use = ["translate", "--model", out, "--text", "w1"]
    try:
        result = seqtasks("train", model / "config.toml", "--output", out, *few, "--code", code)
        assert result.code == 0, result.err
        assert result.out.endswith(f'  seqtasks translate --model {out} --text "..." --code {code}\n')
        Encoder.kinds.pop("mine")
        result = seqtasks(*use)
        assert (result.code, result.err) == (
            1,
            f"seqtasks: {out / 'best'} was trained with --code mine.py, where 'mine' is defined. Give that file with "
            "--code mine.py; in Python, import it before the model is loaded.\n",
        )
        assert str(tmp_path) not in (out / "best" / "bundle.json").read_text(encoding="utf-8")
        assert seqtasks(*use, "--code", code).code == 0
    finally:
        Encoder.kinds.pop("mine", None)
        sys.modules.pop("seqtasks_code_mine", None)


def test_resuming_where_nothing_is_starts_anew(seqtasks: Program, data: Path, tmp_path: Path) -> None:
    few = settings(*TINY, "training.max_steps=2", "training.eval_steps=1", "model.encoder.kind=lstm",
                   "model.decoder.kind=lstm")  # fmt: skip
    kept = [word for word in few if ".num_layers" not in word and "ffn_dim" not in word]
    arguments = [word for place, word in enumerate(few) if word in kept and (word != "--set" or few[place + 1] in kept)]
    result = seqtasks("train", "translation", data / "pairs.tsv", "--output", tmp_path / "new", "--resume", *arguments)
    assert result.code == 0, result.err
    configuration = (tmp_path / "new" / "config.toml").read_text(encoding="utf-8")
    assert configuration.count('kind = "lstm"') == 2
    other = seqtasks("train", "translation", data / "pairs.tsv", "--output", tmp_path / "new", "--resume", *arguments,
                     "--set", "data.validation_split=10")  # fmt: skip
    assert (other.code, other.err.count("\n")) == (1, 1)
    assert "was trained on other data" in other.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.toml"], "missing.toml: there is no such file."),
        (["translation", "missing.tsv"], "missing.tsv: there is no such file."),
        (["run.toml"], "run.toml: model.encoder.layrs: unknown key (did you mean num_layers?)"),
        (["translation", "latin.tsv"], "latin.tsv:2: not UTF-8"),
        (["translation", "a.en", "b.de"], "a.en has 2 lines, but b.de has 1."),
        (
            ["translation", "pairs.tmx"],
            "requires a language pair. Give them with --language-pair en-de",
        ),
        (["run.toml", "--code", "mine.py"], "mine.py (--code) is not a file."),
        (["run.toml", "--output", "run.toml"], "run.toml is a file."),
        (["translation", "empty.csv"], "There are no sentence pairs to train on: the data are empty."),
        (["tagging", "empty.conllu"], "There are no labeled sentences to train on: the data are empty."),
        (["classification", "empty.csv"], "There are no labeled documents to train on: the data are empty."),
        (
            ["language-modeling", "empty.txt"],
            "There are no texts to train on: skipped 1 of 1: 1 empty text (empty.txt:1).",
        ),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(
    seqtasks: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run.toml").write_text(
        'task = "translation"\n[data]\ntrain = [{path = "x.tsv"}]\n[model.encoder]\nkind = "transformer"\nlayrs = 2\n'
        '[model.decoder]\nkind = "transformer"\n',
        encoding="utf-8",
    )
    Path("latin.tsv").write_bytes(b"a\tb\n\xe4\tc\n")
    Path("a.en").write_text("a\nb\n", encoding="utf-8")
    Path("b.de").write_text("a\n", encoding="utf-8")
    Path("pairs.tmx").write_text("<tmx/>", encoding="utf-8")
    for suffix in ("csv", "conllu", "txt"):
        Path(f"empty.{suffix}").touch()
    before = sorted(os.listdir())
    result = seqtasks("train", *arguments)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("seqtasks: ")
    assert result.err.count("\n") == 1
    assert told in result.err
    assert sorted(os.listdir()) == before


def test_a_task_is_known_by_its_old_name_with_a_warning(seqtasks: Program, tmp_path: Path) -> None:
    old, new = (seqtasks("train", kind, tmp_path / "none.txt") for kind in ("generation", "language-modeling"))
    assert (old.code, new.code) == (1, 1)
    warning = (
        "seqtasks: generation is now called language-modeling; the old name will be removed in the next release.\n"
    )
    assert old.err == warning + new.err
