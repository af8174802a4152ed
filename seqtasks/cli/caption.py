"""`seqtasks caption`: pictures in, sentences out."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import seqtasks
from seqtasks.cli.caption_attention import require_picture_format
from seqtasks.cli.caption_looks import Look, StandardInput, attention_look, report_look, require_one
from seqtasks.cli.caption_report import open_report
from seqtasks.cli.options import Beam, Chosen, Code, Device, Dtype, Precision, Threads, decoding_options, open_predictor
from seqtasks.cli.output import open_output
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.predictor import CaptioningPredictor
    from seqtasks.tasks.captioner import Caption

DEFAULT_CAPTIONER = "captions"
STANDARD_INPUT = "-"


def caption(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Pictures, folders of them, patterns; - is standard input.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", "-m", metavar="NAME_OR_DIR", help="Again for an ensemble.", show_default=DEFAULT_CAPTIONER
        ),
    ] = None,
    beam: Beam = None,
    nbest: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Captions for each picture: its path, normalised score and text, with tabs."
        ),
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Draw captions at random.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line, with scores and tokens.")] = False,
    attention: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw where the model looked in the one picture.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Show pictures, captions and attention on one page.")
    ] = None,
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
      seqtasks caption photo.jpg --attention look.png
      seqtasks caption photos/ "more/*.png" --report captions.html
      seqtasks caption --model my-captioner photos/ --json
    """
    options = decoding_options(chosen, beam=beam, nbest=nbest, sample=sample or None)
    warnings.filterwarnings("ignore", module="PIL")
    from seqtasks.vision.images import find_images

    names = [str(name) for path in paths for name in ([path] if path == STANDARD_INPUT else find_images([path]))]
    pictures = [StandardInput() if name == STANDARD_INPUT else name for name in names]
    if attention is not None:
        require_picture_format(attention)
        require_one(names)
    models = model or [DEFAULT_CAPTIONER]
    predictor: CaptioningPredictor = open_predictor(
        models, "captioning", code=code, device=device, dtype=dtype, threads=threads
    )
    decoding = predictor.decoding(**options)
    if report is not None and not decoding.sample:
        options.setdefault("nbest", decoding.beam)
    present = as_object if as_json else as_list if nbest else as_text
    settings = predictor.captioner.images
    looks: list[Look] = []
    with ExitStack() as stack:
        if attention is not None:
            looks.append(attention_look(attention, settings))
        if report is not None:
            origin = (*models, decoding.signature(), f"seqtasks {seqtasks.__version__}")
            looks.append(report_look(stack.enter_context(open_report(report, settings, origin))))
        captions = predictor.captions(pictures, attention=bool(looks), **options)
        failed = describe(captions, names, pictures, present, decoding.nbest, output, looks)
    if failed:
        raise typer.Exit(1)


def describe(
    captions: Iterator[Caption | SeqtasksError],
    names: Sequence[str],
    pictures: Sequence[str | StandardInput],
    present: Callable[[str, Caption], Iterator[str]],
    nbest: int,
    output: Path | None,
    looks: Sequence[Look],
) -> int:
    """Writes captions as they come and tells of pictures that cannot be read; returns how many those are.

    Captions may have more alternatives than the `nbest` to write: `looks` show all of them.
    """
    failed = unfinished = 0
    with open_output(output) as write:
        for name, picture, each in zip(names, pictures, captions, strict=True):
            for look in looks:
                look(name, picture, each)
            if isinstance(each, SeqtasksError):
                failed += 1
                print(f"seqtasks: {each}", file=sys.stderr)
                continue
            unfinished += not each.finished
            for line in present(name, replace(each, alternatives=each.alternatives[: nbest - 1])):
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
