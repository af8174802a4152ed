"""Videos in `seqtasks caption`: timed captions, written as they are found."""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from seqtasks.cli.output import Write, as_cell, warn
from seqtasks.cli.ray_job import failed_result
from seqtasks.cli.suffixes import Form, ensure_suffix
from seqtasks.errors import SeqtasksError, require_package
from seqtasks.image.formats import pillow_format
from seqtasks.plurals import counted
from seqtasks.storage.presence import is_dir

if TYPE_CHECKING:
    from seqtasks.inference.bulk import Batch
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.storage.batch_results import BatchResult
    from seqtasks.video.caption_spans import CaptionSpan
    from seqtasks.video.reader import FrameSampler

Format = Literal["text", "srt", "vtt", "jsonl"]

FORM_OPTIONS: dict[Form, str] = {
    "text": "--output-format text", "jsonl": "--json", "srt": "--output-format srt", "vtt": "--output-format vtt",
}  # fmt: skip

DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ms|s|min)?")
UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, None: 1.0}


@dataclass(frozen=True)
class VideoOptions:
    """Options for videos; None or False for what was not given."""

    every: Annotated[
        str | None,
        typer.Option(
            "--frame-interval", metavar="TIME", help="Videos: time between frames: 2s, 500ms, ...", show_default="1s"
        ),
    ] = None
    every_frame: Annotated[
        int | None, typer.Option("--frame-step", min=1, metavar="N", help="Videos: caption every N-th frame.")
    ] = None
    scenes: Annotated[bool, typer.Option("--scene-detection", help="Videos: caption a frame at each scene change.")] = (
        False
    )
    form: Annotated[
        Format | None,
        typer.Option("--output-format", help="Videos: format of the timed captions.", show_default="text"),
    ] = None
    render: Annotated[
        Path | None,
        typer.Option(
            "--output-video", metavar="FILE.mp4", help="Write a copy of the video with its captions drawn into it."
        ),
    ] = None
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--contact-sheet",
            metavar="FILE.png",
            help="Write an image of the captioned frames with their times and captions.",
        ),
    ] = None

    @property
    def any(self) -> bool:
        """Whether an option was given that applies only to videos."""
        chosen = self.every or self.every_frame or self.scenes or self.render or self.sheet
        return bool(chosen) or self.form not in (None, "text", "jsonl")

    def choice(self) -> FrameSampler:
        """Which frames are captioned: one per second by default."""
        from seqtasks.video.reader import IntervalSampler, StrideSampler
        from seqtasks.video.scene_detection import SceneChangeSampler

        if sum(map(bool, (self.every, self.every_frame, self.scenes))) > 1:
            raise SeqtasksError(
                "--frame-interval, --frame-step and --scene-detection are mutually exclusive.", "Choose one of them."
            )
        if self.scenes:
            return SceneChangeSampler()
        return StrideSampler(self.every_frame) if self.every_frame else IntervalSampler(seconds_in(self.every or "1s"))


def seconds_in(duration: str) -> float:
    """The seconds of "2s", "500ms", "1min" or "0.5"."""
    found = DURATION.fullmatch(duration.strip().lower())
    if found is None:
        raise SeqtasksError(f"--frame-interval {duration}: not a duration.", "Use a form such as 2s, 500ms or 1min.")
    return float(found[1]) * UNITS[found[2]]


def is_video(name: str, options: VideoOptions) -> bool:
    """A folder is a video of numbered frames where it is asked for as one; else it holds images and videos."""
    from seqtasks.video import reader as video

    return options.any if os.path.isdir(name) else video.is_video(name)


