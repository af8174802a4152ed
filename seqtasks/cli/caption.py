"""`seqtasks caption`: pictures in, sentences out."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seqtasks.cli.caption_clips import ClipOptions, Format, describe_clip, is_clip, require_clips
from seqtasks.cli.caption_looks import Look, StandardInput, attention_look, report_look, require_one
from seqtasks.cli.options import (
    Beam,
    Chosen,
    Code,
    Device,
    Dtype,
    Output,
    Precision,
    Threads,
    decoding_options,
    open_pipeline,
)
from seqtasks.cli.output import Write, open_output, require_apart
from seqtasks.errors import SeqtasksError
from seqtasks.version import __version__
from seqtasks.vision.formats import pillow_format

if TYPE_CHECKING:
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.inference.outputs import Caption

DEFAULT_CAPTIONER: Final = "captions"
DEFAULT_CLIP_CAPTIONER: Final = "clips"
STANDARD_INPUT = "-"


def caption(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Pictures, folders of them, patterns; - is standard input.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME_OR_DIR",
            help="Again for an ensemble.",
            show_default=f"{DEFAULT_CAPTIONER}; for clips {DEFAULT_CLIP_CAPTIONER}",
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
    every: Annotated[
        str | None, typer.Option(metavar="TIME", help="Clips: a frame every 2s, 500ms, ...", show_default="1s")
    ] = None,
    every_frame: Annotated[int | None, typer.Option(min=1, metavar="N", help="Clips: every N-th frame.")] = None,
    scenes: Annotated[bool, typer.Option("--scenes", help="Clips: a frame wherever the scene changes.")] = False,
    form: Annotated[
        Format | None, typer.Option("--format", help="Clips: how spans are written.", show_default="text")
    ] = None,
    render: Annotated[
        Path | None, typer.Option(metavar="FILE.mp4", help="The one clip once more, with its captions.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="The frames of the one clip, times and captions below.")
    ] = None,
    output: Output = None,
    chosen: Chosen = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Say what pictures and clips show: a line for each picture, its path, a tab, the caption; for clips one a span.

    Files that cannot be read are told, a line each, the others are described; the exit code is then 1. A folder is
    looked through; with an option for clips, numbered pictures in it are the frames of one.

    \b
    Examples:
      seqtasks caption photo.jpg --attention look.png
      seqtasks caption photos/ "more/*.png" --report captions.html
      seqtasks caption --model my-captioner photos/ --json
      seqtasks caption clip.mp4 --every 500ms --format srt > clip.srt
      seqtasks caption clip.mp4 --scenes --sheet sheet.png --render captioned.mp4
    """
    options = decoding_options(chosen, beam=beam, nbest=nbest, sample=sample or None)
    warnings.filterwarnings("ignore", module="PIL")
    clip_options = ClipOptions(every, every_frame, scenes, form or ("jsonl" if as_json else "text"), render, sheet)
    names = found_at(paths, clip_options)
    clips = [name for name in names if name != STANDARD_INPUT and is_clip(name, clip_options)]
    outputs = {"--output": output, "--attention": attention, "--report": report, "--render": render, "--sheet": sheet}
    require_apart(outputs, names)
    require_clips(clips, [name for name in names if name not in clips], clip_options)
    if attention is not None:
        pillow_format(attention)
        require_one(names)
    if clips and (nbest or attention or report):
        raise SeqtasksError("--nbest, --attention and --report are for pictures.", f"Leave out {clips[0]}.")
    models = {
        clip: model or [DEFAULT_CLIP_CAPTIONER if clip else DEFAULT_CAPTIONER]
        for clip in {name in clips for name in names} or {False}
    }
    opened: dict[tuple[str, ...], CaptioningPipeline] = {
        members: open_pipeline(members, "captioning", code=code, device=device, dtype=dtype, threads=threads)
        for members in set(map(tuple, models.values()))
    }
    predictors = {clip: opened[tuple(members)] for clip, members in models.items()}
    decodings = {clip: predictor.decoding(**options) for clip, predictor in predictors.items()}
    if report is not None and not decodings[False].sample:
        options.setdefault("nbest", decodings[False].beam)
    present = as_object if as_json else as_list if nbest else as_text
    looks: list[Look] = []
    with ExitStack() as stack:
        if attention is not None:
            looks.append(attention_look(attention, predictors[False].images))
        if report is not None:
            from seqtasks.visualization import open_caption_report

            origin = (*models[False], decodings[False].signature(), f"seqtasks {__version__}")
            page = open_caption_report(report, predictors[False].images, origin)
            looks.append(report_look(stack.enter_context(page)))
        write = stack.enter_context(open_output(output))
        failed = 0
        for clip, group in groupby(names, clips.__contains__):
            if clip:
                for name in group:
                    failed += not describe_clip(name, predictors[clip], clip_options, options, write)
                continue
            pictures = [(name, StandardInput() if name == STANDARD_INPUT else name) for name in group]
            captions = predictors[clip].iter_captions([each for _, each in pictures], attention=bool(looks), **options)
            failed += describe(captions, pictures, present, decodings[clip].nbest, write, looks)
    if failed:
        raise typer.Exit(1)


def found_at(paths: Sequence[str], options: ClipOptions) -> list[str]:
    """The names of the pictures and clips that are meant, in the order of the paths."""
    from seqtasks.vision.film import ENDINGS as FILM_ENDINGS
    from seqtasks.vision.images import ENDINGS, find_images

    names: list[str] = []
    for path in paths:
        if path == STANDARD_INPUT or is_clip(path, options):
            names.append(path)
        else:
            names += map(str, find_images([path], endings=ENDINGS | FILM_ENDINGS))
    return names


def describe(
    captions: Iterator[Caption | SeqtasksError],
    pictures: Sequence[tuple[str, str | StandardInput]],
    present: Callable[[str, Caption], Iterator[str]],
    nbest: int,
    write: Write,
    looks: Sequence[Look],
) -> int:
    """Writes captions as they come and tells of pictures that cannot be read; returns how many those are.

    Captions may have more alternatives than the `nbest` to write: `looks` show all of them.
    """
    failed = unfinished = 0
    for (name, picture), each in zip(pictures, captions, strict=True):
        for look in looks:
            look(name, picture, each)
        if isinstance(each, SeqtasksError):
            failed += 1
            print(f"seqtasks: {each}", file=sys.stderr)
            continue
        unfinished += not each.finished
        for line in present(name, replace(each, alternatives=each.alternatives[: nbest - 1])):
            write(line)
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
    from seqtasks.inference.outputs import json_fields

    alternatives = [json_fields(each) for each in caption.alternatives]
    yield json.dumps({"picture": name, **json_fields(caption), "alternatives": alternatives}, ensure_ascii=False)
