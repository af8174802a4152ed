"""Old names in Python sources and in commands, by the table `seqtasks/renames.toml`."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_origin

import seqtasks.cli.app
import seqtasks.loading  # with all families of components
import seqtasks.tasks
from seqtasks.registry import Component, ConfigModel, PolymorphicField, fields_of, unwrapped
from seqtasks.storage.migration import renames

PACKAGE = Path(seqtasks.__file__).parent
TABLE: dict[str, Any] = tomllib.loads((PACKAGE / "renames.toml").read_text(encoding="utf-8"))
DOTTED = re.compile(r"(?:--set[ =])?([a-z_]+(?:\.\w+)+) ?= ?(.*)", re.DOTALL)
OF_OTHERS = {"accumulate", "fit", "flip", "Generator", "join", "search", "select", "Translator", "walk"}
"""Old names that are those of other libraries as well, such as `str.join` and `torch.Generator`."""
MODULE = re.compile(r"seqtasks(?:\.\w+)+")


def exists(module: str) -> bool:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


OLD_MODULES = {old for old in TABLE["modules"] if not exists(old)}


@cache
def old_names() -> dict[str, set[str]]:
    """The names that left a module of today, by that module."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in TABLE["names"]:
        module, _, last = name.rpartition(".")
        if not module.rpartition(".")[2][:1].isupper():  # methods and attributes have a class before them
            found[TABLE["modules"].get(module, module)].add(last)
    return found


