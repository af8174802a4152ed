"""Pictures a second of a loaded model, from JPEG files to sentences: many at once, and one at a time.

    python benchmarks/caption_speed.py captions path/to/flickr8k/Images --beam 3

Prints one JSON object. Run it on a quiet machine: `processor_seconds` far below `seconds` times the number of threads
tells that something else took the processor.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from timing import Rounds, Threads, conditions, timed

import seqtasks
from seqtasks.vision.images import find_images


def main(
    model: str,
    pictures: Annotated[Path, typer.Argument(help="A folder of pictures.")],
    beam: int = 3,
    threads: Threads = 0,
    many: Annotated[int, typer.Option(help="Pictures at once.")] = 512,
    single: Annotated[int, typer.Option(help="Pictures one at a time.")] = 64,
    rounds: Rounds = 5,
) -> None:
    """Time a captioning model on the first pictures of a folder."""
    files = list(islice(find_images([pictures]), many))
    predictor = seqtasks.load(model, threads=threads)

    def one_at_a_time() -> None:
        for file in files[:single]:
            predictor.caption([file], beam=beam)

    result = {
        "many": timed(lambda: predictor.caption(files, beam=beam), rounds, "pictures", len(files)),
        "one_at_a_time": timed(one_at_a_time, rounds, "pictures", min(single, len(files))),
        **conditions(predictor),
        "decoding": predictor.decoding(beam=beam).signature(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    typer.run(main)
