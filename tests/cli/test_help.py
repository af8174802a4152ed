"""Help: an example for each command, without anything that is slow to import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields

import pytest
from helpers.program import Program

from seqtasks.cli.app import run
from seqtasks.cli.options import HypothesisOptions
from seqtasks.config.reference import config_sections
from seqtasks.decoding import DecodingConfig
from seqtasks.version import __version__

COMMANDS = (
    "train", "finetune", "translate", "caption", "tag", "classify", "generate", "evaluate", "score", "clean",
    "backtranslate", "distill", "export", "info", "models", "demo",
)  # fmt: skip
PROBE = """
import json, sys
from seqtasks.cli.app import run
code = run(sys.argv[1:])
slow = {"ray", "fsspec", "pyarrow", "torch", "numpy", "spacy", "sentencepiece", "sacrebleu", "matplotlib"}
heavy = sorted(slow & set(sys.modules))
print(json.dumps({"code": code, "heavy": heavy}), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["translate", "--help"], ["train", "--help"]])
def test_help_is_light(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, timeout=60)
    told = json.loads(done.stderr)
    assert told["code"] == 0
    assert told["heavy"] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert f"seqtasks {command}" in capsys.readouterr().out.partition("Example")[2]


@pytest.mark.parametrize("command", ["translate", "caption", "generate", "evaluate"])
def test_help_lists_the_decoding_options_with_their_meaning(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "-h"]) == 0
    options, _, listed = capsys.readouterr().out.partition("Decoding options, for --set NAME=VALUE")
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "] == [
        field.name for field in fields(DecodingConfig)
    ]
    told = " ".join(listed.split())
    assert "Sampling: below 1 sharpens the distribution, above 1 flattens it. [number, default: 1.0]" in told
    keys = [key for key in config_sections("translation")[1].keys if key.path.startswith("decoding.")]
    assert len(keys) == len(fields(DecodingConfig))
    for key in keys:
        assert f"{key.description} [{key.type}, default: {key.default}]" in told
    assert all(flag in options for flag in ("--beam-size", "--length-penalty", "--temperature", "--top-k", "--top-p"))
    assert ("--max-length" in options) == (command != "generate")


def test_flags_of_decoding_options_are_its_fields() -> None:
    flags = {field.name for field in fields(HypothesisOptions)} - {"set_decoding"}
    assert flags <= {field.name for field in fields(DecodingConfig)}


@pytest.mark.parametrize("arguments", [["--version"], ["-h"], ["translate", "-h"]])
def test_usual_options_are_there(seqtasks: Program, arguments: list[str]) -> None:
    result = seqtasks(*arguments)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"seqtasks {__version__}\n" if arguments == ["--version"] else "Usage: seqtasks")


def test_shells_complete_commands_and_options() -> None:
    def completions(*words: str) -> list[str]:
        shell = {
            "_SEQTASKS_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        command = [sys.executable, "-m", "seqtasks"]
        done = subprocess.run(command, env={**os.environ, **shell}, capture_output=True, text=True, timeout=60)
        return done.stdout.split()

    assert completions("seqtasks", "tr") == ["train", "translate"]
    assert "--beam-size" in completions("seqtasks", "translate", "--b")


def test_help_lists_every_command(seqtasks: Program) -> None:
    listed = seqtasks("--help").out.partition("Commands:")[2]
    assert all(f"  {command} " in listed for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["translate", "--bogus"], "No such option: --bogus"),
        (["nonsense"], "No such command 'nonsense'"),
        (["train", "translation"], "give the data too"),
        (["train", "run.toml", "more.toml"], "a configuration takes no data"),
        (["train", "translation", "pairs.tmx", "--language-pair", "en"], "such as en-de"),
        (["evaluate", "model"], "Missing argument 'DATA...'"),
        (["translate", "--text", "x", "pyproject.toml"], "either files or text"),
    ],
)
def test_wrong_usage_exits_with_2(seqtasks: Program, arguments: list[str], told: str) -> None:
    result = seqtasks(*arguments)
    assert result.code == 2
    assert told in " ".join(result.err.split())
    assert result.out == ""


def test_a_file_without_its_parallel_one_is_reported(seqtasks: Program) -> None:
    result = seqtasks("train", "translation", "train.en")
    assert (result.code, result.out) == (1, "")
    assert "train.en needs a second, parallel file" in result.err
