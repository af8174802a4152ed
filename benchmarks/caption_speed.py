"""Pictures a second of a loaded model, from JPEG files to sentences: many at once, and one at a time.

    python benchmarks/caption_speed.py captions path/to/flickr8k/Images --beam 3

Prints one JSON object. Run it on a quiet machine: `processor_seconds` far below `seconds` times the number of threads
tells that something else took the processor.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

import seqtasks
from seqtasks.vision.images import find_images


def timed(work: Callable[[], Any], rounds: int, pictures: int) -> dict[str, float]:
    """The median of several rounds, after one that does not count."""
    work()
    seconds, processor = [], []
    for _ in range(rounds):
        started, used = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    return {
        "pictures_per_second": round(pictures / statistics.median(seconds), 1),
        "fastest": round(pictures / min(seconds), 1),
        "slowest": round(pictures / max(seconds), 1),
        "pictures": pictures,
        "seconds": round(statistics.median(seconds), 2),
        "processor_seconds": round(statistics.median(processor), 2),
    }


def main(
    model: str,
    pictures: Annotated[Path, typer.Argument(help="A folder of pictures.")],
    beam: int = 3,
    threads: Annotated[int, typer.Option(help="0 = one a core.")] = 0,
    many: Annotated[int, typer.Option(help="Pictures at once.")] = 512,
    single: Annotated[int, typer.Option(help="Pictures one at a time.")] = 64,
    rounds: Annotated[int, typer.Option(help="Measurements; the median is the result.")] = 5,
) -> None:
    """Time a captioning model on the first pictures of a folder."""
    files = list(islice(find_images([pictures]), many))
    predictor = seqtasks.load(model, threads=threads)

    def one_at_a_time() -> None:
        for file in files[:single]:
            predictor.caption([file], beam=beam)

    result = {
        "many": timed(lambda: predictor.caption(files, beam=beam), rounds, len(files)),
        "one_at_a_time": timed(one_at_a_time, rounds, min(single, len(files))),
        "threads": torch.get_num_threads(),
        "dtype": str(predictor.dtype).removeprefix("torch."),
        "decoding": predictor.decoding(beam=beam).signature(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    typer.run(main)
