"""`seqtasks export`: a model in the format of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from seqtasks.cli.options import Code, ModelArgument, Runtime, Set, set_options
from seqtasks.cli.suffixes import ensure_directory, ensure_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import is_dir, is_file

ARGOS = "argos"
"""The format that is a file."""


def export(
    model: ModelArgument,
    written: Annotated[
        Literal["ctranslate2", "onnx", "huggingface", "argos"],
        typer.Option("--format", help="The runtime to export for."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Output directory, for argos a file .argosmodel; by default named after MODEL and the format.",
        ),
    ] = None,
    set_decoding: Set = None,
    code: Code = None,
) -> None:
    """Export a translation model for another runtime, with a guide in its README.md.

    \b
    Examples:
      seqtasks export my-model --format ctranslate2
      seqtasks export my-model --format onnx --output my-model-onnx
      seqtasks export opus-en-de --format huggingface
      seqtasks export my-model --format argos --output my-model.argosmodel
    """
    out = out or Path(f"{Path(model).name}.argosmodel" if written == ARGOS else f"{Path(model).name}-{written}")
    if written == ARGOS:
        ensure_suffix("--output", out, ".argosmodel")
    else:
        ensure_directory(out)
    if is_file(out) or (is_dir(out) and any(out.iterdir())):
        raise SeqtasksError(f"{out} already exists.", "Choose another directory with --output, or remove it.")
    options = set_options(set_decoding)
    if options and written == ARGOS:
        raise typer.BadParameter("Argos Translate has decoding options of its own", param_hint="--set")

    from seqtasks.storage.bundle import CARD, read_bundle
    from seqtasks.storage.model_paths import find_model

    bundle = read_bundle(find_model(model), verify=False)
    task, pipeline = Runtime(code, device="cpu", dtype="float32").open([model], "translation")
    decoding = pipeline.decoding(**options)

    from seqtasks.export import WRITERS

    card = (bundle.path / CARD).read_text(encoding="utf-8")
    try:
        WRITERS[written](task, pipeline.models[0], decoding, card, out)
    except OSError as error:
        raise SeqtasksError(f"{out} cannot be written: {error.strerror}.", "Nothing was left there.") from error
    print(
        f"{out}: argospm install {out}" if written == ARGOS else f"{out}: {out / 'README.md'} describes how to use it"
    )
