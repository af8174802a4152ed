"""Clips on the command line of `seqtasks caption`: spans of time with what is seen in them, as they come."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from seqtasks.cli.output import Write
from seqtasks.cli.subtitles import FORMATS
from seqtasks.errors import SeqtasksError
from seqtasks.vision.formats import pillow_format

if TYPE_CHECKING:
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.vision.contact_sheet import ContactSheet
    from seqtasks.vision.timeline import Span, Timed
    from seqtasks.vision.video import Choice, Clip

Format = Literal["text", "srt", "vtt", "jsonl"]

DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ms|s|min)?")
UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, None: 1.0}


@dataclass(frozen=True)
class ClipOptions:
    """What was asked for about clips; None or False for what was not, and usual lines."""

    every: str | None
    every_frame: int | None
    scenes: bool
    form: Format
    render: Path | None
    sheet: Path | None

    @property
    def any(self) -> bool:
        """Whether something was asked for that suits clips alone."""
        chosen = self.every or self.every_frame or self.scenes or self.render or self.sheet
        return bool(chosen) or self.form not in ("text", "jsonl")

    def choice(self) -> Choice:
        """Which frames are described: one a second, if nothing else is asked for."""
        from seqtasks.vision.video import EveryFrame, EverySeconds, Scenes

        if sum(map(bool, (self.every, self.every_frame, self.scenes))) > 1:
            raise SeqtasksError("--every, --every-frame and --scenes exclude each other.", "Take one of them.")
        if self.scenes:
            return Scenes()
        return EveryFrame(self.every_frame) if self.every_frame else EverySeconds(seconds_in(self.every or "1s"))


def seconds_in(duration: str) -> float:
    """ "2s", "500ms", "1min", "0.5" in seconds."""
    found = DURATION.fullmatch(duration.strip().lower())
    if found is None:
        raise SeqtasksError(f"--every {duration}: this is no length of time.", "Write 2s, 500ms or 1min.")
    return float(found[1]) * UNITS[found[2]]


def is_clip(name: str, options: ClipOptions) -> bool:
    """A folder is a clip of numbered frames where it is asked for as one; else it holds pictures and clips."""
    from seqtasks.vision import video

    return options.any if os.path.isdir(name) else video.is_clip(name)


def require_clips(clips: list[str], pictures: list[str], options: ClipOptions) -> None:
    """Raises SeqtasksError for options that do not suit what is to be described, before any work."""
    if options.any and not clips:
        raise SeqtasksError(
            "--every, --every-frame, --scenes, --render, --sheet, srt and vtt are for clips, and there is none.",
            "Name a video, an animated picture or a folder of numbered frames.",
        )
    for option, path in (("--render", options.render), ("--sheet", options.sheet)):
        if path is None:
            continue
        if len(clips) > 1:
            raise SeqtasksError(f"{option} shows one clip, and there are {len(clips):,}.", "Name one.")
        if not path.resolve().parent.is_dir():
            raise SeqtasksError(f"{option} {path}: there is no such folder.", "Make it, or name another file.")
    if options.sheet is not None:
        pillow_format(options.sheet)
    if options.render is not None and find_spec("av") is None:
        raise SeqtasksError("--render needs PyAV.", "Install it: pip install 'seqtasks[video]'")
    if options.form in ("srt", "vtt") and (len(clips) > 1 or pictures):
        raise SeqtasksError(f"--format {options.form} is for one clip.", "Name one, or take --format jsonl.")
    if clips:
        options.choice()


def describe_clip(
    name: str, predictor: CaptioningPipeline, options: ClipOptions, decoding: dict[str, Any], write: Write
) -> bool:
    """Writes the spans of one clip as they come; what cannot be read is told. Returns whether all could be read."""
    from seqtasks.vision.timeline import merged
    from seqtasks.vision.video import ClipError, open_clip

    try:
        clip = open_clip(name)
    except ClipError as error:
        print(f"seqtasks: {error}", file=sys.stderr)
        return False
    sheet = empty_sheet(options.sheet)
    captions = timed(clip, predictor, options.choice(), decoding, sheet)
    spans: list[Span] = []
    for line in FORMATS[options.form](name, kept(merged(captions, lambda: clip.end), spans)):
        write(line)
        sys.stdout.flush()
    damage = clip.damage
    if damage is not None:
        print(f"seqtasks: {name}: {damage}; what could be read is described.", file=sys.stderr)
    if sheet is not None and options.sheet is not None:
        written(options.sheet, sheet.save)
    if options.render is not None:
        written(options.render, lambda path: rendered(clip, spans, path))
    return damage is None


def timed(
    clip: Clip,
    predictor: CaptioningPipeline,
    choice: Choice,
    decoding: dict[str, Any],
    sheet: ContactSheet | None,
) -> Iterator[Timed]:
    """The caption of each frame with its time; the frames go on the sheet."""
    from seqtasks.vision.timeline import Timed, confidence_in

    for frame, caption in predictor.caption_frames(clip.frames(choice), **decoding):
        if sheet is not None:
            sheet.add(frame, caption.text)
        yield Timed(frame.seconds, frame.until, caption.text, confidence_in(caption.log_probabilities))


def kept(spans: Iterator[Span], into: list[Span]) -> Iterator[Span]:
    for span in spans:
        into.append(span)
        yield span


def empty_sheet(path: Path | None) -> ContactSheet | None:
    if path is None:
        return None
    from seqtasks.vision.contact_sheet import ContactSheet

    return ContactSheet()


def rendered(clip: Clip, spans: list[Span], path: Path) -> None:
    """The whole clip, frame by frame, with the captions that were found."""
    from seqtasks.vision.rendering import render
    from seqtasks.vision.video import EveryFrame

    render(clip.frames(EveryFrame(1)), spans, path)


def written(path: Path, write_file: Callable[[Path], None]) -> None:
    """Raises SeqtasksError where the file cannot be written."""
    try:
        write_file(path)
    except OSError as error:
        raise SeqtasksError(f"{path} cannot be written: {error.strerror}.", "Nothing was left there.") from error
