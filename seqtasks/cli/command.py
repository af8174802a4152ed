"""The commands of the program: made when they are needed, with the old names of their options for one release."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from typer import Typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from seqtasks.cli.options import expand_groups

PACKAGE = Path(__file__).parents[1]
COMMANDS = (
    "train", "finetune", "config", "translate", "caption", "tag", "classify", "generate", "evaluate", "score", "clean",
    "backtranslate", "distill", "import", "export", "info", "models", "demo",
)  # fmt: skip
"""Each is a function of the same name, in a module of the same name; `import`, a word of Python, is `import_model`."""


class LazyGroup(TyperGroup):
    """Imports and builds the one command that runs: building all of them takes longer than importing typer."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # for their order, and to suggest one

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Builds the command of this name, and no other; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        single = Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(cmd_name, cls=Command)(expand_groups(function_of(cmd_name)))
        return get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Lists all commands, of which each docstring's first paragraph is shown, without building them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(function_of(name))) for name in COMMANDS])


def function_of(command: str) -> Callable[..., None]:
    """The function of a command: that of the same name in its module."""
    name = "import_model" if command == "import" else command
    function: Callable[..., None] = getattr(import_module(f"seqtasks.cli.commands.{name}"), name)
    return function


def summary(function: Callable[..., None]) -> str:
    """The first sentence of a function's documentation, up to a colon."""
    paragraph = " ".join((function.__doc__ or "").partition("\n\n")[0].split())
    return re.split(r"(?<=\.) |:", paragraph)[0].rstrip(".") + "."


TOML_TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}


class Command(TyperCommand):
    """Takes options by their names of the last release too, with a warning; lists what `--set` takes in its help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes old names of options for the new ones."""
        return super().parse_args(ctx, self.renamed(args))

    def renamed(self, args: Sequence[str]) -> list[str]:
        """The arguments with today's names of options, and of values that were renamed (`--method=gradients`)."""
        takes_value = {
            name: not getattr(parameter, "is_flag", False) for parameter in self.params for name in parameter.opts
        }
        renamed = renames()["options"].get(self.name, {}) if any(arg.startswith("--") for arg in args) else {}
        found: list[str] = []
        rest = iter(args)
        for word in rest:
            if word == "--":
                return [*found, word, *rest]
            name, sign, value = word.partition("=")
            if word.startswith("--") and name in renamed:
                warn_renamed(name, renamed[name])
                name = renamed[name]
            words = [f"{name}{sign}{value}"]
            if not sign and takes_value.get(name, False):
                words += islice(rest, 1)
                value = words[-1]
            if (today := renamed.get(f"{name}={value}")) is not None:
                warn_renamed(f"{name} {value}", today.replace("=", " "))
                words = [today]
            found += words
        return found

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Adds what `--set` takes, where the command has it."""
        super().format_epilog(ctx, formatter)
        if any(parameter.name == "set_decoding" for parameter in self.params):
            with formatter.section("Decoding options, for --set NAME=VALUE"):
                formatter.write_dl(list(decoding_fields()))


def renames() -> dict[str, Any]:
    """What options, among others, were called in the last release, and are called now."""
    import tomllib

    return tomllib.loads((PACKAGE / "renames.toml").read_text(encoding="utf-8"))


def warn_renamed(old: str, new: str) -> None:
    """Says on standard error that an option has another name now."""
    print(f"seqtasks: {old} is now called {new}; the old name will be removed in the next release.", file=sys.stderr)


def decoding_fields() -> Iterator[tuple[str, str]]:
    """Each field of the decoding options with its type and default, and what it means.

    They are read from the source, since importing it takes as long as importing torch.
    """
    source = (PACKAGE / "decoding" / "config.py").read_text(encoding="utf-8")
    [definition] = (
        node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "DecodingConfig"
    )
    for field, following in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and field.value is not None and isinstance(following, ast.Expr):
            default = json.dumps(ast.literal_eval(field.value))
            meaning = " ".join(str(ast.literal_eval(following.value)).split())
            yield ast.unparse(field.target), f"{meaning} [{toml_type(field.annotation)}, default: {default}]"


def toml_type(annotation: ast.expr) -> str:
    """A type as `seqtasks config` has it: in the words of TOML, in which `--set` takes values."""
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        return f"list of {toml_type(annotation.slice.elts[0])}"
    return TOML_TYPES.get(ast.unparse(annotation), "table")
