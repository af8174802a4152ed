"""Moves modules and rewrites what names them: import lines, dotted strings and paths. Nothing else.

    python move_modules.py TABLE.toml     in the root of the checkout; TABLE has [modules] "seqtasks.old" = "seqtasks.new"

A module that becomes part of a new package gets an `__init__.py` there. Tests follow the modules they are named after.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ENDINGS = {".py", ".toml", ".md", ".sh", ".txt", ".cfg", ".json", ""}


def git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout


def file_of(module: str) -> Path:
    return Path(*module.split(".")).with_suffix(".py")


def move(old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    git("mv", str(old), str(new))


def make_packages(folder: Path) -> None:
    while folder.parts and folder.parts[0] == "seqtasks":
        init = folder / "__init__.py"
        if not init.exists():
            init.write_text('"""To be described."""\n')
            git("add", str(init))
        folder = folder.parent


def binds(package: str, name: str) -> bool:
    """Whether a package's `__init__` gives the name to something else than its module."""
    init = Path(*package.split("."), "__init__.py")
    tree = ast.parse(init.read_text(encoding="utf-8")) if init.is_file() else ast.Module([], [])
    return any(
        name in (each.asname or each.name for each in node.names)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    )


def rewrite_from_imports(text: str, moved: dict[str, str]) -> str:
    """`from seqtasks.package import module` where the module has moved."""
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ImportFrom) or not node.module or node.level:
            continue
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            if full in moved and not binds(node.module, alias.name):
                new = [(moved.get(f"{node.module}.{each.name}"), each) for each in node.names]
                imports = []
                for place, each in new:
                    package, _, name = (place or f"{node.module}.{each.name}").rpartition(".")
                    bound = each.asname or each.name
                    imports.append(
                        f"{' ' * node.col_offset}from {package} import {name}{'' if bound == name else f' as {bound}'}\n"
                    )
                rest = [""] * ((node.end_lineno or node.lineno) - node.lineno)
                lines[node.lineno - 1 : node.end_lineno] = ["".join(imports), *rest]
                break
    return "".join(lines)


def main(table: Path) -> None:
    moved: dict[str, str] = tomllib.loads(table.read_text())["modules"]
    moved = {old: new for old, new in moved.items() if file_of(old).exists() or Path(*old.split(".")).is_dir()}
    folders = {old: new for old, new in moved.items() if Path(*old.split(".")).is_dir()}
    tests: list[tuple[Path, Path]] = []
    for old, new in moved.items():
        if old in folders:
            continue
        o, n = old.split(".")[1:], new.split(".")[1:]
        a = Path("tests/unit", *o[:-1], f"test_{o[-1]}.py")
        if a.exists():
            tests.append((a, Path("tests/unit", *n[:-1], f"test_{n[-1]}.py")))
    names = sorted(moved, key=len, reverse=True)
    dotted = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, names)) + r")(?!\w)")
    paths = {}
    for old, new in moved.items():
        o, n = old.replace(".", "/"), new.replace(".", "/")
        if old in folders:
            paths[o + "/"] = n + "/"
        else:
            paths[o + ".py"] = n + ".py"
            paths[o.removeprefix("seqtasks/") + ".py"] = n.removeprefix("seqtasks/") + ".py"
    path_names = re.compile(r"(?<![\w/.])(" + "|".join(map(re.escape, sorted(paths, key=len, reverse=True))) + r")")
    for name in git("ls-files").splitlines():
        file = Path(name)
        if (
            file.suffix not in ENDINGS
            or name.startswith(
                (
                    "assets/models",
                    "benchmarks/models",
                    "tests/fixtures",
                    "benchmarks/against_checkout/checkout_27b483f.py",
                    "tests/recipes/configurations.jsonl",
                )
            )
            or file.name in ("renames.toml", "move_modules.py")
        ):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, IsADirectoryError):
            continue
        changed = rewrite_from_imports(text, moved) if file.suffix == ".py" else text
        changed = dotted.sub(lambda found: moved[found[1]], changed)
        changed = path_names.sub(lambda found: paths[found[1]], changed)
        if changed != text:
            file.write_text(changed, encoding="utf-8")
    for old, new in sorted(moved.items(), key=lambda item: -len(item[0])):
        if old in folders:
            continue
        target = Path(*new.split(".")).with_suffix(".py")
        source = file_of(old)
        move(source, target)
        make_packages(target.parent)
    for old, new in folders.items():
        source, target = Path(*old.split(".")), Path(*new.split("."))
        target.mkdir(parents=True, exist_ok=True)
        for each in sorted(source.iterdir()):
            if each.name != "__pycache__":
                if (target / each.name).exists():
                    git("rm", "-qf", str(target / each.name))
                move(each, target / each.name)
        make_packages(target)
    for a, b in tests:
        move(a, b)
    for package in sorted(Path("seqtasks").rglob("__init__.py"), reverse=True):
        folder = package.parent
        if folder != Path("seqtasks") and [each.name for each in folder.iterdir() if each.name != "__pycache__"] == [
            "__init__.py"
        ]:
            git("rm", "-qf", str(package))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
