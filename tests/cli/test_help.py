"""Help: an example for each command, at once, without torch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from program import Program

from seqtasks.cli.app import run

COMMANDS = ("train", "translate", "caption", "tag", "generate", "evaluate", "score", "export", "info", "models", "demo")
PROBE = """
import json, resource, sys
from seqtasks.cli.app import run
code = run(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
slow = {"torch", "numpy", "spacy", "sentencepiece", "sacrebleu", "matplotlib"}
heavy = sorted(slow & set(sys.modules))
print(json.dumps({"code": code, "seconds": used.ru_utime + used.ru_stime, "heavy": heavy}), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["translate", "--help"], ["train", "--help"]])
def test_help_is_light(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, timeout=60)
    told = json.loads(done.stderr)
    assert told["code"] == 0
    assert told["heavy"] == []
    assert told["seconds"] < 0.5


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert f"seqtasks {command}" in capsys.readouterr().out.partition("Example")[2]


def test_help_lists_every_command(seqtasks: Program) -> None:
    listed = seqtasks("--help").out.partition("Commands:")[2]
    assert all(f"  {command} " in listed for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["translate", "--bogus"], "No such option: --bogus"),
        (["nonsense"], "No such command 'nonsense'"),
        (["train", "translation"], "give the data too"),
        (["train", "run.toml", "more.toml"], "a configuration stands alone"),
        (["train", "translation", "train.en"], "needs a parallel file beside it"),
        (["train", "translation", "pairs.tmx", "--language-pair", "en"], "such as en-de"),
        (["evaluate", "model"], "Missing argument 'DATA...'"),
        (["translate", "--text", "x", "file"], "either files or --text"),
    ],
)
def test_wrong_usage_exits_with_2(seqtasks: Program, arguments: list[str], told: str) -> None:
    result = seqtasks(*arguments)
    assert result.code == 2
    assert told in " ".join(result.err.split())
    assert result.out == ""
