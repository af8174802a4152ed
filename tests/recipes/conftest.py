"""Recipes run in this process, with arguments as on the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from helpers.recipe_run import Done, Recipe


@pytest.fixture
def one_core() -> Iterator[None]:
    """Training and evaluation take as many threads and processes as there are cores: here one, another a worker."""
    cores = os.sched_getaffinity(0)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.sched_setaffinity(0, {sorted(cores)[worker % len(cores)]})
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture
def recipe(one_core: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """Runs a recipe by its name; `data` is what SEQTASKS_DATA says."""

    def call(name: str, *arguments: str | Path, data: Path | None = None) -> Done:
        if data is not None:
            monkeypatch.setenv("SEQTASKS_DATA", str(data))
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments)])
        capsys.readouterr()
        code: int | str | None = 0
        try:
            import_module("runner").run(import_module(name).main)
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        if isinstance(code, str):  # what Python does with it
            return Done(1, printed.out, f"{printed.err}{code}\n")
        return Done(code or 0, printed.out, printed.err)

    return call
