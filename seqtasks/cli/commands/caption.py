"""`seqtasks caption`: images and videos in, captions out."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seqtasks.cli.commands.caption_video import (
    FORM_OPTIONS,
    CaptionVideoLines,
    VideoOptions,
    caption_video,
    check_video_options,
    is_video,
)
from seqtasks.cli.options import HypothesisOptions, Json, Output, Runtime, Stop, ensemble_option
from seqtasks.cli.output import (
    CUT,
    REPETITIVE,
    as_cell,
    ensure_distinct_paths,
    format_outputs,
    open_output,
    to_json,
    warn,
    warn_count,
)
from seqtasks.cli.ray_job import RayOptions, batches_of, failed_result, show_report
from seqtasks.cli.suffixes import Form, ensure_form, ensure_suffix
from seqtasks.cli.term_options import WordOptions
from seqtasks.errors import SeqtasksError
from seqtasks.image.formats import pillow_format
from seqtasks.storage.urls import url_of
from seqtasks.version import __version__

if TYPE_CHECKING:
    from PIL.Image import Image

    from seqtasks.image.loading import ImageError
    from seqtasks.inference.bulk import Batch
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.inference.outputs import Caption
    from seqtasks.storage.batch_results import BatchResult
    from seqtasks.visualization import CaptionReport

DEFAULT_CAPTIONER: Final = "captions"
DEFAULT_VIDEO_CAPTIONER: Final = "clips"
STANDARD_INPUT = "-"
RAY_BATCH = 128
"""Images that a process of a cluster captions at a time: twice as many as go through the network together."""


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


@dataclass(frozen=True)
class CaptionLines:
    """What becomes of images, wherever they are captioned."""

    options: dict[str, Any]
    """Those of decoding."""
    as_json: bool
    nbest: int | None
    """How many outputs an image has in the n-best list, if one is asked for."""
    words: WordOptions
    stop: str

    def options_for(self, count: int) -> dict[str, Any]:
        """The options of `CaptioningPipeline.iter_captions` for so many images."""
        return self.options | self.words.options(count) | {"stop": self.stop}

    def result(self, name: str, found: Caption | ImageError) -> BatchResult:
        """What is written and told of an image."""
        from seqtasks.storage.batch_results import BatchResult

        if isinstance(found, SeqtasksError):
            return BatchResult(messages=[str(found)], failed=1)
        counts = {f"captions {CUT}": int(not found.finished), f"captions {REPETITIVE}": int(found.repetitive)}
        guess = f"{name}: the image is blank (all black, white or gray): its caption is a guess."
        inputs, text = {"image": name, "blank": found.blank}, f"{as_cell(name)}\t{found.text}"
        lines = format_outputs(found, inputs, text, as_json=self.as_json, nbest_of=name if self.nbest else None)
        return BatchResult([*lines], Counter(counts), [guess] if found.blank else [])

    def __call__(self, pipeline: CaptioningPipeline, batch: Batch[str]) -> BatchResult:
        """The result of a batch of names."""
        from seqtasks.inference.bulk import Batch, caption_batch
        from seqtasks.storage.batch_results import BatchResult

        found = caption_batch(pipeline, Batch(batch.first, [*batch.items]), self.options_for(len(batch.items)))
        return BatchResult.joined(map(self.result, batch.items, found))

    def failed(self, batch: Batch[str], reason: str) -> BatchResult:
        """Nothing, as of images that cannot be read; objects with the reason in JSON."""
        return failed_result(
            batch, reason, lambda name: to_json({"image": name, "error": reason}) if self.as_json else None, "image"
        )


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
    words: WordOptions,
    stop: Stop = "",
    output: Output = None,
    ray: RayOptions,
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
    others = {"--plot-attention": attention, "--html-report": report}
    ray.check(output, names, {**others, "--output-video": video_options.render, "--contact-sheet": video_options.sheet})
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
    shared: CaptioningPipeline | None = ray.here(runtime).open(model, "captioning").pipeline if model else None
    pipelines: dict[bool, CaptioningPipeline] = {
        video: shared
        or ray.here(runtime).open([DEFAULT_VIDEO_CAPTIONER if video else DEFAULT_CAPTIONER], "captioning").pipeline
        for video in {name in videos for name in names}
    }
    images_lines = CaptionLines(options, as_json, decoding.nbest, words, stop)
    of_videos = options | words.options() | {"stop": stop}
    decodings = {video: pipeline.decoding(**options) for video, pipeline in pipelines.items()}
    if report is not None and not decodings[False].sample:
        options.setdefault("nbest", decodings[False].beam_size)

    if ray.address is not None and output is not None:
        if len(pipelines) > 1:
            raise SeqtasksError("--ray takes images or videos, not both at once.", "Give them one after the other.")
        [(video, pipeline)] = pipelines.items()
        process = CaptionVideoLines(of_videos, video_options) if video else images_lines
        names_of_models = model or [DEFAULT_VIDEO_CAPTIONER if video else DEFAULT_CAPTIONER]
        total = ray.run(
            process, batches_of(names, 1 if video else RAY_BATCH), output, models=names_of_models, task="captioning",
            runtime=runtime, pipeline=pipeline, content=content_of,
        )  # fmt: skip
        show_report(total)
        if total.failed:
            raise typer.Exit(1)
        return

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
                    not caption_video(name, pipelines[video], video_options, of_videos, write) for name in group
                )
                continue
            images = [(name, StandardInput() if name == STANDARD_INPUT else name) for name in group]
            with_attention = bool(attention or report)
            captions = pipelines[video].iter_captions(
                [each for _, each in images], attention=with_attention, **images_lines.options_for(len(images))
            )
            counts: Counter[str] = Counter()
            for (name, image), found in zip(images, captions, strict=True):
                if isinstance(found, SeqtasksError):
                    if page is not None:
                        page.add_unreadable(found)
                else:
                    if page is not None:
                        page.add(name, reopen(image, STORED_SIDE), found)
                    if attention is not None:
                        from seqtasks.visualization.caption_attention import PANEL, plot_caption_attention

                        plot_caption_attention(found, reopen(image, PANEL), attention, pipelines[video].images)
                    # the page may show more alternatives than are written
                    found = replace(found, alternatives=found.alternatives[: decodings[video].nbest - 1])
                result = images_lines.result(name, found)
                write(result.lines)
                failed += result.failed
                counts.update(result.counts)
                for message in result.messages:
                    warn(message)
            for what, count in counts.items():
                warn_count(what, count)
    if failed:
        raise typer.Exit(1)


def found_at(paths: Sequence[str], options: VideoOptions) -> list[str]:
    """The names of the images and videos that the paths stand for, in their order."""
    from seqtasks.image.folders import ENDINGS, find_images, images_at
    from seqtasks.video.pyav_reader import ENDINGS as VIDEO_ENDINGS

    names: list[str] = []
    for path in paths:
        if path == STANDARD_INPUT or is_video(path, options):
            names.append(path)
        elif (url := url_of(path)) is not None:
            names += images_at(url)
        else:
            names += map(str, find_images([path], endings=ENDINGS | VIDEO_ENDINGS))
    return names


def content_of(name: str) -> object:
    """What an image or a video holds, as far as a job on a cluster looks: when it was written, and how long it is."""
    from seqtasks.storage.urls import version_of

    try:
        return name, version_of(name)
    except SeqtasksError:  # whoever reads it says so
        return name


def reopen(image: str | StandardInput, at_least: int) -> Image:
    """The image again, for display: its shorter side has this many pixels, if the file has them."""
    from seqtasks.image.loading import open_image

    return open_image(bytes(image.content) if isinstance(image, StandardInput) else image, at_least=at_least)
