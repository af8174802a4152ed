"""Options that the comparisons of throughput and latency share."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer

EngineName = Literal["torch", "ctranslate2"]
Engine = Annotated[EngineName, typer.Option(help="What runs our model.")]
Dtype = Annotated[Literal["auto", "float32", "bfloat16"], typer.Option(help="Precision of our model in PyTorch.")]
Chosen = Annotated[
    list[str] | None, typer.Option("--set", metavar="a=b", help="A decoding option of ours, such as max_length=40.")
]


def decoding_options(chosen: Sequence[str] | None, beam: int) -> dict[str, Any]:
    """The decoding options of ours; a value that is no TOML is a string."""
    given: dict[str, Any] = {"beam": beam}
    for item in chosen or ():
        name, sign, written = item.partition("=")
        if not sign:
            raise typer.BadParameter(f"{item} is not of the form name=value", param_hint="--set")
        try:
            given[name.strip()] = tomllib.loads(f"value = {written}")["value"]
        except ValueError:
            given[name.strip()] = written.strip()
    return given