@cache
def old_classes() -> set[str]:
    """Names of classes that no class of today has."""
    old = {name.rpartition(".")[2] for name in TABLE["names"]}
    today = {
        node.name
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    return {name for name in old if name[0].isupper() and not name.isupper()} - today


def subclasses(declared: type) -> Iterator[type]:
    for each in declared.__subclasses__():
        yield each
        yield from subclasses(each)


def old_keys(declared: type) -> set[str]:
    """What keys of a class of settings were called, its bases' too."""
    table = renames().fields
    found = {old for base in declared.__mro__ for old in table.get(f"{base.__module__}.{base.__qualname__}", {})}
    return found - set(fields_of(declared))


@cache
def settings_classes() -> dict[str, set[str]]:
    """The old keys of each class of settings, by the name that calls it."""
    from seqtasks.decoding import DecodingConfig

    classes = [each for each in subclasses(ConfigModel) if each.__module__.startswith("seqtasks.")]
    found = {each.__qualname__: old_keys(each) for each in [*classes, DecodingConfig]}
    return {name: keys for name, keys in found.items() if keys}


@cache
def tables() -> dict[str, set[str]]:
    """Keys that a table of a configuration does not have any more, by the name of the table."""
    known: dict[str, set[type]] = defaultdict(set)
    for declared in subclasses(ConfigModel):
        if not declared.__module__.startswith("seqtasks."):
            continue
        for name, annotation in fields_of(declared).items():
            table = unwrapped(annotation)
            if get_origin(table) is list:
                table = unwrapped(get_args(table)[0])
            if isinstance(table, PolymorphicField):
                known[name] |= {table.family.of_kind(kind).Config for kind in table.family.known()}
            elif isinstance(table, type):
                known[name].add(table)
    return {
        name: set().union(*map(old_keys, classes)) - set().union(*map(fields_of, classes))
        for name, classes in known.items()
    }


@cache
def old_kinds() -> dict[str, set[str]]:
    """Kinds that no family has any more, by the key that names them."""
    families = {family.__name__: family for family in Component.__subclasses__()}
    gone = {name: set(kinds) - set(families[name].known()) for name, kinds in TABLE["kinds"].items()}
    return {"task": gone.pop("Task"), "kind": set().union(*gone.values())}


def in_table(parent: str, table: dict[str, Any]) -> Iterator[str]:
    """Old keys in a table of a configuration."""
    for key, value in table.items():
        if key in tables().get(parent, ()):
            yield f"key {parent}.{key}"
        if isinstance(value, str) and value in old_kinds().get(key, ()):
            yield f"{key} {value}"
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from in_table(key, item)


def in_text(text: str) -> Iterator[str]:
    """In a string of a program: names of modules, settings as `a.b=c`, a configuration in TOML."""
    yield from (f"module {name}" for name in map(old_module, MODULE.findall(text)) if name)
    setting = DOTTED.fullmatch(text)
    if setting:
        text = f"{setting[1]} = {setting[2]}" if loads(f"x = {setting[2]}") else f'{setting[1]} = ""'
    if setting or "\n[" in text or text.startswith(("[", "task")):
        yield from in_table("", loads(text))


def loads(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def old_module(name: str) -> str:
    """The old module that a dotted name starts with."""
    parts = name.split(".")
    starts = (".".join(parts[:count]) for count in range(len(parts), 1, -1))
    return next((start for start in starts if start in OLD_MODULES), "")


def module_of(name: str) -> Any:
    """A module of seqtasks; None for others and for one that is not there."""
    return import_module(name) if name.partition(".")[0] == "seqtasks" and exists(name) else None


def literal(node: ast.expr) -> Any:
    """A dictionary of constants as far as it is one."""
    if isinstance(node, ast.Dict):
        keys = ((key.value, value) for key, value in zip(node.keys, node.values, strict=True) if is_text(key))
        return {key: literal(value) for key, value in keys}
    if isinstance(node, ast.List | ast.Tuple):
        return [literal(item) for item in node.elts]
    return node.value if isinstance(node, ast.Constant) else None


def is_text(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def in_command(words: list[str]) -> Iterator[str]:
    """Old options of a command line, whose words these are."""
    for command in set(words) & set(TABLE["options"]):
        old = {option for option in TABLE["options"][command] if option not in options(command)}
        yield from (f"option {command} {word}" for word in words if word in old or word.partition("=")[0] in old)


@cache
def options(command: str) -> set[str]:
    """The options that a command has today."""
    import typer.main

    group: Any = typer.main.get_command(seqtasks.cli.app.app)
    return {
        name
        for parameter in group.get_command(None, command).params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }


def in_program(source: str, module: str = "") -> set[str]:
    """All old names in a Python program; `module` is the name of it where it is one of seqtasks."""
    found: set[str] = set()
    aliases: dict[str, str] = {}
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            start = (node.module or "") + "." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                name = start + alias.name
                aliases[alias.asname or alias.name] = name
                if old_module(name) and not (start and hasattr(module_of(start[:-1]), alias.name)):
                    found.add(f"module {old_module(name)}")
                if alias.name in old_names().get(start[:-1], ()):
                    found.add(f"name {name}")
        elif isinstance(node, ast.ClassDef) and module and node.name in old_classes():
            found.add(f"name {node.name}")
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=base), attr=name):
                if base in aliases and name in old_names().get(aliases[base], ()):
                    found.add(f"name {aliases[base]}.{name}")
            case ast.Call(func=called):
                qualified = ast.unparse(called)
                for name in (qualified, ".".join(qualified.split(".")[-2:]), qualified.split(".")[-1]):
                    old = settings_classes().get(name, set())
                    found |= {f"key {name}.{each.arg}" for each in node.keywords if each.arg in old}
                found |= set(in_command([each.value for each in node.args if is_text(each)]))
            case ast.List() | ast.Tuple():
                found |= set(in_command([each.value for each in node.elts if is_text(each)]))
            case ast.Dict():
                found |= set(in_table("", literal(node)))
            case ast.Constant(value=str(text)):
                found |= set(in_text(text))
    return found | in_definitions(tree, module)


def in_definitions(tree: ast.Module, module: str) -> set[str]:
    """Old names that a module of seqtasks still defines."""
    found = {
        f"name {module}.{node.name}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in old_names().get(module, ())
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            fields = {each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and is_name(each.target)}
            for name, old in settings_classes().items():
                if module and name == node.name:
                    found |= {f"key {name}.{field}" for field in fields & old}
    return found


def is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name)


def in_markdown(text: str) -> set[str]:
    """Old options and settings in the commands of a page."""
    found: set[str] = set()
    for line in text.replace("\\\n", " ").splitlines():
        if re.match(r"\s*(\$ )?(seqtasks|python -m seqtasks) ", line):
            try:
                words = shlex.split(line, comments=True)
            except ValueError:
                words = line.split()
            found |= set(in_command(words)).union(*map(in_text, words))
    return found


@cache
def old_attributes() -> set[str]:
    """Methods, attributes and settings that nothing in the package is called any more."""
    old = {name.rpartition(".")[2] for name in TABLE["names"]}
    old |= {key for keys in TABLE["fields"].values() for key in keys}
    return old - OF_OTHERS - names_bound_in(PACKAGE)


@cache
def names_bound_in(folder: Path) -> set[str]:
    return {name for file in folder.rglob("*.py") for name in bound(ast.parse(file.read_text(encoding="utf-8")))}


def in_attributes(source: str, folder: Path = PACKAGE) -> set[str]:
    """Old methods, attributes and settings that a program asks for: `x.optimiser`; its folder may have them itself."""
    old = old_attributes() - names_bound_in(folder)
    return {f"attribute {node.attr}" for node in ast.walk(ast.parse(source)) if getattr(node, "attr", None) in old}


def bound(tree: ast.AST) -> Iterator[str]:
    """All names that a program gives something: functions, classes, parameters, variables, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
