"""The code blocks of README and documentation do what the pages say: see `helpers/doc_pages.py`."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
from helpers.doc_pages import PAGES, REPOSITORY, Block, blocks, commands, fits, unread_marks
from helpers.doc_shell import Shell

RUN = ("console", "bash", "python")
SLOW = [page for page in PAGES if any(block.mark == "slow" for block in blocks(page))]


def name(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_blocks(page: Path, folder: Path) -> None:
    run_page(page, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW, ids=name)
def test_blocks_with_trainings(page: Path, folder: Path) -> None:
    run_page(page, slow=True)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_mark_belongs_to_a_block(page: Path) -> None:
    assert unread_marks(page) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_is_not_run_has_a_reason(page: Path) -> None:
    assert [block.line for block in blocks(page) if block.mark == "not run" and not block.said] == []


@pytest.mark.parametrize(
    ("expected", "found", "right"),
    [
        ("a\n", "a  \n", True),
        ("a...b\n", "a and b\n", True),
        ("a...b\n", "a\nb\n", False),
        ("a\n...\nb\n", "a\nb\n", True),
        ("a\n...\nb\n", "a\n1\n2\nb\n", True),
        ("a\n", "a\nb\n", False),
    ],
)
def test_outputs_are_compared(expected: str, found: str, right: bool) -> None:
    assert fits(expected, found) is right


def run_page(page: Path, *, slow: bool) -> None:
    """Runs the blocks of a page, one after the other."""
    names: dict[str, Any] = {"__name__": "__main__"}
    shell, printed = Shell(), ""
    for number, block in enumerate(blocks(page)):
        place = f"{name(page)}, line {block.line}"
        if block.mark == "not run" or (block.mark == "slow" and not slow):
            printed = ""
            continue
        if block.title:
            Path(block.title).write_text(block.content, encoding="utf-8")
        elif block.kind == "python":
            printed = run_python(block, names, place)
        elif block.kind == "text" and block.follows and blocks(page)[number - 1].kind == "python" and printed:
            assert fits(block.content, printed), f"{place}: printed\n{printed}"
        elif block.kind in RUN:
            run_commands(block, shell, place)


def run_python(block: Block, names: dict[str, Any], place: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block.content, place, "exec"), names)
    return printed.getvalue()


def run_commands(block: Block, shell: Shell, place: str) -> None:
    more = tuple(block.said.split())
    wanted = commands(block)
    for number, command in enumerate(wanted):
        result = shell.run(command.words, more)
        told = f"{place}: {command.words}\nexit code {result.code}\n{result.out}{result.err}"
        asked = number + 1 < len(wanted) and wanted[number + 1].words == "echo $?"
        assert asked or result.code == 0, told
        assert not command.expected or fits(command.expected, result.out + result.err), told
