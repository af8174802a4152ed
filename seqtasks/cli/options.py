"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from seqtasks.errors import SeqtasksError

DEFAULT_MODEL: Final = "en-de"

TaskName = Literal["translation", "captioning", "tagging", "classification", "generation"]
"""What a model is for."""


class Precision(StrEnum):
    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


class Engine(StrEnum):
    torch = "torch"
    ctranslate2 = "ctranslate2"


ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model's directory, or the name of one that ships.", show_default=False)
]
Beam = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Width of the search; 1 is greedy.", show_default="the model's")
]
Chosen = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any other option of decoding, such as penalty=wu:0.6."),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")]
Code = Annotated[Path | None, typer.Option(metavar="FILE", help="A Python file with components of your own.")]
Device = Annotated[str, typer.Option(metavar="DEVICE", help='"auto", "cpu", "cuda", "cuda:1".')]
Dtype = Annotated[Precision, typer.Option(help='Precision; "auto" is bfloat16 where that is fast.')]
EngineOption = Annotated[
    Engine, typer.Option("--engine", help="What translates; ctranslate2 is faster on a CPU, for Transformers, in int8.")
]
Threads = Annotated[int, typer.Option(min=0, metavar="N", help="Threads on a CPU; 0 = all cores.")]
LanguagePair = Annotated[
    str | None, typer.Option(metavar="FROM-TO", help="Such as en-de: for .tmx, and .jsonl with language codes.")
]


def load_own_code(names: Sequence[str], code: Path | None) -> None:
    """Runs the user's components in the file `code`. Raises SeqtasksError for wrong names of models first."""
    from seqtasks.bundle import find_model

    for name in names:
        find_model(name)  # tells a wrong name before the slow imports
    if code is not None:
        from seqtasks.config import load_code

        load_code(code)


def open_model(
    names: Sequence[str],
    task: TaskName,
    *,
    code: Path | None,
    device: str,
    dtype: Precision,
    threads: int,
    engine: Engine = Engine.torch,
) -> Any:
    """The task and the pipeline of one model or an ensemble; SeqtasksError where it is for another task than `task`."""
    load_own_code(names, code)
    from seqtasks.loading import open_models

    return open_models(names, task, device=device, dtype=dtype.value, threads=threads, engine=engine.value)


def open_pipeline(names: Sequence[str], task: TaskName, **options: Any) -> Any:
    """The pipeline of a model; see `open_model`."""
    return open_model(names, task, **options).pipeline


def decoding_options(chosen: Sequence[str] | None, **options: Any) -> dict[str, Any]:
    """The options of decoding that were given, those of `--set` among them."""
    import tomllib

    given = {name: value for name, value in options.items() if value is not None}
    for item in chosen or ():
        name, sign, written = item.partition("=")
        if not sign:
            raise SeqtasksError(f"--set {item}: not of the form name=value.", "Example: --set penalty=wu:0.6")
        try:
            given[name.strip()] = tomllib.loads(f"value = {written}")["value"]
        except ValueError:
            given[name.strip()] = written.strip()
    return given


def split_languages(languages: str | None) -> tuple[str, str] | None:
    """ "en-de" as a pair."""
    if languages is None:
        return None
    source, _, target = languages.partition("-")
    if not (source and target):
        raise typer.BadParameter("write the two codes with a hyphen, such as en-de", param_hint="--languages")
    return source, target


@contextmanager
def blamed_on(option: str) -> Iterator[None]:
    """Names the option at the beginning of the errors that its value causes."""
    try:
        yield
    except SeqtasksError as error:
        raise SeqtasksError(f"{option}: {error.message}", error.hint) from error
