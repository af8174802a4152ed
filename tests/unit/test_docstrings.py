"""Docstrings are there, and name the parameters that there are.

Ruff's rules D ask for docstrings too, but take what is not in a module's `__all__` for private; its rule DOC102 finds
parameters that are gone, but looks at no class and at no function that takes `**options`.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from seqtasks.registry import ENTRY_POINTS

PACKAGE = Path(__file__).parents[2] / "seqtasks"
SECTION = re.compile(r"^Args:\n((?:    .*\n|\n)+)", re.MULTILINE)
DESCRIBED = re.compile(r"^    (\*{0,2}\w+):", re.MULTILINE)

Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def parsed(source: str) -> ast.Module:
    """The syntax tree, made once for all that look at it."""
    return ast.parse(source)


def strangers(source: str) -> list[str]:
    """What Args sections of a module describe that is no parameter, as "function: name"."""
    return [
        f"{name}: {described}"
        for name, node in documented(parsed(source), "")
        for described in described_in(node)
        if (known := parameters(node)) is not None and described not in known
    ]


def undocumented(source: str) -> list[str]:
    """Public functions and classes without a docstring, but for nested settings and overloads."""
    return [
        name
        for name, node in documented(parsed(source), "")
        if not (node.name.startswith("_") or node.name == "Config")
        and not any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list)
        and ast.get_docstring(node) is None
    ]


def stale_names(source: str) -> list[str]:
    """What examples in docstrings call, and modules that docstrings name, that there is not."""
    return [
        name
        for docstring in docstrings(source)
        for name in (*called(docstring), *re.findall(r"`(seqtasks(?:\.\w+)+)`", docstring))
        if name not in (ENTRY_POINTS, *known_names()) and not is_there(name)
    ]


def docstrings(source: str) -> list[str]:
    """All of a module, those of attributes too."""
    return [
        inspect.cleandoc(node.value.value)
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


def called(docstring: str) -> Iterator[str]:
    """The names of functions and methods that the examples call: indented blocks of Python outside of sections."""
    for block in re.findall(r"(?:\A|\n\n)((?:    .*(?:\n|$))+)", docstring):
        with suppress(SyntaxError):
            for node in ast.walk(ast.parse(textwrap.dedent(block))):
                name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                if name and not name.startswith(("torch.", "numpy.", "np.")):
                    yield name.rpartition(".")[2]


def is_there(name: str) -> bool:
    """Whether a dotted name is that of a module, or of something in one."""
    if not name.startswith("seqtasks."):
        return False
    path = PACKAGE.parent.joinpath(*name.split("."))
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module = path.parent / "__init__.pyi" if path.parent == PACKAGE else path.parent.with_suffix(".py")
    return module.is_file() and re.search(rf"\b{path.name}\b", module.read_text(encoding="utf-8")) is not None


@cache
def known_names() -> frozenset[str]:
    """Functions, methods and classes of the package, and what Python itself has."""
    defined = (
        node.name
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(parsed(file.read_text(encoding="utf-8")))
        if isinstance(node, Documented)
    )
    return frozenset({*defined, "Path", *(name for each in (builtins, str, list, dict, Path) for name in dir(each))})


def documented(node: ast.AST, inside: str) -> Iterator[tuple[str, Documented]]:
    """Functions and classes by their dotted names, but for those within private classes and within functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Documented):
            yield f"{inside}{child.name}", child
            if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
                yield from documented(child, f"{inside}{child.name}.")
        else:
            yield from documented(child, inside)


def described_in(node: Documented) -> list[str]:
    section = SECTION.search((ast.get_docstring(node) or "") + "\n")
    return DESCRIBED.findall(section[1]) if section else []


def parameters(node: Documented) -> set[str] | None:
    """Names of parameters, stars included; of a class those of its `__init__`, None where it inherits one."""
    if isinstance(node, ast.ClassDef):
        made = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
        fields = {
            each.target.id
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        }
        return parameters(made[0]) if made else fields or None
    arguments = node.args
    names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    starred = {f"*{arguments.vararg.arg}"} if arguments.vararg else set()
    return names | starred | ({f"**{arguments.kwarg.arg}"} if arguments.kwarg else set())


@pytest.mark.parametrize("look", [strangers, undocumented, stale_names])
def test_the_package_is_documented(look: Callable[[str], list[str]]) -> None:
    found = {
        str(file.relative_to(PACKAGE)): wrong
        for file in sorted(PACKAGE.rglob("*.py"))
        if (wrong := look(file.read_text(encoding="utf-8")))
    }
    assert found == {}


FUNCTION = '''
def f({signature}):
    """Does.

    Args:
        {described}: Some.
            More of it: no parameter.

    Raises:
        ValueError: No parameter.
    """
'''
CLASS = '''
class C:
    """One.

    Args:
        size: Of it.
        gone: Was there.
    """

    def __init__(self, size):
        self.size = size
'''


@pytest.mark.parametrize(
    ("signature", "described", "wrong"),
    [
        ("size, *, seed=1", "size", []),
        ("*items, **options", "**options", []),
        ("**options", "options", ["f: options"]),
        ("width", "size", ["f: size"]),
    ],
)
def test_a_parameter_that_is_gone_is_found(signature: str, described: str, wrong: list[str]) -> None:
    assert strangers(FUNCTION.format(signature=signature, described=described)) == wrong


def test_arguments_of_a_class_are_those_of_its_init() -> None:
    assert strangers(CLASS) == ["C: gone"]


def test_what_is_not_in_all_is_asked_for_too() -> None:
    assert undocumented('__all__ = ["f"]\ndef f():\n    """Does."""\ndef g():\n    pass\ndef _h():\n    pass\n') == [
        "g"
    ]


def test_stale_names_in_examples_and_text_are_found() -> None:
    there, gone = "seqtasks.text.normalize", "seqtasks.text.tidy"
    example = 'for each in load("m").no_such_method(["A"]):\n        print(each)'
    docstrings = (f"Of `{there}` and `{gone}`.", f"Above.\n\n    {example}\n\nBelow.")
    assert set(stale_names("\n".join(map(repr, docstrings)))) == {gone, "no_such_method"}
