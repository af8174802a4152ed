"""`seqtasks config` prints every key; old names are told in one line."""

from __future__ import annotations

import pytest

from seqtasks.cli.app import format_warning, run
from seqtasks.errors import RenamedWarning


def test_all_keys_of_a_task_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "translation"]) == 0
    printed = capsys.readouterr().out
    assert 'task = "translation"' in printed
    assert 'model.encoder.kind = "lstm"' in printed
    assert "\nseed: integer >= 0 (default: 1)\n" in printed
    assert 'task = "tagging"' not in printed


def test_without_a_task_all_are_printed_as_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "--output-format", "markdown"]) == 0
    printed = capsys.readouterr().out
    assert "| `seed` | integer >= 0 | `1` |" in printed
    assert printed.count("### Every run") == 1
    assert all(f'### task = "{task}"' in printed for task in ("translation", "tagging", "classification", "captioning"))


def test_an_unknown_task_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "nonsense"]) == 1
    assert "There is no task 'nonsense'. Available: captioning, " in capsys.readouterr().err


def test_old_names_are_told_in_a_line() -> None:
    assert format_warning("steps is called max_steps now", RenamedWarning, "a.py", 3) == (
        "seqtasks: steps is called max_steps now\n"
    )
    assert "a.py:3: UserWarning: other" in format_warning("other", UserWarning, "a.py", 3)