def check_video_options(videos: list[str], images: list[str], options: VideoOptions) -> None:
    """Raises SeqtasksError for options that do not fit the inputs, before any work is done."""
    if options.any and not videos:
        raise SeqtasksError(
            "--frame-interval, --frame-step, --scene-detection, --output-video, --contact-sheet, srt and vtt are for "
            "videos, but none was given.",
            "Give a video, an animated image or a folder of numbered frames.",
        )
    for option, path in (("--output-video", options.render), ("--contact-sheet", options.sheet)):
        if path is None:
            continue
        if len(videos) > 1:
            raise SeqtasksError(f"{option} takes one video, but {len(videos):,} were given.", "Give one.")
        if not is_dir(path.resolve().parent):
            raise SeqtasksError(f"{option} {path}: there is no such folder.", "Create it, or choose another file.")
    ensure_suffix("--output-video", options.render, ".mp4", ".m4v")
    if options.sheet is not None:
        pillow_format(options.sheet)
    if options.render is not None:
        require_package("av", "--output-video needs PyAV.", "video")
    if options.form in ("srt", "vtt") and (len(videos) > 1 or images):
        raise SeqtasksError(
            f"--output-format {options.form} takes one video.", "Give one, or choose --output-format jsonl."
        )
    if videos:
        options.choice()


@dataclass(frozen=True)
class CaptionVideoLines:
    """What becomes of a video on a cluster."""

    decoding: dict[str, Any]
    options: VideoOptions

    def __call__(self, pipeline: CaptioningPipeline, batch: Batch[str]) -> BatchResult:
        """The result of a batch of one video."""
        from seqtasks.storage.batch_results import BatchResult

        [name] = batch.items
        lines: list[str] = []
        with redirect_stderr(io.StringIO()) as told:
            whole = caption_video(name, pipeline, self.options, self.decoding, lines.extend)
        messages = [line.removeprefix("seqtasks: ") for line in told.getvalue().splitlines()]
        return BatchResult(lines, messages=messages, failed=int(not whole))

    def failed(self, batch: Batch[str], reason: str) -> BatchResult:
        """Nothing, as of videos that cannot be read."""
        return failed_result(batch, reason, lambda _: None, "video")


def caption_video(
    name: str, pipeline: CaptioningPipeline, options: VideoOptions, decoding: dict[str, Any], write: Write
) -> bool:
    """Writes the captions of one video as they are found and reports what cannot be read; returns whether all could."""
    from seqtasks.video.caption_spans import FrameCaption, merge_captions, timed
    from seqtasks.video.reader import StrideSampler, open_video
    from seqtasks.video.source import VideoError
    from seqtasks.visualization import ContactSheet, write_captioned_video

    try:
        video = open_video(name)
    except VideoError as error:
        warn(error)
        return False
    if video.remark is not None:
        warn(f"{name}: {video.remark}.")
    sheet = ContactSheet()
    spans: list[CaptionSpan] = []
    described: Counter[str] = Counter()

    def captions() -> Iterator[FrameCaption]:
        for frame, caption in pipeline.caption_frames(video.frames(options.choice()), **decoding):
            if options.sheet is not None:
                sheet.add(frame, caption.text)
            described["blank" if caption.blank else "seen"] += 1
            yield timed(frame, caption.text, caption.log_probabilities, blank=caption.blank)

    def found() -> Iterator[CaptionSpan]:
        for span in merge_captions(captions(), lambda: video.end):
            spans.append(span)
            yield span

    for line in formatted(name, found(), options.form):
        write([line])
    if described["blank"]:
        are = "is" if described["blank"] == 1 else "are"
        warn(
            f"{name}: {described['blank']:,} of {counted(described.total(), 'frames')} {are} blank (all black, white "
            "or gray): their captions are guesses, which subtitles leave out."
        )
    damage = video.damage
    if damage is not None:
        warn(f"{name}: {damage}; the frames that could be read are captioned.")
    if options.sheet is not None:
        sheet.save(options.sheet)
    if options.render is not None:
        write_captioned_video(video.frames(StrideSampler(1)), spans, options.render)
    return damage is None


def formatted(name: str, spans: Iterable[CaptionSpan], form: Format | None) -> Iterator[str]:
    """Timed captions as lines of subtitles, JSON or a table; a table by default."""
    from seqtasks.video.subtitles import to_jsonl, to_srt, to_table, to_vtt

    if form in ("srt", "vtt"):
        return to_srt(spans) if form == "srt" else to_vtt(spans)
    return to_jsonl(spans, name) if form == "jsonl" else to_table(spans, as_cell(name))
