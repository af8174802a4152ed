"""`seqtasks caption`: pictures in, sentences out."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqtasks.cli.options import Beam, Chosen, Code, Device, Dtype, Precision, Threads, decoding_options, open_captioner
from seqtasks.cli.output import open_output
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.tasks.captioner import Caption

STANDARD_INPUT = "-"


def caption(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Pictures, folders of them, patterns; - is standard input.")
    ],
    model: Annotated[
        list[str],
        typer.Option("--model", "-m", metavar="NAME_OR_DIR", help="Again for an ensemble.", show_default=False),
    ],
    beam: Beam = None,
    nbest: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Captions for each picture: its path, normalised score and text, with tabs."
        ),
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Draw captions at random.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line, with scores and tokens.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")
    ] = None,
    chosen: Chosen = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Say what pictures show: a line for each, its path, a tab, the caption.

    Files that are no pictures are told, a line each, the others are described; the exit code is then 1.

    \b
    Examples:
      seqtasks caption --model my-captioner photo.jpg
      seqtasks caption --model my-captioner photos/ "more/*.png" --json
    """
    options = decoding_options(chosen, beam=beam, nbest=nbest, sample=sample or None)
    warnings.filterwarnings("ignore", module="PIL")
    from seqtasks.vision.images import find_images

    names = [str(name) for path in paths for name in ([path] if path == STANDARD_INPUT else find_images([path]))]
    pictures = [sys.stdin.buffer if name == STANDARD_INPUT else name for name in names]
    predictor = open_captioner(model, code=code, device=device, dtype=dtype, threads=threads)
    predictor.decoding(**options)
    present = as_object if as_json else as_list if nbest else as_text
    failed = describe(predictor.captions(pictures, **options), names, present, output)
    if failed:
        raise typer.Exit(1)


def describe(
    captions: Iterator[Caption | SeqtasksError],
    names: list[str],
    present: Callable[[str, Caption], Iterator[str]],
    output: Path | None,
) -> int:
    """Writes captions as they come and tells of pictures that cannot be read; returns how many those are."""
    failed = unfinished = 0
    with open_output(output) as write:
        for name, each in zip(names, captions, strict=True):
            if isinstance(each, SeqtasksError):
                failed += 1
                print(f"seqtasks: {each}", file=sys.stderr)
                continue
            unfinished += not each.finished
            for line in present(name, each):
                write(line)
            if output is None:
                sys.stdout.flush()
    if unfinished:
        print(f"seqtasks: captions that were cut at the length limit: {unfinished:,}", file=sys.stderr)
    return failed


def as_text(name: str, caption: Caption) -> Iterator[str]:
    yield f"{name}\t{caption.text}"


def as_list(name: str, caption: Caption) -> Iterator[str]:
    for each in (caption, *caption.alternatives):
        yield f"{name}\t{each.normalised:.4f}\t{each.text}"


def as_object(name: str, caption: Caption) -> Iterator[str]:
    from seqtasks.tasks.output import fields

    alternatives = [fields(each) for each in caption.alternatives]
    yield json.dumps({"picture": name, **fields(caption), "alternatives": alternatives}, ensure_ascii=False)
