"""Options by their names of the last release: they do what the new ones do, with a warning, and are not in the help."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import typer

from seqtasks.cli.app import app
from seqtasks.cli.command import PACKAGE, Command

GROUP: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = {name: GROUP.get_command(None, name) for name in GROUP.commands}
RENAMED: dict[str, dict[str, str]] = tomllib.loads((PACKAGE / "renames.toml").read_text(encoding="utf-8"))["options"]


def names_of(command: str) -> set[str]:
    return {name for parameter in COMMANDS[command].params for name in parameter.opts}


@pytest.mark.parametrize(
    ("command", "old", "new"), [(command, *names) for command, table in RENAMED.items() for names in table.items()]
)
def test_the_new_name_is_an_option_and_the_old_one_is_not(command: str, old: str, new: str) -> None:
    assert new.partition("=")[0] in names_of(command)
    assert "=" in old or old not in names_of(command)
    assert all(isinstance(each, Command) for each in COMMANDS.values())


def renamed(command: str, *args: str) -> list[str]:
    return COMMANDS[command].renamed(list(args))


def test_old_names_become_new_ones_with_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert renamed("translate", "a.txt", "--beam", "2", "--attention=look.png", "-o", "out") == [
        "a.txt", "--beam-size", "2", "--plot-attention=look.png", "-o", "out",
    ]  # fmt: skip
    assert capsys.readouterr().err.splitlines() == [
        "seqtasks: --beam is now called --beam-size; the old name will be removed in the next release.",
        "seqtasks: --attention is now called --plot-attention; the old name will be removed in the next release.",
    ]
    assert renamed("caption", "--scenes", "x.mp4") == ["--scene-detection", "x.mp4"]


@pytest.mark.parametrize("words", [["--method", "gradients"], ["--method=gradients"]])
def test_values_were_renamed_too(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert renamed("classify", "--explain", *words) == ["--explain", "--method=integrated-gradients"]
    assert "--method gradients is now called --method integrated-gradients" in capsys.readouterr().err


def test_values_and_what_follows_two_dashes_are_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["--text", "--beam"],
        ["--text=--beam"],
        ["-m", "--beam", "--json", "a.txt"],
        ["--", "--beam", "--prefix"],
        ["--beam-size", "2"],
    ):
        assert renamed("translate", *words) == words
    assert capsys.readouterr().err == ""
