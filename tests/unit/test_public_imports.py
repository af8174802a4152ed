"""Recipes are what a user could have written: they take public names alone, and start no process of the command line.

A name of seqtasks is public where it stands in the `__all__` of the module that it is imported from.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
RECIPES = sorted((REPOSITORY / "recipes").glob("*.py"))
BENCHMARKS = sorted(
    file for file in (REPOSITORY / "benchmarks").rglob("*.py") if file.name != "checkout_27b483f.py"
)  # that one has the names of another checkout


def taken(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What a program takes of other modules: module and name, the name empty for the module itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "seqtasks":
            yield "seqtasks", node.attr


def private(module: str, name: str) -> bool:
    """Whether this is something of seqtasks that users cannot rely on."""
    if module.partition(".")[0] != "seqtasks" or (module, name) == ("seqtasks", ""):
        return False
    return name not in getattr(import_module(module), "__all__", ())


def test_what_is_private_is_found() -> None:
    source = """
import seqtasks
import seqtasks.config.run
from seqtasks import load, nothing
from seqtasks.decoding import DecodingConfig
from seqtasks.decoding.beam import beam_search
from torch import nn
seqtasks.train, seqtasks.MODULES
"""
    assert {each for each in taken(ast.parse(source)) if private(*each)} == {
        ("seqtasks.config.run", ""),
        ("seqtasks", "nothing"),
        ("seqtasks.decoding.beam", "beam_search"),
        ("seqtasks", "MODULES"),
    }


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_recipes_take_public_names_alone(file: Path) -> None:
    found = list(taken(ast.parse(file.read_text(encoding="utf-8"))))
    assert [each for each in found if private(*each)] == []
    assert "subprocess" not in {module for module, _ in found}


@pytest.mark.parametrize("file", BENCHMARKS, ids=lambda file: str(file.relative_to(REPOSITORY / "benchmarks")))
def test_benchmarks_take_nothing_of_the_command_line(file: Path) -> None:
    modules = {module for module, _ in taken(ast.parse(file.read_text(encoding="utf-8")))}
    assert [module for module in modules if module.startswith("seqtasks.cli")] == []
