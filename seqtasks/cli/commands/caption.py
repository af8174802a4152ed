"""`seqtasks caption`: images and videos in, captions out."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seqtasks.cli.commands.caption_video import FORM_OPTIONS, VideoOptions, caption_video, check_video_options, is_video
from seqtasks.cli.options import HypothesisOptions, Json, Output, Runtime, ensemble_option
from seqtasks.cli.output import (
    CUT,
    REPETITIVE,
    as_cell,
    ensure_distinct_paths,
    format_outputs,
    open_output,
    warn,
    warn_count,
)
from seqtasks.cli.suffixes import Form, ensure_form, ensure_suffix
from seqtasks.errors import SeqtasksError
from seqtasks.image.formats import pillow_format
from seqtasks.version import __version__

if TYPE_CHECKING:
    from PIL.Image import Image

    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.visualization import CaptionReport

DEFAULT_CAPTIONER: Final = "captions"
DEFAULT_VIDEO_CAPTIONER: Final = "clips"
STANDARD_INPUT = "-"


class StandardInput:
    """An image that can be read only once, and what was read of it."""

    name = "<stdin>"

    def __init__(self) -> None:
        self.content = bytearray()

    def read(self, size: int, /) -> bytes:
        """Reads up to `size` bytes and keeps them in `content`."""
        piece = sys.stdin.buffer.read(size)
        self.content += piece
        return piece


def caption(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Images, videos, folders or glob patterns; - is standard input."),
    ],
    *,
    model: Annotated[
        list[str] | None, ensemble_option(f"{DEFAULT_CAPTIONER}; for videos {DEFAULT_VIDEO_CAPTIONER}")
    ] = None,
    as_json: Json = False,
    attention: Annotated[
        Path | None,
        typer.Option("--plot-attention", metavar="FILE.png", help="Plot the attention over the image, word by word."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--html-report", metavar="FILE.html", help="Write an HTML page with images, captions and attention."
        ),
    ] = None,
    video_options: VideoOptions,
    decoding: HypothesisOptions,
    output: Output = None,
    runtime: Runtime,
) -> None:
    """Generate captions for images and videos.

    Prints a line for each image: its path, a tab and the caption; for videos a line for each span of equal captions.
    Unreadable files are reported, one per line, and the exit code is then 1. Folders are searched recursively; with an
    option for videos, a folder of numbered images is read as the frames of one video.

    \b
    Examples:
      seqtasks caption photo.jpg --plot-attention attention.png
      seqtasks caption photos/ "more/*.png" --html-report captions.html
      seqtasks caption --model my-captioner photos/ --json
      seqtasks caption video.mp4 --frame-interval 500ms --output-format srt > video.srt
      seqtasks caption video.mp4 --scene-detection --contact-sheet sheet.png --output-video captioned.mp4
    """
    options = decoding.options()
    warnings.filterwarnings("ignore", module="PIL")
    video_options = replace(video_options, form=video_options.form or ("jsonl" if as_json else "text"))
    names = found_at(paths, video_options)
    videos = [name for name in names if name != STANDARD_INPUT and is_video(name, video_options)]
    ensure_distinct_paths(
        {
            "--output": output, "--plot-attention": attention, "--html-report": report,
            "--output-video": video_options.render, "--contact-sheet": video_options.sheet,
        },
        names,
    )  # fmt: skip
    form: Form = (video_options.form or "text") if videos else "jsonl" if as_json else "text"
    ensure_form(output, form, FORM_OPTIONS if videos else {"jsonl": "--json"})
    ensure_suffix("--html-report", report, ".html", ".htm")
    check_video_options(videos, [name for name in names if name not in videos], video_options)
    if attention is not None:
        pillow_format(attention)
        if len(names) > 1:
            raise SeqtasksError(
                f"--plot-attention takes one image, but {len(names):,} were given.",
                "Give one, or use --html-report, which shows the attention over each.",
            )
    if videos and (decoding.nbest or attention or report):
        raise SeqtasksError("--nbest, --plot-attention and --html-report are for images.", f"Remove {videos[0]}.")
    shared: CaptioningPipeline | None = runtime.open(model, "captioning").pipeline if model else None
    pipelines: dict[bool, CaptioningPipeline] = {
        video: shared or runtime.open([DEFAULT_VIDEO_CAPTIONER if video else DEFAULT_CAPTIONER], "captioning").pipeline
        for video in {name in videos for name in names}
    }
    decodings = {video: pipeline.decoding(**options) for video, pipeline in pipelines.items()}
    if report is not None and not decodings[False].sample:
        options.setdefault("nbest", decodings[False].beam_size)

    failed = 0
    page: CaptionReport | None = None
    with ExitStack() as stack:
        if report is not None:
            from seqtasks.visualization.caption_report import STORED_SIDE, open_caption_report

            origin = (*(model or [DEFAULT_CAPTIONER]), decodings[False].signature(), f"seqtasks {__version__}")
            page = stack.enter_context(open_caption_report(report, pipelines[False].images, origin))
        write = stack.enter_context(open_output(output))
        for video, group in groupby(names, videos.__contains__):
            if video:
                failed += sum(
                    not caption_video(name, pipelines[video], video_options, options, write) for name in group
                )
                continue
            images = [(name, StandardInput() if name == STANDARD_INPUT else name) for name in group]
            with_attention = bool(attention or report)
            captions = pipelines[video].iter_captions([each for _, each in images], attention=with_attention, **options)
            unfinished = repetitive = 0
            for (name, image), found in zip(images, captions, strict=True):
                if isinstance(found, SeqtasksError):
                    failed += 1
                    warn(found)
                    if page is not None:
                        page.add_unreadable(found)
                    continue
                if page is not None:
                    page.add(name, reopen(image, STORED_SIDE), found)
                if attention is not None:
                    from seqtasks.visualization.caption_attention import PANEL, plot_caption_attention

                    plot_caption_attention(found, reopen(image, PANEL), attention, pipelines[video].images)
                unfinished += not found.finished
                repetitive += found.repetitive
                # the page may show more alternatives than are written
                found = replace(found, alternatives=found.alternatives[: decodings[video].nbest - 1])
                if found.blank:
                    warn(f"{name}: the image is blank (all black, white or gray): its caption is a guess.")
                inputs, text, of = (
                    {"image": name, "blank": found.blank},
                    f"{as_cell(name)}\t{found.text}",
                    name if decoding.nbest else None,
                )
                write(format_outputs(found, inputs, text, as_json=as_json, nbest_of=of))
            warn_count(f"captions {CUT}", unfinished)
            warn_count(f"captions {REPETITIVE}", repetitive)
    if failed:
        raise typer.Exit(1)


def found_at(paths: Sequence[str], options: VideoOptions) -> list[str]:
    """The names of the images and videos that the paths stand for, in their order."""
    from seqtasks.image.folders import ENDINGS, find_images
    from seqtasks.video.pyav_reader import ENDINGS as VIDEO_ENDINGS

    names: list[str] = []
    for path in paths:
        if path == STANDARD_INPUT or is_video(path, options):
            names.append(path)
        else:
            names += map(str, find_images([path], endings=ENDINGS | VIDEO_ENDINGS))
    return names


def reopen(image: str | StandardInput, at_least: int) -> Image:
    """The image again, for display: its shorter side has this many pixels, if the file has them."""
    from seqtasks.image.loading import open_image

    return open_image(bytes(image.content) if isinstance(image, StandardInput) else image, at_least=at_least)
