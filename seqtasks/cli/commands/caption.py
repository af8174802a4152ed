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
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seqtasks.cli.commands.caption_output import Look, StandardInput, attention_look, report_look, require_one
from seqtasks.cli.commands.caption_video import ClipOptions, Format, describe_clip, is_clip, require_clips
from seqtasks.cli.options import (
    Code,
    Device,
    Dtype,
    Output,
    Precision,
    Threads,
    decoding_options,
    open_pipeline,
    takes_decoding,
)
from seqtasks.cli.output import Write, open_output, require_apart
from seqtasks.errors import SeqtasksError
from seqtasks.image.formats import pillow_format
from seqtasks.version import __version__

if TYPE_CHECKING:
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.inference.outputs import Caption

DEFAULT_CAPTIONER: Final = "captions"
DEFAULT_CLIP_CAPTIONER: Final = "clips"
STANDARD_INPUT = "-"


@takes_decoding()
def caption(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Images, videos, folders, patterns; - is standard input.")
    ],
    *,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME_OR_DIR",
            help="Model name or directory; repeat the option for an ensemble.",
            show_default=f"{DEFAULT_CAPTIONER}; for clips {DEFAULT_CLIP_CAPTIONER}",
        ),
    ] = None,
    nbest: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="N-best list for each image: its path, normalized score and text, separated by tabs.",
        ),
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Sample captions instead of searching.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write a JSON object per line, with scores and tokens.")
    ] = False,
    attention: Annotated[
        Path | None,
        typer.Option("--plot-attention", metavar="FILE.png", help="Plot the attention over the image, word by word."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--html-report", metavar="FILE.html", help="Write a page with images, captions and attention."),
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(
            "--frame-interval", metavar="TIME", help="Videos: time between frames: 2s, 500ms, ...", show_default="1s"
        ),
    ] = None,
    every_frame: Annotated[
        int | None, typer.Option("--frame-step", min=1, metavar="N", help="Videos: every N-th frame.")
    ] = None,
    scenes: Annotated[bool, typer.Option("--scene-detection", help="Videos: a frame at each scene change.")] = False,
    form: Annotated[
        Format | None, typer.Option("--output-format", help="Videos: format of the spans.", show_default="text")
    ] = None,
    render: Annotated[
        Path | None, typer.Option("--output-video", metavar="FILE.mp4", help="Write the video with its captions.")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--contact-sheet", metavar="FILE.png", help="Write the frames of the video with times and captions."
        ),
    ] = None,
    decoding: dict[str, Any],
    output: Output = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Generate captions for images and videos.

    Writes a line for each image: its path, a tab, the caption; for videos a line for each span of equal captions.
    Unreadable files are reported, one per line, and the exit code is then 1. Folders are searched recursively; with an
    option for videos, the numbered images of a folder are the frames of one.

    \b
    Examples:
      seqtasks caption photo.jpg --plot-attention attention.png
      seqtasks caption photos/ "more/*.png" --html-report captions.html
      seqtasks caption --model my-captioner photos/ --json
      seqtasks caption clip.mp4 --frame-interval 500ms --output-format srt > clip.srt
      seqtasks caption clip.mp4 --scene-detection --contact-sheet sheet.png --output-video captioned.mp4
    """
    options = decoding_options(None, nbest=nbest, sample=sample or None) | decoding
    warnings.filterwarnings("ignore", module="PIL")
    clip_options = ClipOptions(every, every_frame, scenes, form or ("jsonl" if as_json else "text"), render, sheet)
    names = found_at(paths, clip_options)
    clips = [name for name in names if name != STANDARD_INPUT and is_clip(name, clip_options)]
    outputs = {
        "--output": output, "--plot-attention": attention, "--html-report": report, "--output-video": render,
        "--contact-sheet": sheet,
    }  # fmt: skip
    require_apart(outputs, names)
    require_clips(clips, [name for name in names if name not in clips], clip_options)
    if attention is not None:
        pillow_format(attention)
        require_one(names)
    if clips and (nbest or attention or report):
        raise SeqtasksError("--nbest, --plot-attention and --html-report are for images.", f"Leave out {clips[0]}.")
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
        options.setdefault("nbest", decodings[False].beam_size)
    present = format_json if as_json else format_nbest if nbest else format_text
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
    from seqtasks.image.loading import ENDINGS, find_images
    from seqtasks.video.pyav_reader import ENDINGS as FILM_ENDINGS

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


def format_text(name: str, caption: Caption) -> Iterator[str]:
    yield f"{name}\t{caption.text}"


def format_nbest(name: str, caption: Caption) -> Iterator[str]:
    for each in (caption, *caption.alternatives):
        yield f"{name}\t{each.normalized_score:.4f}\t{each.text}"


def format_json(name: str, caption: Caption) -> Iterator[str]:
    from seqtasks.inference.outputs import json_fields

    alternatives = [json_fields(each) for each in caption.alternatives]
    yield json.dumps({"picture": name, **json_fields(caption), "alternatives": alternatives}, ensure_ascii=False)
