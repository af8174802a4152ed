"""Captions a second from JPEG files to text, beside a loop over pictures as tutorials write it.

    python -m benchmarks.caption_baseline path/to/flickr8k --references path/to/flickr8k/Flickr8k.token.txt

Both sides take turns with the same model, threads, width of the beam and files, and prepare pictures alike; opening the
files is part of it, loading the model is not. The loop (`plain_caption_loop.py`) runs with the weights in our
precision and in float32, and the faster of the two is the peer. With references the pictures are those of the test
split, and the captions of both sides are scored; `same` counts the pictures of which both say the same.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

import seqtasks
from benchmarks.comparison import SEQTASKS, record, spread, turns
from benchmarks.plain_caption_loop import describe
from benchmarks.timing import Rounds, Threads, conditions
from seqtasks.data.captions.captioned_images import (
    CaptionedImage,
    CaptionReadReport,
    CaptionSource,
    read_captioned_images,
)
from seqtasks.decoding import LengthLimit, LengthPenalty
from seqtasks.image.folders import find_images
from seqtasks.inference.captioning import CaptioningPipeline
from seqtasks.metrics.captioning import caption_scores

QUALITY = {"cider-d": "CIDEr-D", "bleu-4": "BLEU-4"}


def plain_loop(predictor: CaptioningPipeline, files: list[Path], beam: int) -> list[str]:
    """What the loop says of each picture."""
    decoding = predictor.decoding(beam_size=beam)
    limit = LengthLimit.parse(decoding.max_length)(0)
    penalty = LengthPenalty.parse(decoding.length_penalty)
    found = []
    for file in files:
        tokens = describe(predictor.models[0], predictor.pixels(file), beam=beam, limit=limit, penalty=penalty)
        found.append(predictor.processor.decode(tokens))
    return found


def read_pictures(folder: Path, references: Path | None, count: int) -> tuple[list[Any], list[CaptionedImage]]:
    """The first pictures of a folder, or of the test split that references come with."""
    if references is None:
        return list(islice(find_images([folder]), count)), []
    source = CaptionSource(images=folder, captions=references, split="test")
    described = read_captioned_images(source, CaptionReadReport())[:count]
    return [each.image for each in described], described


def quality(said: list[str], described: list[CaptionedImage]) -> dict[str, float]:
    """The scores of captions; none without references."""
    if not described:
        return {}
    scores = caption_scores(said, [each.captions for each in described], with_meteor=False)
    return {QUALITY[score.metric]: round(score.value, 2) for score in scores if score.metric in QUALITY}


def main(
    folder: Annotated[Path, typer.Argument(help="Where the pictures are.")],
    model: str = "captions",
    beam: int = 3,
    images: Annotated[int, typer.Option(help="How many pictures.")] = 128,
    references: Annotated[Path | None, typer.Option(help="A file of captions, with a list of a test split.")] = None,
    threads: Threads = 0,
    rounds: Rounds = 5,
) -> None:
    """Compare both on the first pictures of a folder."""
    files, described = read_pictures(folder, references, images)
    ours = seqtasks.load(model, task="captioning", threads=threads)
    said: dict[str, list[str]] = {}
    loops = {
        conditions(each)["dtype"]: each
        for each in (ours, seqtasks.load(model, task="captioning", dtype="float32", threads=threads))
    }

    def loop(name: str) -> Callable[[], None]:
        return lambda: said.update({name: plain_loop(loops[name], files, beam)})

    def all_at_once() -> None:
        said[SEQTASKS] = [caption.text for caption in ours.caption(files, beam_size=beam)]

    seconds = turns({SEQTASKS: all_at_once, **{name: loop(name) for name in loops}}, rounds)
    fastest = min(loops, key=lambda name: statistics.median(seconds[name]))
    speeds = {name: [len(files) / each for each in seconds[name]] for name in seconds}

    def side(name: str, title: str) -> dict[str, Any]:
        speed = spread(speeds[name], 2)
        return {"name": title, "value": speed["median"], "spread": speed, **quality(said[name], described)}

    record(
        "captions",
        measure=f"captions, JPEG files to text, beam {beam}",
        unit="captions/s",
        seqtasks=side(SEQTASKS, f"seqtasks, {conditions(ours)['dtype']}"),
        peer=side(fastest, f"plain loop, {fastest}"),
        ratio=statistics.median(speeds[SEQTASKS]) / statistics.median(speeds[fastest]),
        at_least=5.0,
        packages=("torchvision", "pillow"),
        setup={
            "model": model,
            "pictures": len(files),
            "same captions": sum(one == other for one, other in zip(said[SEQTASKS], said[fastest], strict=True)),
            "decoding": ours.decoding(beam_size=beam).signature(),
            "threads": torch.get_num_threads(),
            "rounds": rounds,
            **{f"plain loop in {name}": f"{statistics.median(speeds[name]):.2f} captions/s" for name in loops},
        },
    )


if __name__ == "__main__":
    typer.run(main)
