"""What recipes do: they write a configuration and run the two commands that anyone would type."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from seqtasks import SeqtasksError


def run(recipe: Callable[..., None]) -> None:
    """Runs a recipe; a mistake in its input is told in a sentence, as `seqtasks` tells it."""
    try:
        typer.run(recipe)
    except SeqtasksError as error:
        sys.exit(f"seqtasks: {error}")


def short(steps: int) -> tuple[str, ...]:
    """Settings of a training of so many updates: to see that all is in place, not to learn anything."""
    half = steps // 2
    given = {"steps": steps, "warmup": steps // 4, "validate_every": half, "checkpoint_every": half}
    return tuple(f"training.{name}={value}" for name, value in given.items())


TINY = (
    "text.size=300", "text.sampling=0", "model.dim=32", "model.encoder.layers=1", "model.decoder.layers=1", *short(60),
)  # fmt: skip
"""Settings that make a translation recipe last a minute."""

Tiny = Annotated[bool, typer.Option("--tiny", help="A minute on a processor, to see that all is in place.")]
Test = Annotated[bool, typer.Option("--test", help="Measure on the test part, too.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")]
Chosen = Annotated[
    list[str] | None, typer.Option("--set", metavar="a.b=c", help="Any setting, such as training.steps=900.")
]
Out = Annotated[Path, typer.Option(help="Where the model goes.")]


def data_folder(given: Path | None, name: str, example: str) -> Path:
    """The folder that was given, else SEQTASKS_DATA/name; it has to hold the file `example`."""
    folder = given or Path(os.environ.get("SEQTASKS_DATA", "data")) / name
    if official(folder, example).is_file():
        return folder
    raise typer.BadParameter(f"{folder} holds no {example} (give the folder, or set SEQTASKS_DATA)", param_hint="DATA")


def official(folder: Path, name: str) -> Path:
    """A file of the official download, which may be compressed there."""
    return folder / name if (folder / name).is_file() else folder / f"{name}.gz"


def seqtasks(*arguments: str | Path) -> None:
    """Shows a command and runs it; stops the recipe where it fails."""
    words = [str(argument) for argument in arguments]
    print("$ seqtasks", shlex.join(words), flush=True)
    if code := subprocess.run([sys.executable, "-m", "seqtasks", *words], check=False).returncode:
        raise typer.Exit(code)


def train(configuration: str, out: Path, settings: Sequence[str], *, resume: bool) -> None:
    """Trains a model into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "recipe.toml"
    file.write_text(configuration, encoding="utf-8")
    chosen = [word for setting in settings for word in ("--set", setting)]
    seqtasks("train", file, "--out", out, *chosen, *(["--resume"] if resume else []))


def evaluate(model: Path, *arguments: str | Path) -> dict[str, Any]:
    """What `seqtasks evaluate --json` says of a model."""
    words = ["evaluate", str(model), *(str(argument) for argument in arguments)]
    print("$ seqtasks", shlex.join(words), flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "seqtasks", *words, "--json"], check=False, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise typer.Exit(done.returncode)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def score(result: dict[str, Any], metric: str) -> dict[str, Any]:
    """One score of an evaluation."""
    found: dict[str, Any] = next(score for score in result["scores"] if score["metric"] == metric)
    return found


def cell(text: str) -> str:
    """A signature inside a Markdown table."""
    return f"`{text}`".replace("|", "\\|")


def values(result: dict[str, Any], metrics: Sequence[str]) -> list[str]:
    """The cells of these metrics in a table; empty for one that was not measured."""
    measured = {score["metric"] for score in result["scores"]}
    return [f"{score(result, metric)['value']:.2f}" if metric in measured else "" for metric in metrics]


def signatures(result: dict[str, Any], *metrics: str) -> str:
    """The cell of the signatures of these metrics and of the decoding."""
    return " ".join(map(cell, (*(score(result, metric)["signature"] for metric in metrics), result["decoding"])))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a Markdown table."""
    for line in (columns, ["---"] * len(columns), *rows):
        print(f"| {' | '.join(line)} |")
