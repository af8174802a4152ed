"""Videos on the command line of `seqtasks caption`: spans of time with their captions, as they come."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from seqtasks.cli.output import Write, as_cell, warn
from seqtasks.cli.suffixes import Form, ensure_suffix
from seqtasks.errors import SeqtasksError, require_package
from seqtasks.image.formats import pillow_format
from seqtasks.storage.presence import is_dir

if TYPE_CHECKING:
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.video.caption_spans import CaptionSpan
    from seqtasks.video.reader import FrameSampler

Format = Literal["text", "srt", "vtt", "jsonl"]

FORM_OPTIONS: dict[Form, str] = {
    "text": "--output-format text", "jsonl": "--json", "srt": "--output-format srt", "vtt": "--output-format vtt",
}  # fmt: skip

DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ms|s|min)?")
UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, None: 1.0}


@dataclass(frozen=True)
class ClipOptions:
    """Options for videos; None or False for what was not given."""

    every: Annotated[
        str | None,
        typer.Option(
            "--frame-interval", metavar="TIME", help="Videos: time between frames: 2s, 500ms, ...", show_default="1s"
        ),
    ] = None
    every_frame: Annotated[
        int | None, typer.Option("--frame-step", min=1, metavar="N", help="Videos: every N-th frame.")
    ] = None
    scenes: Annotated[bool, typer.Option("--scene-detection", help="Videos: a frame at each scene change.")] = False
    form: Annotated[
        Format | None, typer.Option("--output-format", help="Videos: format of the spans.", show_default="text")
    ] = None
    render: Annotated[
        Path | None, typer.Option("--output-video", metavar="FILE.mp4", help="Write the video with its captions.")
    ] = None
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--contact-sheet", metavar="FILE.png", help="Write the frames of the video with times and captions."
        ),
    ] = None

    @property
    def any(self) -> bool:
        """Whether an option was given that is for videos alone."""
        chosen = self.every or self.every_frame or self.scenes or self.render or self.sheet
        return bool(chosen) or self.form not in (None, "text", "jsonl")

    def choice(self) -> FrameSampler:
        """Which frames are described: one a second, if nothing else is asked for."""
        from seqtasks.video.reader import IntervalSampler, StrideSampler
        from seqtasks.video.scene_detection import SceneChangeSampler

        if sum(map(bool, (self.every, self.every_frame, self.scenes))) > 1:
            raise SeqtasksError(
                "--frame-interval, --frame-step and --scene-detection exclude each other.", "Choose one of them."
            )
        if self.scenes:
            return SceneChangeSampler()
        return StrideSampler(self.every_frame) if self.every_frame else IntervalSampler(seconds_in(self.every or "1s"))


def seconds_in(duration: str) -> float:
    """The seconds of "2s", "500ms", "1min" or "0.5"."""
    found = DURATION.fullmatch(duration.strip().lower())
    if found is None:
        raise SeqtasksError(f"--frame-interval {duration}: this is no length of time.", "Write 2s, 500ms or 1min.")
    return float(found[1]) * UNITS[found[2]]


def is_clip(name: str, options: ClipOptions) -> bool:
    """A folder is a video of numbered frames where it is asked for as one; else it holds images and videos."""
    from seqtasks.video import reader as video

    return options.any if os.path.isdir(name) else video.is_video(name)


def require_clips(clips: list[str], pictures: list[str], options: ClipOptions) -> None:
    """Raises SeqtasksError for options that do not suit what is to be described, before any work."""
    if options.any and not clips:
        raise SeqtasksError(
            "--frame-interval, --frame-step, --scene-detection, --output-video, --contact-sheet, srt and vtt are for "
            "videos, and there is none.",
            "Name a video, an animated image or a folder of numbered frames.",
        )
    for option, path in (("--output-video", options.render), ("--contact-sheet", options.sheet)):
        if path is None:
            continue
        if len(clips) > 1:
            raise SeqtasksError(f"{option} is for one video, and there are {len(clips):,}.", "Name one.")
        if not is_dir(path.resolve().parent):
            raise SeqtasksError(f"{option} {path}: there is no such folder.", "Make it, or name another file.")
    ensure_suffix("--output-video", options.render, ".mp4", ".m4v")
    if options.sheet is not None:
        pillow_format(options.sheet)
    if options.render is not None:
        require_package("av", "--output-video needs PyAV.", "video")
    if options.form in ("srt", "vtt") and (len(clips) > 1 or pictures):
        raise SeqtasksError(
            f"--output-format {options.form} is for one video.", "Name one, or choose --output-format jsonl."
        )
    if clips:
        options.choice()


def describe_clip(
    name: str, pipeline: CaptioningPipeline, options: ClipOptions, decoding: dict[str, Any], write: Write
) -> bool:
    """Writes the spans of one video as they come and reports what cannot be read; returns whether all could be read."""
    from seqtasks.video.caption_spans import FrameCaption, merge_captions, timed
    from seqtasks.video.reader import StrideSampler, open_video
    from seqtasks.video.source import VideoError
    from seqtasks.visualization import ContactSheet, write_captioned_video

    try:
        clip = open_video(name)
    except VideoError as error:
        warn(error)
        return False
    if clip.remark is not None:
        warn(f"{name}: {clip.remark}.")
    sheet = ContactSheet()
    spans: list[CaptionSpan] = []
    described: Counter[str] = Counter()

    def captions() -> Iterator[FrameCaption]:
        for frame, caption in pipeline.caption_frames(clip.frames(options.choice()), **decoding):
            if options.sheet is not None:
                sheet.add(frame, caption.text)
            described["blank" if caption.blank else "seen"] += 1
            yield timed(frame, caption.text, caption.log_probabilities, blank=caption.blank)

    def found() -> Iterator[CaptionSpan]:
        for span in merge_captions(captions(), lambda: clip.end):
            spans.append(span)
            yield span

    for line in formatted(name, found(), options.form):
        write([line])
    if described["blank"]:
        warn(
            f"{name}: {described['blank']:,} of {described.total():,} frames are all black, white or gray, with "
            "nothing to see: their captions are guesses, which subtitles leave out."
        )
    damage = clip.damage
    if damage is not None:
        warn(f"{name}: {damage}; what could be read is described.")
    if options.sheet is not None:
        sheet.save(options.sheet)
    if options.render is not None:
        write_captioned_video(clip.frames(StrideSampler(1)), spans, options.render)
    return damage is None


def formatted(name: str, spans: Iterable[CaptionSpan], form: Format | None) -> Iterator[str]:
    """Spans of captions as lines of subtitles, JSON or a table; the table where no form is asked for."""
    from seqtasks.video.subtitles import to_jsonl, to_srt, to_table, to_vtt

    if form in ("srt", "vtt"):
        return to_srt(spans) if form == "srt" else to_vtt(spans)
    return to_jsonl(spans, name) if form == "jsonl" else to_table(spans, as_cell(name))
