"""The included video: the included photographs, filmed by a camera that moves and does not always see well.

    python recipes/make_demo_video.py assets/images --output assets/clip.mp4

Each photograph is shown for two seconds and cut hard to the next. The first half of a second is clear, so that there is
something to remember; later each has its spell of bad sight.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image, ImageOps

from runner import run
from seqtasks.data.videos.synthetic import between, blurs, darkens, hides
from seqtasks.data.videos.writer import write_video
from seqtasks.image.loading import open_image
from seqtasks.video.corruptions import Box, FrameCorruption, corrupt

SIZE = (320, 240)
RATE = 10.0
FRAMES = 20
"""A photograph."""
SPELL = slice(7, 17)
"""The frames of a shot in which the camera sees badly."""
SEED = 4
SHOTS: tuple[tuple[str, Box, Box], ...] = (
    ("dog.jpg", (0.0, 0.0, 1.0, 1.0), (0.1, 0.1, 0.9, 0.9)),
    ("boxer.jpg", (0.0, 0.1, 0.9, 1.0), (0.1, 0.1, 1.0, 1.0)),
    ("fishing.jpg", (0.1, 0.1, 0.9, 0.9), (0.0, 0.0, 1.0, 1.0)),
    ("river.jpg", (0.0, 0.1, 0.9, 1.0), (0.1, 0.1, 1.0, 1.0)),
)
"""Photographs, and the parts of them with which their shots begin and end."""
SPELLS = (blurs, darkens, hides, blurs)
"""One a shot. None of noise, which makes a file large."""


def frames(photographs: Path) -> Iterator[Image.Image]:
    """The images of the video."""
    random = np.random.default_rng(SEED)
    for (name, first, last), spell in zip(SHOTS, SPELLS, strict=True):
        width, height = SIZE
        still = ImageOps.fit(open_image(photographs / name), (2 * width, 2 * height))
        moments = np.linspace(0, 1, FRAMES).tolist()
        changes = [FrameCorruption(crop=between(first, last, moment)) for moment in moments]
        changes[SPELL] = spell(changes[SPELL], 1.0, random)
        for change in changes:
            yield corrupt(still, change).resize(SIZE)


def main(
    photographs: Annotated[Path, typer.Argument(help="The folder of the photographs that ship.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The video.")] = Path("clip.mp4"),
) -> None:
    """Make the included video out of the included photographs."""
    write_video(output, frames(photographs), RATE)


if __name__ == "__main__":
    run(main)
