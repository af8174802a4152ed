"""The commands of the program: today's names of renamed options, and decoding options in the help."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

PACKAGE = Path(__file__).parents[1]


class Command(TyperCommand):
    """Takes options by their names of the last release too, with a warning; lists what `--set` takes in its help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self.renamed(args))

    def renamed(self, args: Sequence[str]) -> list[str]:
        """The arguments with today's names of options, and of values that were renamed (`--method=gradients`)."""
        takes_value = {
            name: not getattr(parameter, "is_flag", False) for parameter in self.params for name in parameter.opts
        }
        renames = renamed_options(self.name or "") if any(arg.startswith("--") for arg in args) else {}
        found: list[str] = []
        rest = iter(args)
        for word in rest:
            if word == "--":
                return [*found, word, *rest]
            name, sign, value = word.partition("=")
            if word.startswith("--") and name in renames:
                warn_renamed(name, renames[name])
                name = renames[name]
            words = [f"{name}{sign}{value}"]
            if not sign and takes_value.get(name, False):
                words += islice(rest, 1)
                value = words[-1]
            if (today := renames.get(f"{name}={value}")) is not None:
                warn_renamed(f"{name} {value}", today.replace("=", " "))
                words = [today]
            found += words
        return found

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        super().format_epilog(ctx, formatter)
        if any(parameter.name == "set_decoding" for parameter in self.params):
            with formatter.section("Decoding options, for --set NAME=VALUE"):
                formatter.write_dl(list(decoding_fields()))


def renamed_options(command: str) -> dict[str, str]:
    """Options of the command by their names in the last release, and what they are called now."""
    import tomllib

    table = tomllib.loads((PACKAGE / "renames.toml").read_text(encoding="utf-8"))
    return dict(table["options"].get(command, {}))


def warn_renamed(old: str, new: str) -> None:
    print(f"seqtasks: {old} is now called {new}; the old name goes with the next release.", file=sys.stderr)


def decoding_fields() -> Iterator[tuple[str, str]]:
    """Each field of the decoding options with its type and default, and what it means.

    They are read from the source, since importing it takes as long as importing torch.
    """
    source = (PACKAGE / "decoding" / "options.py").read_text(encoding="utf-8")
    [definition] = (
        node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "Decoding"
    )
    for field, following in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and field.value is not None and isinstance(following, ast.Expr):
            default = ast.unparse(field.value).replace("'", '"')
            meaning = " ".join(str(ast.literal_eval(following.value)).split())
            yield ast.unparse(field.target), f"{meaning} [{ast.unparse(field.annotation)}, default: {default}]"
