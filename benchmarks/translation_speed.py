"""Sentences a second of a loaded model, by worker processes of one thread each.

    python benchmarks/translation_speed.py benchmarks/models/multi30k-en-de test_2016_flickr.en --beam 5

Prints one JSON object. Run it on a quiet machine: `processor_seconds` far below `seconds` times `workers` tells that
something else took the processor.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from timing import Rounds

import seqtasks
from seqtasks.hardware import prepare


def main(
    model: str,
    source: Annotated[Path, typer.Argument(help="Sentences, a line each.")],
    beam: int = 5,
    workers: int = 2,
    copies: Annotated[int, typer.Option(help="How often the sentences stand in the input.")] = 3,
    rounds: Rounds = 5,
    penalty: str | None = None,
    max_length: str | None = None,
) -> None:
    """Time a model on the sentences of a file."""
    sentences = source.read_text(encoding="utf-8").splitlines() * copies
    options = {"beam": beam, "penalty": penalty, "max_length": max_length}
    predictor = seqtasks.load(model, threads=1)
    context = multiprocessing.get_context("fork")
    together = context.Barrier(workers + 1)
    times = context.Queue()

    def work(share: list[str]) -> None:
        prepare(threads=1)
        predictor.translate(share[:100], **options)
        for _ in range(rounds):
            together.wait()
            started = time.process_time()
            predictor.translate(share, **options)
            times.put(time.process_time() - started)
            together.wait()

    processes = [context.Process(target=work, args=(sentences[number::workers],)) for number in range(workers)]
    for process in processes:
        process.start()
    seconds, processor = [], []
    for _ in range(rounds):
        together.wait()
        started = time.perf_counter()
        together.wait()
        seconds.append(time.perf_counter() - started)
        processor.append(sum(times.get() for _ in processes))
    for process in processes:
        process.join()
    result: dict[str, Any] = {
        "sentences_per_second": round(len(sentences) / statistics.median(seconds), 1),
        "fastest": round(len(sentences) / min(seconds), 1),
        "slowest": round(len(sentences) / max(seconds), 1),
        "sentences": len(sentences),
        "seconds": round(statistics.median(seconds), 2),
        "processor_seconds": round(statistics.median(processor), 2),
        "workers": workers,
        "dtype": str(predictor.dtype).removeprefix("torch."),
        "decoding": predictor.decoding(**options).signature(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    typer.run(main)
