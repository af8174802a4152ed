"""`seqtasks export`: a model in the form of another program."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from seqtasks.cli.options import Chosen, Code, ModelArgument, Precision, decoding_options, open_model
from seqtasks.errors import SeqtasksError


class Format(StrEnum):
    ctranslate2 = "ctranslate2"
    onnx = "onnx"


def export(
    model: ModelArgument,
    written: Annotated[Format, typer.Option("--format", help="The program that will run it.")],
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Where it goes; else MODEL's name and the format, here."),
    ] = None,
    chosen: Chosen = None,
    code: Code = None,
) -> None:
    """Write a translation model as a directory that another program runs, with a guide in its README.md.

    \b
    Examples:
      seqtasks export my-model --format ctranslate2
      seqtasks export my-model --format onnx --output my-model-onnx
    """
    out = out or Path(f"{Path(model).name}-{written.value}")
    require_free(out)
    options = decoding_options(chosen)
    task, pipeline = open_model([model], "translation", code=code, device="cpu", dtype=Precision.float32, threads=0)
    decoding = pipeline.decoding(**options)

    from seqtasks.export import WRITERS
    from seqtasks.storage.bundle import CARD, find_model

    card = (find_model(model) / CARD).read_text(encoding="utf-8")
    try:
        WRITERS[written.value](task, pipeline.models[0], decoding, card, out)
    except OSError as error:
        raise SeqtasksError(f"{out} cannot be written: {error.strerror}.", "Nothing was left there.") from error
    print(f"{out}: {out / 'README.md'} tells how to use it")


def require_free(out: Path) -> None:
    """Raises SeqtasksError where something is in the place of the new directory."""
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise SeqtasksError(f"{out} is there already.", "Choose another place with --output, or remove it.")
