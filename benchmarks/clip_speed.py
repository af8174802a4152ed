"""Frames of a clip described in a second, all at once and as a live stream; the model is loaded, opening counts.

    python benchmarks/clip_speed.py captions assets/clip.mp4 --beam 3

Prints one JSON object. Run it on a quiet machine: `processor_seconds` far below `seconds` times the number of threads
tells that something else took the processor.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from timing import Rounds, Threads, conditions, timed

import seqtasks
from seqtasks.vision.video import EveryFrame, open_clip


def main(
    model: str,
    clip: Annotated[Path, typer.Argument(help="A video, an animated picture or a folder of numbered frames.")],
    beam: int = 3,
    every_frame: Annotated[int, typer.Option(help="One frame of so many is described.")] = 1,
    threads: Threads = 0,
    rounds: Rounds = 5,
) -> None:
    """Time a captioner on the frames of a clip: in batches, and each described before the next is read."""
    predictor = seqtasks.load(model, threads=threads)
    choice = EveryFrame(every_frame)
    frames = sum(1 for _ in open_clip(clip).frames(choice))

    def describe(together: int | None) -> None:
        for _ in predictor.frames(open_clip(clip).frames(choice), beam=beam, together=together):
            pass

    result = {
        "batches": timed(lambda: describe(None), rounds, "frames", frames),
        "live": timed(lambda: describe(1), rounds, "frames", frames),
        **conditions(predictor),
        "decoding": predictor.decoding(beam=beam).signature(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    typer.run(main)
