"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from seqtasks.cli.command import renamed_decoding, warn_renamed
from seqtasks.errors import SeqtasksError

DEFAULT_MODEL: Final = "en-de"
KEYWORD = Parameter.KEYWORD_ONLY

TaskName = Literal["translation", "captioning", "tagging", "classification", "language-modeling"]
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
Chosen = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any other decoding option, listed below; may be repeated."),
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
    str | None,
    typer.Option("--language-pair", metavar="FROM-TO", help="Such as en-de: for .tmx, and .jsonl with language codes."),
]


def load_own_code(names: Sequence[str], code: Path | None) -> None:
    """Runs the user's components in the file `code`. Raises SeqtasksError for wrong names of models first."""
    from seqtasks.storage.bundle import find_model

    for name in names:
        find_model(name)  # tells a wrong name before the slow imports
    if code is not None:
        from seqtasks.config.run import load_code

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


def decoding_option(name: str, metavar: str, help: str, **limits: Any) -> Any:
    return typer.Option(name, metavar=metavar, help=help, show_default="the model's", **limits)


DECODING_FLAGS: dict[str, Any] = {
    "beam_size": Annotated[
        int | None, decoding_option("--beam-size", "N", "Width of the beam search; 1 is greedy search.", min=1)
    ],
    "max_length": Annotated[
        str | None, decoding_option("--max-length", "RULE", "Most tokens of an output, such as 50 or 1.5x+10.")
    ],
    "length_penalty": Annotated[
        str | None, decoding_option("--length-penalty", "RULE", '"none", "average" or "wu:ALPHA", such as wu:0.6.')
    ],
    "no_repeat_ngram_size": Annotated[
        int | None, decoding_option("--no-repeat-ngram-size", "N", "No N-gram appears twice in an output.", min=0)
    ],
    "temperature": Annotated[
        float | None, decoding_option("--temperature", "X", "Sampling: below 1 sharper, above 1 more varied.")
    ],
    "top_k": Annotated[int | None, decoding_option("--top-k", "K", "Sampling: from the K likeliest tokens.", min=0)],
    "top_p": Annotated[
        float | None, decoding_option("--top-p", "P", "Sampling: from the likeliest tokens with total probability P.")
    ],
}
"""Decoding options with a flag of their own, by the names of their fields."""


def takes_decoding(*, without: Sequence[str] = ()) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the flags of decoding options and --set; it gets what was given as the argument `decoding`."""
    added = {field: kind for field, kind in DECODING_FLAGS.items() if field not in without}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**arguments: Any) -> None:
            given = {field: arguments.pop(field) for field in added}
            command(decoding=decoding_options(arguments.pop("set_decoding"), **given), **arguments)

        parameters: list[Parameter] = []
        for each in signature(command, eval_str=True).parameters.values():
            if each.name == "decoding":
                flags = {**added, "set_decoding": Chosen}.items()
                parameters += [Parameter(name, KEYWORD, default=None, annotation=kind) for name, kind in flags]
            else:
                parameters.append(each.replace(kind=KEYWORD))
        run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        return run

    return decorate


def decoding_options(chosen: Sequence[str] | None, **options: Any) -> dict[str, Any]:
    """The decoding options that were given, those of `--set` among them."""
    import tomllib

    given = {name: value for name, value in options.items() if value is not None}
    for item in chosen or ():
        name, sign, value = item.partition("=")
        if not sign:
            raise SeqtasksError(f"--set {item}: not of the form name=value.", "Example: --set length_penalty=wu:0.6")
        name = name.strip()
        if name in (old := renamed_decoding()):
            warn_renamed(f"--set {name}", old[name])
            name = old[name]
        try:
            given[name] = tomllib.loads(f"value = {value}")["value"]
        except ValueError:
            given[name] = value.strip()
    return given


def split_languages(languages: str | None) -> tuple[str, str] | None:
    """ "en-de" as a pair."""
    if languages is None:
        return None
    source, _, target = languages.partition("-")
    if not (source and target):
        raise typer.BadParameter("write the two codes with a hyphen, such as en-de", param_hint="--language-pair")
    return source, target


@contextmanager
def blamed_on(option: str) -> Iterator[None]:
    """Names the option at the beginning of the errors that its value causes."""
    try:
        yield
    except SeqtasksError as error:
        raise SeqtasksError(f"{option}: {error.message}", error.hint) from error
